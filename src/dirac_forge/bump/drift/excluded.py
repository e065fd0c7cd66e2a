"""Pythons that upstream excludes (`!=3.11.*`, `==3.12.*`) and a recipe admits: carried over, or reported."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from packaging.version import Version

from dirac_forge.bump.drift.clauses import Clause, clauses_of
from dirac_forge.bump.drift.draft import DriftDraft
from dirac_forge.bump.drift.drift_notes import DriftNoteKind
from dirac_forge.bump.drift.lines import OutputLines, RequirementLine
from dirac_forge.bump.drift.needs import floor_of
from dirac_forge.errors import ForgeError
from dirac_forge.recipe.reading.parsing import parse_recipe
from dirac_forge.recipe.scope import Scope
from dirac_forge.untrusted import parse_specifiers


def exclusions(output: OutputLines, requires_python: str | None, scope: Scope) -> dict[int, tuple[Clause, ...]]:
    """Return line numbers and the clauses to add there, for Pythons that upstream's `!=` and `==` exclude.

    Only a noarch output says so in its requirements; others have to skip the builds.
    """
    if output.output.noarch != "python":
        return {}
    shut = _shut(requires_python, scope)
    asked = clauses_of(requires_python or "") or ()
    lines = [line for line in _pythons(output.lines) if line.section != "build" and not line.conditional]
    found = {line.number: tuple(_added(line.spec, shut, asked)) for line in lines}
    return {number: clauses for number, clauses in found.items() if clauses}


def lifted(clauses: Sequence[Clause], old: str | None, new: str | None) -> tuple[Clause, ...]:
    """Return a line's clauses without the `!=` that upstream had and has no more."""
    before, after = ({c.text for c in clauses_of(spec or "") or () if c.side == "not"} for spec in (old, new))
    return tuple(c for c in clauses if c.side != "not" or c.text not in before - after)


def tell_admitted(draft: DriftDraft, output: OutputLines, requires_python: str | None, scope: Scope) -> None:
    """Report the Pythons that the edited lines admit and upstream excludes; to be called last."""
    if draft.leaves_ceiling:
        return
    noarch = output.output.noarch is not None
    admitted = _admitted(draft, list(_pythons(output.lines)), _shut(requires_python, scope))
    left = [python for python in admitted if noarch or not _is_skipped(draft, output, python)]
    if left:
        kind: DriftNoteKind = "python-admitted-noarch" if noarch else "python-admitted"
        draft.note("warning", kind, output.output.name, pythons=left, requires=str(requires_python))


def _admitted(draft: DriftDraft, lines: Sequence[RequirementLine], pythons: Iterable[str]) -> list[str]:
    """Return the Pythons that the edited lines admit; none if there is no line."""
    bounds = [draft.spec(line) for line in lines if not line.conditional]
    return [python for python in pythons if lines and all(_admits(spec, python) for spec in bounds)]


def _pythons(lines: Iterable[RequirementLine]) -> Iterable[RequirementLine]:
    return (line for line in lines if line.key == "python" and line.kind == "package")


def _shut(requires_python: str | None, scope: Scope) -> list[str]:
    """Return the Pythons that upstream excludes, from its own floor up: what is below is the floor's business."""
    asked, floor = parse_specifiers(requires_python or ""), floor_of(requires_python)
    if asked is None:
        return []
    kept = scope.supported(asked).pythons
    return [p for p in scope.pythons if p not in kept and (floor is None or _number(p) >= floor.release[:2])]


def _number(python: str) -> tuple[int, ...]:
    return Version(python).release


def _admits(spec: str, python: str) -> bool:
    """Whether a line admits the newest micro release of a Python; a spec that can't be read does."""
    asked = parse_specifiers(",".join(_pep440(clause) for clause in clauses_of(spec) or ()))
    return asked is None or asked.contains(f"{python}.99", prereleases=True)


def _pep440(clause: Clause) -> str:
    star = ".*" if clause.operator == "=" or (clause.side == "not" and clause.text.endswith("*")) else ""
    return f"{'==' if clause.operator == '=' else clause.operator}{clause.version}{star}"


def _added(spec: str, shut: Sequence[str], asked: Sequence[Clause]) -> Iterable[Clause]:
    """Yield the clauses that keep out what `spec` admits: `!=` as upstream has it, a bound behind an `==`."""
    mine = [python for python in shut if _admits(spec, python)]
    specs = [*_excluding(asked, mine), *(f"<{python}" for python in _above(asked, mine)[:1])]
    yield from (clause for each in specs for clause in clauses_of(each) or ())


def _excluding(asked: Iterable[Clause], pythons: Iterable[str]) -> list[str]:
    """Return `!=3.11.*` for the Pythons that upstream excludes so."""
    whole = {clause.version.release for clause in asked if clause.side == "not" and clause.text.endswith(".*")}
    return [f"!={python}.*" for python in pythons if _number(python) in whole]


def _above(asked: Iterable[Clause], pythons: Iterable[str]) -> list[str]:
    """Return the Pythons after the last one that an `==` names; none without such a clause."""
    last = max((clause.version.release[:2] for clause in asked if clause.side == "equal"), default=None)
    return [python for python in pythons if last is not None and _number(python) > last]


def _is_skipped(draft: DriftDraft, output: OutputLines, python: str) -> bool:
    """Whether the recipe skips the builds for a Python; one that can't be rendered does not."""
    path = "recipe.yaml" if draft.v1 else "meta.yaml"
    variant = {"python": f"{python}.* *_cpython", "is_freethreading": "false"}
    try:
        rendered = parse_recipe(draft.edits.text, path=path).render(platform="linux-64", variant=variant)
    except ForgeError:
        return False
    outputs = [one for one in rendered.packages if one.name == output.output.name]
    return bool(outputs) and all(one.skip is True for one in outputs)
