"""A fix on another release line: a three-way merge in which version, hashes and build number are the line's own."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from dirac_forge.feedstock.change import Edit
from dirac_forge.git import GitError
from dirac_forge.programs import plain_environment, run
from dirac_forge.proposals.outcome_reasons import FixConflict, NoRecipeOnBranch
from dirac_forge.pullrequest.feedstock_files import recipe_in
from dirac_forge.recipe.editing.build_number import raised_build_number
from dirac_forge.recipe.reading.recipe_text import RecipeError
from dirac_forge.values import dataclass

_CARRIED = ("recipe/", "conda-forge.yml")
_OWN = re.compile(
    r"""^\s*(?:-\s+)?(?:
        \{%-?\s*set\s+(?P<set>\w*(?:version|sha256|md5|build|number|hash)\w*)\s*=
      | (?P<key>version|sha\d+|md5|number|build_number|build|git_rev|git_tag|rev|tag)\s*:\s*\S
    )""",
    re.VERBOSE | re.IGNORECASE,
)
"""Lines that differ between release lines: version, hashes, build number."""
_MERGED, _CONFLICTS = 0, 127


@dataclass(frozen=True, kw_only=True, slots=True)
class FilePair:
    """A file before the fix and with it, or None if it is not there."""

    before: str | None
    after: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Conflict:
    """Files in which the fix does not fit, and why."""

    paths: tuple[str, ...]
    reason: FixConflict | NoRecipeOnBranch | str
    """Text is the message of an error."""


def cherry_picked(fix: Mapping[str, FilePair], ours: Mapping[str, str]) -> tuple[Edit, ...] | Conflict:
    """Return the edits that carry a fix to a branch with the files `ours`, or () if it has it already.

    Only recipe and conda-forge.yml are carried: what conda-smithy makes of them comes from a rerender. Where the recipe
    is changed its build number is raised, so that something is built. Raises GitError if git can't merge.
    """
    edits: list[Edit] = []
    stuck: list[str] = []
    for path, pair in sorted(fix.items()):
        if not path.startswith(_CARRIED) or pair.before == pair.after:
            continue
        result = _file(pair, ours.get(path))
        if isinstance(result, Conflict):
            stuck.append(path)
        elif result != ours.get(path):
            edits.append(Edit(path=path, before=ours.get(path), after=result))
    if stuck:
        return Conflict(paths=tuple(stuck), reason=FixConflict(paths=tuple(stuck)))
    return _numbered(edits, ours)


def _file(pair: FilePair, ours: str | None) -> str | Conflict | None:
    conflict = Conflict(paths=(), reason="")
    if pair.before is None or ours is None:
        # New in the fix, or not there on the branch.
        if ours in {pair.after, pair.before}:
            return pair.after
        return conflict
    if pair.after is None:
        return None if _same(ours, pair.before) else conflict
    base, theirs = _adjusted(pair.before, pair.after, ours)
    merged = _merged(ours, base, theirs)
    return conflict if merged is None else merged


def _same(ours: str, base: str) -> bool:
    return _adjusted(base, base, ours)[0] == ours


def _adjusted(base: str, theirs: str, ours: str) -> tuple[str, str]:
    """Return both sides of the fix with the branch's own version, hashes and build number, so these can't conflict."""
    mine, before = _own_lines(ours), _own_lines(base)
    found = []
    for text in (base, theirs):
        places = _own_lines(text)
        lines = text.splitlines(keepends=True)
        for key, numbers in places.items():
            wanted = mine.get(key, [])
            # Where the fix adds or takes away such a line, that is the fix.
            if len(wanted) == len(numbers) == len(before.get(key, [])):
                own = ours.splitlines(keepends=True)
                for number, other in zip(numbers, wanted, strict=True):
                    lines[number] = own[other]
        found.append("".join(lines))
    return found[0], found[1]


def _own_lines(text: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, line in enumerate(text.splitlines()):
        match = _OWN.match(line)
        if match is not None:
            found.setdefault(match["set"] or match["key"].lower(), []).append(number)
    return found


def _merged(ours: str, base: str, theirs: str) -> str | None:
    """Return the merge of three texts by git, or None if they are in conflict."""
    with tempfile.TemporaryDirectory(prefix="dirac-forge-") as folder:
        names = []
        for name, text in (("ours", ours), ("base", base), ("theirs", theirs)):
            path = Path(folder) / name
            path.write_bytes(text.encode())
            names.append(str(path))
        try:
            done = run(("git", "merge-file", "--stdout", "--quiet", *names), timeout=60, environment=_environment())
        except FileNotFoundError as exc:
            raise GitError("git is not installed", hint="Install it: https://git-scm.com") from exc
    if done.code == _MERGED:
        return done.output.decode()
    if 0 < done.code <= _CONFLICTS:
        return None
    raise GitError(f"git merge-file: {done.errors.decode(errors='replace').strip() or f'exit code {done.code}'}")


def _environment() -> dict[str, str]:
    return {**plain_environment(), "LC_ALL": "C"}


def _numbered(edits: list[Edit], ours: Mapping[str, str]) -> tuple[Edit, ...] | Conflict:
    """Return the edits with the branch's build number raised, where anything in `recipe/` changes."""
    by_path = {edit.path: edit for edit in edits}
    if not any(path.startswith("recipe/") for path in by_path):
        return tuple(edits)
    path = recipe_in(ours) or ""
    text = by_path[path].after if path in by_path else ours.get(path)
    if text is None:
        return Conflict(paths=(path,), reason=NoRecipeOnBranch())
    try:
        raised = raised_build_number(text, path=path, by=1)
    except RecipeError as exc:
        return Conflict(paths=(path,), reason=exc.message)
    by_path[path] = Edit(path=path, before=ours[path], after=raised)
    return tuple(by_path[each] for each in sorted(by_path))
