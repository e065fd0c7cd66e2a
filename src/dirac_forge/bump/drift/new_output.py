"""A project that joins a family: its output, written like that of a sibling in the same recipe."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from packaging.utils import canonicalize_name

from dirac_forge.bump.drift.carried import Carried, CarriedReason
from dirac_forge.bump.drift.draft import DriftDraft
from dirac_forge.bump.drift.lines import Block, OutputLines, extent, key_block
from dirac_forge.bump.drift.needs import UpstreamNeed, needs_of
from dirac_forge.bump.drift.projects import project_of
from dirac_forge.recipe.making.expansion import Providers
from dirac_forge.recipe.making.hosts import build_requirements
from dirac_forge.recipe.making.imports import imports_of
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.files.facts import ReleaseFacts
from dirac_forge.values import dataclass

_SHA = re.compile(r"(?P<lead>.*\bsha256:\s*[\"']?)(?P<hash>[0-9a-f]{64})(?P<tail>.*)")
_SUMMARY = re.compile(r"(?P<lead>\s*summary:\s*).*")
_KEY_LINE = re.compile(r"\s*(?:-\s+)?(?P<key>[\w-]+):\s*(?:#.*)?$")


@dataclass(frozen=True, kw_only=True, slots=True)
class JoiningFamily:
    """The projects of a recipe with several outputs, and those that join them."""

    packages: Mapping[str, str]
    """Project, normalised, to the name of its output."""
    new: Mapping[str, ReleaseFacts]
    """Facts of the projects that no output is made from yet."""
    pin: str = ""
    """How the outputs ask for each other (`==${{ version }}`), "" if they don't, or not alike."""

    def sibling(self, need: UpstreamNeed) -> bool:
        """Whether a requirement is another output of this recipe, or will be."""
        return any(canonicalize_name(project) in {*self.packages, *self.new} for project in need.projects)


def newcomers(old: Sequence[ReleaseFacts], new: Sequence[ReleaseFacts]) -> tuple[str, ...]:
    """Return projects that releases in `new` require and those in `old` did not, with the family's name in front.

    They are worth a look at the index: released at the same version they are new outputs of the recipe. Only recipes
    of several projects have families.
    """
    before, known = _projects(old), _projects([*old, *new])
    heads = {_head(name) for name in known}
    if len(before) < 2 or len(heads) > 1:
        return ()
    after = {name for facts in new for name in _required(facts, extras=False)}
    after = after.difference(known, *map(_required, old))
    return tuple(sorted(name for name in after if _head(name) in heads))


def _projects(facts: Iterable[ReleaseFacts]) -> set[str]:
    return {str(canonicalize_name(one.release.project)) for one in facts}


def _head(name: str) -> str:
    return name.partition("-")[0]


def _required(facts: ReleaseFacts, *, extras: bool = True) -> Iterator[str]:
    for requirement in facts.metadata.requires_dist:
        if extras or not requirement.for_extra:
            yield str(canonicalize_name(requirement.name))


def joining(
    outputs: Sequence[OutputLines],
    both: Mapping[str, ReleaseFacts],
    after: Mapping[str, ReleaseFacts],
    names: Callable[[str], str],
) -> JoiningFamily:
    """Return the family of a recipe; `after` has facts of all its projects, and of newcomers."""
    packages: dict[str, str] = {}
    for output in outputs:
        project = project_of(output, both, names)
        if project is not None:
            packages.setdefault(project, output.output.name)
    own = {canonicalize_name(output.output.name) for output in outputs}
    new = _new_in_family(both, after, own, names) if len(packages) > 1 else {}
    return JoiningFamily(packages=packages, new=new, pin=_common_pin(outputs, own))


def _new_in_family(
    both: Mapping[str, ReleaseFacts],
    after: Mapping[str, ReleaseFacts],
    own: Collection[str],
    names: Callable[[str], str],
) -> dict[str, ReleaseFacts]:
    """Return the projects that those of the recipe require now and that it has no output for."""
    required = {required for name in both.keys() & after.keys() for required in _required(after[name])}
    new = {name: after[name] for name in after if name in required.difference(both, own)}
    return {name: facts for name, facts in new.items() if canonicalize_name(names(facts.release.project)) not in own}


