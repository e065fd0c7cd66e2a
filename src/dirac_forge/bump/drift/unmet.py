"""The final check of an edited recipe: what upstream asks for in an environment, and no line there implies.

It looks at the text that came out, rendered for each platform and Python, next to the metadata of the new version
evaluated for that environment. So it does not depend on how a line was derived, or on whether anything was.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import product

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from dirac_forge.bump.drift.carried import UnmetRequirement
from dirac_forge.bump.drift.clauses import Clause, clauses_of, contradictory, implied
from dirac_forge.bump.drift.lines import PLATFORMS
from dirac_forge.bump.drift.needs import STAND_INS
from dirac_forge.recipe.making.expansion import Providers, WantedRequirement, expand
from dirac_forge.recipe.making.hosts import build_requirements
from dirac_forge.recipe.making.specs import conda_spec, merged
from dirac_forge.recipe.reading.recipe_text import ReadOutput, ReadRequirement, RecipeText, Section
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.files.facts import ReleaseFacts
from dirac_forge.upstream.files.requirements import RequirementList
from dirac_forge.values import dataclass

Cell = tuple[str, str]
"""A Python and a platform."""
_BY_PYTHON = re.compile(r"py(?:thon|\d+k?)?")
"""Variables of recipes that tell Pythons apart."""
_OWN_RULES = frozenset({"python", "wheel", "pip"})
"""`python` has rules of its own; pip is how conda-forge builds, and brings what `wheel` was listed for."""
_EXPORTED = frozenset({"numpy"})
"""Packages that add themselves to run where a compiled package has them in host."""
_BRINGING = {
    "flit-core": "flit",
    "hatchling": "hatch",
    "pdm-backend": "pdm",
    "poetry-core": "poetry",
    "numpy": "oldest-supported-numpy",
}
"""Tools of a build to the package that recipes list instead."""
_BROUGHT_BY = frozenset({*_BRINGING.values(), *STAND_INS.values()})


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """An output and the project behind it: both releases, and the Pythons that it serves."""

    output: str
    old: ReleaseFacts
    new: ReleaseFacts
    scope: Scope


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    """What upstream asks for of one package in one environment."""

    package: str
    keys: frozenset[str]
    spec: str
    origins: tuple[str, ...]


def unmet_of(
    recipe: RecipeText, compared: Sequence[Compared], providers: Providers, *, python_min: str
) -> tuple[UnmetRequirement, ...]:
    """Return what the recipe's outputs do not imply of what upstream requires, at run time and to build.

    Raises RecipeError for a recipe that can't be read.
    """
    rendering = _Rendering(recipe, python_min)
    return tuple(finding for one in compared for finding in _of_output(one, rendering, providers))


class _Rendering:
    """The outputs of the text in an environment; each Python by itself only where the text distinguishes them."""

    def __init__(self, recipe: RecipeText, python_min: str) -> None:
        self._recipe = recipe
        self._min = python_min
        self._by_python = any(_BY_PYTHON.fullmatch(name) for name in recipe.names)
        self._known: dict[Cell, tuple[ReadOutput, ...]] = {}
        self._distinct: list[tuple[ReadOutput, ...]] = []

    def outputs(self, cell: Cell) -> tuple[ReadOutput, ...]:
        """Return them all; rendered once, and the same object for environments where they are equal."""
        python, platform = cell if self._by_python else ("", cell[1])
        if (python, platform) not in self._known:
            variant = {"python_min": self._min, **({"python": f"{python}.*"} if python else {})}
            rendered = self._recipe.render(
                platform=platform, build_platform=dict(PLATFORMS)[platform], variant=variant, stubs=True
            ).outputs
            same = next((known for known in self._distinct if known == rendered), None)
            if same is None:
                self._distinct.append(rendered)
            self._known[python, platform] = rendered if same is None else same
        return self._known[python, platform]


def _of_output(one: Compared, rendering: _Rendering, providers: Providers) -> Iterator[UnmetRequirement]:
    yield from _of_section(
        one, rendering, _run_lines, "run", one.old.metadata.requires_dist, one.new.metadata.requires_dist, providers
    )
    if one.old.sdist is not None and one.new.sdist is not None:
        before, after = build_requirements(one.old.sdist), build_requirements(one.new.sdist)
        yield from _of_section(one, rendering, _host_lines, "host", before, after, providers)


Lines = Callable[[ReadOutput, Sequence[ReadOutput]], list[ReadRequirement]]
_Short = tuple[str, _Asked, list[ReadRequirement]]
"""A key, what is asked for, and the lines that do not imply it."""


def _of_section(
    one: Compared,
    rendering: _Rendering,
    lines_of: Lines,
    section: Section,
    before: RequirementList,
    after: RequirementList,
    providers: Providers,
) -> Iterator[UnmetRequirement]:
    was, now = (_by_cell(requirements, one.scope, providers) for requirements in (before, after))
    found: dict[tuple[tuple[int, ...], str], _Finding] = {}
    cells = [cell for cell in _cells(one.scope) if cell in now]
    for cell, (key, asked, mine) in _all_short(one.output, cells, now, rendering, lines_of, section):
        finding = found.setdefault((tuple(line.line for line in mine), key), _Finding(asked, mine))
        finding.add(cell, asked, fresh=_is_fresh(was.get(cell, {}).get(key), asked, mine))
    for (_, key), finding in found.items():
        yield finding.told(one, section, {cell for cell in cells if key in now[cell]})


def _all_short(
    output: str,
    cells: Iterable[Cell],
    required: Mapping[Cell, Mapping[str, _Asked]],
    rendering: _Rendering,
    lines_of: Lines,
    section: Section,
) -> Iterator[tuple[Cell, _Short]]:
    """Yield what falls short in each environment."""
    known: dict[tuple[int, int], list[_Short]] = {}  # most cells render equally and ask for the same
    for cell in cells:
        outputs = rendering.outputs(cell)
        same = id(required[cell]), id(outputs)
        if same not in known:
            known[same] = list(_short_in(output, outputs, lines_of, section, required[cell]))
        yield from ((cell, short) for short in known[same])


def _cells(scope: Scope) -> list[Cell]:
    platforms = [platform for platform, _ in PLATFORMS if platform in scope.platforms]
    return list(product(scope.pythons, platforms))


def _is_fresh(before: _Asked | None, asked: _Asked, lines: Sequence[ReadRequirement]) -> bool:
    """Whether it is news: not what the recipe leaves out all along, whatever its bound is now."""
    return before is None or (bool(lines) and before.spec != asked.spec)


def _short_in(
    name: str, outputs: Sequence[ReadOutput], lines_of: Lines, section: Section, required: Mapping[str, _Asked]
) -> Iterator[_Short]:
    """Yield what falls short in one environment: nothing if it is not built, or is not a package of Python."""
    output = next((one for one in outputs if one.name == name and one.skip is not True), None)
    if output is None:
        return
    lines = lines_of(output, outputs)
    if any(_key(line) == "python" for line in lines):
        yield from _short(required, output, lines, section)


def _short(
    required: Mapping[str, _Asked], output: ReadOutput, lines: Sequence[ReadRequirement], section: Section
) -> Iterator[_Short]:
    """Yield what is required in one environment and not implied there, with the lines for it."""
    for key, asked in required.items():
        mine = _lines_for(asked, lines, section)
        if key in _OWN_RULES or _met(asked, mine) or (not mine and _comes_by_itself(asked, output, section)):
            continue
        yield key, asked, mine


class _Finding:
    """One line, or its absence, in all environments where it falls short of the same requirement."""

    def __init__(self, asked: _Asked, lines: Sequence[ReadRequirement]) -> None:
        self.lines = lines
        self.package = asked.package
        self.origins: dict[str, None] = {}
        self.by_cell: dict[Cell, str] = {}
        self.fresh = False

    def add(self, cell: Cell, asked: _Asked, *, fresh: bool) -> None:
        self.by_cell[cell] = asked.spec
        self.origins |= dict.fromkeys(asked.origins)
        self.fresh = self.fresh or fresh

    def told(self, one: Compared, section: Section, everywhere: set[Cell]) -> UnmetRequirement:
        pythons, platforms = self._places(one.scope, everywhere)
        return UnmetRequirement(
            output=one.output,
            part="host" if section == "host" else "run",
            package=self.package,
            lines=tuple(dict.fromkeys(line.line for line in self.lines)),
            has=tuple(dict.fromkeys(f"{line.name} {_written(line)}".strip() for line in self.lines)),
            asked=tuple(dict.fromkeys(self.by_cell.values())),
            evidence=", ".join(self.origins),
            pythons=pythons,
            platforms=platforms,
            fresh=self.fresh,
            newest=section == "host" and bool(self.lines) and self._admits_newest(),
        )

    def _places(self, scope: Scope, everywhere: set[Cell]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the Pythons and the platforms where it falls short; none of a kind for all of them."""
        if len(everywhere) == len(self.by_cell):
            return (), ()
        pythons = tuple(dict.fromkeys(python for python, _ in self.by_cell))
        platforms = tuple(dict.fromkeys(platform for _, platform in self.by_cell))
        every_platform = {platform for _, platform in everywhere}
        return (
            () if len(pythons) == len(scope.pythons) else pythons,
            () if len(platforms) == len(every_platform) else platforms,
        )

    def _admits_newest(self) -> bool:
        """Whether the newest version there is fits both the line and upstream: only lower bounds are lower."""
        mine = _clauses(self.lines)
        if mine is None or any(clause.side == "equal" for clause in mine):
            return False
        for spec in set(self.by_cell.values()):
            asked = clauses_of(spec) or ()
            highs = [clause for clause in asked if clause.side in {"high", "equal"}]
            if contradictory(mine, asked) or not implied(highs, mine):
                return False
        return True