def _common_pin(outputs: Sequence[OutputLines], own: Collection[str]) -> str:
    """Return how the outputs ask for each other, "" if they don't, or not alike."""
    pins = set()
    for line in (line for output in outputs for line in output.of("run")):
        if line.key in own and line.kind == "package":
            text = line.raw.split(" #", maxsplit=1)[0].strip().rstrip("\"'")
            pins.add(text[text.index("==") :] if "==" in text and "version" in text else "")
    return pins.pop() if len(pins) == 1 else ""


def new_output(
    draft: DriftDraft,
    outputs: Sequence[OutputLines],
    family: JoiningFamily,
    project: str,
    *,
    both: Mapping[str, ReleaseFacts],
    after: Mapping[str, ReleaseFacts],
    names: Callable[[str], str],
    scope: Scope,
    providers: Providers,
) -> None:
    """Write the output of one newcomer behind the sibling that its name follows; tell where that can't be done."""
    facts = family.new[project]
    package = names(facts.release.project)
    packages = [output for output in outputs if output.output.is_package]
    model = _model(draft, packages, both, names)
    if model is None or facts.sdist is None:
        draft.note("todo", "newcomer", package=package)
        return
    output, first, last = model
    written = _Writing(draft.edits.lines[first - 1 : last])
    written.rename(project_of(output, both, names) or "", output.output.name, project, package, facts.sdist.sha256)
    noarch = output.output.noarch is not None
    run = needs_of(facts.metadata.requires_dist, scope, providers, noarch=noarch)
    host = needs_of(build_requirements(facts.sdist), scope, providers, noarch=noarch)
    written.requirements("run", {"python"}, _run_items(run, family, draft))
    tools = [host[key].package for key in sorted(host.keys() - {"python", "pip", "wheel"})]
    written.requirements("host", {"python", "pip"}, tools)
    written.entry_points([f"{p.name} = {p.value}" for p in (facts.wheel or facts.sdist).entry_points], v1=draft.v1)
    written.imports(imports_of(facts))
    written.summary(facts.metadata.summary)
    draft.edits.insert(_place(packages, package, output, draft), written.lines)
    draft.added.append(
        Carried(
            output=package,
            part="output",
            package=package,
            project=facts.release.project,
            after=f"output {package}, like {output.output.name}",
            evidence=_requiring(project, after),
            reason=CarriedReason(kind="new-project"),
        )
    )


def _run_items(needs: Mapping[str, UpstreamNeed], family: JoiningFamily, draft: DriftDraft) -> list[str]:
    items = []
    for key in sorted(needs.keys() - {"python"}):
        need = needs[key]
        if need.everywhere is not None:
            spec = family.pin if family.pin and family.sibling(need) else need.everywhere
            items.append(need.package + draft.edits.spaced(spec))
    return items


def _requiring(project: str, facts: Mapping[str, ReleaseFacts]) -> str:
    return ", ".join(
        f"{one.release.project} requires {requirement}"
        for one in facts.values()
        for requirement in one.metadata.requires_dist
        if canonicalize_name(requirement.name) == project
    )


_SPECIAL = re.compile(r"\{%|- if:|entry_points:")
"""What a new output can't take over from the one that it is written like."""


def _model(
    draft: DriftDraft, outputs: Sequence[OutputLines], both: Mapping[str, ReleaseFacts], names: Callable[[str], str]
) -> tuple[OutputLines, int, int] | None:
    """Return the output that a new one is written like: one of its own project, with plain tests, the simplest."""
    found = []
    for output in outputs:
        lines = extent(output.output, draft.edits.lines)
        project = project_of(output, both, names)
        if lines is None or project is None or not output.of("run") or not output.of("host"):
            continue
        body = "\n".join(draft.edits.lines[lines[0] - 1 : lines[1]])
        if "sha256:" not in body or _SPECIAL.search(body):
            continue
        simple = body.count("script:"), project == canonicalize_name(output.output.name.partition("-")[0]), len(body)
        found.append((simple, output.output.name, output, lines))
    if not found:
        return None
    _, _, output, (first, last) = min(found, key=lambda one: one[:2])
    return output, first, last