def _by_cell(requirements: RequirementList, scope: Scope, providers: Providers) -> dict[Cell, dict[str, _Asked]]:
    """Return what is required in each environment, by the package's normalised name: one mapping where it is equal."""
    wanted, _ = expand(requirements, scope, providers)
    reaches = tuple(dict.fromkeys(one.reach.cells for one in wanted))
    distinct: dict[tuple[frozenset[Cell], ...], dict[str, _Asked]] = {}
    found: dict[Cell, dict[str, _Asked]] = {}
    for cell in dict.fromkeys(cell for cells in reaches for cell in cells):
        holding = tuple(cells for cells in reaches if cell in cells)
        if holding not in distinct:
            distinct[holding] = _together(one for one in wanted if one.reach.cells in holding)
        found[cell] = distinct[holding]
    return found


def _together(wanted: Iterable[WantedRequirement]) -> dict[str, _Asked]:
    """Return what some requirements ask for together, by the package's normalised name."""
    packages: dict[str, list[WantedRequirement]] = {}
    for one in wanted:
        packages.setdefault(canonicalize_name(one.package), []).append(one)
    return {key: _asked(some) for key, some in packages.items()}


def _asked(some: Sequence[WantedRequirement]) -> _Asked:
    keys = {canonicalize_name(name) for one in some for name in (one.package, one.project)}
    specifiers: Iterable[SpecifierSet] = (one.specifiers for one in some)
    return _Asked(
        package=some[0].package,
        keys=frozenset(keys),
        spec=conda_spec(merged(specifiers)),
        origins=tuple(dict.fromkeys(one.origin for one in some)),
    )