def _place(outputs: Sequence[OutputLines], package: str, model: OutputLines, draft: DriftDraft) -> int:
    """Return the line after which the new output goes: after the last sibling before it by name, else the model."""
    named = sorted((o.output.name, o) for o in outputs if o.output.name < package and "-" in o.output.name)
    after = named[-1][1] if named else model
    place = extent(after.output, draft.edits.lines)
    return place[1] if place else len(draft.edits.lines)


class _Writing:
    """The lines of an output that become those of another."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = [line.rstrip("\r") for line in lines]

    def rename(self, old: str, old_package: str, new: str, new_package: str, sha256: str) -> None:
        """Name, source URL and hash."""
        spellings = [(old.replace("-", mark), new.replace("-", mark)) for mark in ("-", "_")]
        own_url = False
        for index, line in enumerate(self.lines):
            if re.match(r"\s*(?:-\s+)?name:", line):
                self.lines[index] = _word(line, old_package, new_package)
            elif "url:" in line:
                own_url = any(re.search(rf"/{re.escape(was)}-[^/]*$", line.strip("\"' ")) for was, _ in spellings)
                if own_url:
                    for was, now in spellings:
                        line = _word(line, was, now)
                    self.lines[index] = re.sub(r"(/source/)\w/", rf"\g<1>{new[0]}/", line)
            elif own_url and (match := _SHA.fullmatch(line)):
                self.lines[index] = f"{match['lead']}{sha256}{match['tail']}"

    def requirements(self, section: str, kept: set[str], items: Sequence[str]) -> None:
        """Write the list of a section: what is kept of the sibling's, then the new lines."""
        block = self._block(section)
        if block is None:
            return
        before: list[str] = []
        after: list[str] = []
        for first, last in block.items:
            name = re.match(r"-\s+[\"']?([\w.-]+)", self.lines[first - 1].strip())
            if name and name[1].lower() in kept:
                (after if before and name[1] == "pip" else before).extend(self.lines[first - 1 : last])
        new = [f"{' ' * block.indent}- {item}" for item in items]
        self.lines[block.key_line : block.items[-1][1]] = [*before, *new, *after]

    def _block(self, key: str) -> Block | None:
        for number, line in enumerate(self.lines, start=1):
            match = _KEY_LINE.match(line)
            if match and match["key"] == key:
                return key_block(self.lines, number)
        return None

    def entry_points(self, points: Sequence[str], *, v1: bool) -> None:
        """Write the commands, below `build`."""
        if not points:
            return
        for index, line in enumerate(self.lines):
            match = re.match(r"(\s*)noarch:", line)
            if match:
                blank = match[1]
                head = [f"{blank}python:", f"{blank}  entry_points:"] if v1 else [f"{blank}entry_points:"]
                deep = "    " if v1 else "  "
                self.lines[index:index] = [*head, *(f"{blank}{deep}- {point}" for point in points)]
                return

    def imports(self, names: Sequence[str]) -> None:
        """Write the modules that tests import."""
        block = self._block("imports")
        if block is not None and names:
            new = [f"{' ' * block.indent}- {name}" for name in names]
            self.lines[block.key_line : block.items[-1][1]] = new

    def summary(self, text: str | None) -> None:
        """Write what the project says of itself."""
        for index, line in enumerate(self.lines):
            if text and (match := _SUMMARY.fullmatch(line)):
                plain = re.fullmatch(r"[A-Za-z][\w ,./()-]*", text) is not None
                quoted = "'" + text.replace("'", "''") + "'"
                self.lines[index] = match["lead"] + (text if plain else quoted)


def _word(line: str, old: str, new: str) -> str:
    return re.sub(rf"(?<![\w-]){re.escape(old)}(?![\w]|-[a-z])", lambda _: new, line)