def _run_lines(output: ReadOutput, outputs: Sequence[ReadOutput]) -> list[ReadRequirement]:
    """Return what is installed with an output: its lines, and those of other outputs that it asks for."""
    others = {str(canonicalize_name(other.name)): other for other in outputs}
    found: list[ReadRequirement] = []
    waiting, seen = [output], {str(canonicalize_name(output.name))}
    while waiting:
        lines = waiting.pop().of("run")
        found += lines
        for key in (_key(line) for line in lines):
            if key in others and key not in seen:
                seen.add(key)
                waiting.append(others[key])
    return found


def _host_lines(output: ReadOutput, _: Sequence[ReadOutput]) -> list[ReadRequirement]:
    """Return what an output is built with; recipes older than host have it in build."""
    if any(line.kind == "compiler" for line in output.of("build")) or output.of("host"):
        return list(output.of("host"))
    return list(output.of("build"))


def _lines_for(asked: _Asked, lines: Sequence[ReadRequirement], section: Section) -> list[ReadRequirement]:
    bringing = {(_BRINGING if section == "host" else STAND_INS).get(key) for key in asked.keys}
    wanted = bringing | asked.keys
    return [line for line in lines if _key(line) in wanted]


def _comes_by_itself(asked: _Asked, output: ReadOutput, section: Section) -> bool:
    """Whether a build adds the package to run."""
    return (
        section == "run"
        and output.noarch is None
        and any(_key(line) in asked.keys & _EXPORTED for line in output.of("host"))
    )


def _met(asked: _Asked, lines: Sequence[ReadRequirement]) -> bool:
    """Whether the lines together admit no version that upstream does not."""
    if any(line.kind in {"pin_subpackage", "pin_compatible"} for line in lines):
        return True  # the version that is built, or that was there in the build
    if any(_key(line) in _BROUGHT_BY and _key(line) not in asked.keys for line in lines):
        return True  # it brings the version of the tool that it needs, or the newest package
    mine, theirs = _clauses(lines), clauses_of(asked.spec)
    return bool(lines) and mine is not None and theirs is not None and implied(theirs, mine)


def _clauses(lines: Iterable[ReadRequirement]) -> tuple[Clause, ...] | None:
    every: list[Clause] = []
    for line in lines:
        clauses = clauses_of(_written(line))
        if clauses is None:
            return None
        every += clauses
    return tuple(every)


def _written(line: ReadRequirement) -> str:
    """Return the version part of a line itself, not the pin that a variant would give it."""
    text = line.text.strip().strip("\"'").rpartition("::")[2]
    name = line.name.rpartition("::")[2]
    spec = text[len(name) :].strip() if text.lower().startswith(name) else line.spec
    # `>= 1` and `>=v1`, which conda reads as `>=1`.
    spec = re.sub(r"\s*,\s*", ",", re.sub(r"([<>=!~])\s*v?(?=\d)", r"\1", spec))
    version, _, _build = spec.partition(" ")
    return version


def _key(line: ReadRequirement) -> str:
    return _normalised(line.name)


@lru_cache(maxsize=10_000)  # each line is compared with each requirement, in each environment
def _normalised(name: str) -> str:
    return canonicalize_name(name.rpartition("::")[2])
