"""What a release requires, by package, as lines of a recipe would say it; and what changed between two releases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from functools import lru_cache

from packaging.requirements import Requirement as Pep508
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from dirac_forge.channel.names import package_for_extra
from dirac_forge.recipe.making.expansion import Providers, WantedRequirement, expand
from dirac_forge.recipe.making.requirements import convert
from dirac_forge.recipe.model import Requirement, When
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.files.facts import CoreMetadata
from dirac_forge.upstream.files.requirements import RequirementList
from dirac_forge.values import dataclass

NEVER = frozenset({"python", "wheel"})
"""`python` has rules of its own; conda-forge's pip brings what `wheel` was listed for."""
STAND_INS = {"pywin32": "pywin32-on-windows"}
"""Projects to what conda-forge has for noarch packages instead: it requires the package where there is one."""
_DEEPEST = 50
"""Extras of a project that bring others, one through the other."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UpstreamNeed:
    """A package that a release requires."""

    package: str
    projects: tuple[str, ...]
    """As upstream spells them; two projects may be one package."""
    lines: Mapping[str, tuple[When | None, str]]
    """Condition (as a selector, "" for everywhere) to the condition and the conda spec."""
    origins: tuple[str, ...]
    """The lines of metadata behind it."""
    marked: bool
    """Upstream asks for it under a marker only."""
    pythons: frozenset[str] = field(default=frozenset(), compare=False)
    """Those of the scope that need it."""
    urls: tuple[str, ...] = ()
    """Where upstream wants it from, instead of a version from an index."""

    @property
    def keys(self) -> frozenset[str]:
        """Names under which a recipe may have it; `_`, `-` and `.` are one."""
        return _keys(self.package, self.projects)

    @property
    def stand_ins(self) -> frozenset[str]:
        """Names of what a recipe may list instead, without a version."""
        return frozenset(STAND_INS[key] for key in self.keys if key in STAND_INS)

    @property
    def project(self) -> str:
        """The first of the projects, "" if none is known."""
        return next(iter(self.projects), "")

    @property
    def everywhere(self) -> str | None:
        """The spec where it holds unconditionally."""
        found = self.lines.get("")
        return found[1] if found else None

    @property
    def evidence(self) -> str:
        """Upstream's lines, for people."""
        return ", ".join(self.origins)


@lru_cache(maxsize=10_000)
def _keys(package: str, projects: tuple[str, ...]) -> frozenset[str]:
    return frozenset({canonicalize_name(package), *map(canonicalize_name, projects)})


def providers_for(names: Callable[[str], str]) -> Providers:
    """Return what the conversion asks for; what an extra of another project adds is not looked up."""
    return Providers(package=names, bundled=package_for_extra)


def needs_of(
    requirements: RequirementList,
    scope: Scope,
    providers: Providers,
    *,
    noarch: bool,
    every_python: bool = False,
    extras: Iterable[str] = (),
) -> dict[str, UpstreamNeed]:
    """Return the requirements that hold anywhere in the scope, by the package's normalised name.

    With `every_python` one build serves all Pythons, as that for the stable ABI does.
    """
    extras = tuple(extras)
    wanted, _ = expand(requirements, scope, providers, extras=extras)
    lines: dict[str, list[Requirement]] = {}
    made = convert(requirements, scope, providers, noarch=noarch, every_python=every_python, extras=extras)
    for line in made.lines:
        lines.setdefault(canonicalize_name(line.name), []).append(line)
    return {key: _need(some, [one for one in wanted if one.package == some[-1].name]) for key, some in lines.items()}


def _need(lines: Sequence[Requirement], behind: Sequence[WantedRequirement]) -> UpstreamNeed:
    """Return the lines of one package as a need, with the requirements behind them."""
    return UpstreamNeed(
        package=lines[-1].name,
        projects=tuple(dict.fromkeys(one.project for one in behind)),
        lines={line.when.v0 if line.when else "": (line.when, line.spec) for line in lines},
        origins=tuple(dict.fromkeys(one.origin for one in behind)),
        marked=all(not one.reach.always for one in behind),
        pythons=frozenset(python for one in behind for python in one.reach.pythons),
        urls=tuple(dict.fromkeys(one.url for one in behind if one.url)),
    )


def mentioned(metadata: CoreMetadata) -> frozenset[str]:
    """Return every project in the metadata, whatever marker or extra it stands under."""
    return frozenset(canonicalize_name(one.name) for one in metadata.requires_dist)


def extras_named(metadata: CoreMetadata) -> tuple[str, ...]:
    """Return the extras, normalised, in upstream's order."""
    return tuple(dict.fromkeys(str(canonicalize_name(extra)) for extra in metadata.provides_extra))


def only_extra(
    metadata: CoreMetadata,
    extra: str,
    scope: Scope,
    providers: Providers,
    *,
    noarch: bool,
    every_python: bool = False,
    base: Mapping[str, UpstreamNeed],
) -> dict[str, UpstreamNeed]:
    """Return what an extra adds, where the metadata writes it as `extra == "name"` in any spelling; others of the same
    project that it names (`all = project[a,b]`) are unfolded. `base` is what the release requires without it.
    """
    texts = _texts_of(metadata, extra, frozenset())
    spelled = _spellings(metadata, extra)
    found = needs_of(RequirementList(texts), scope, providers, noarch=noarch, every_python=every_python, extras=spelled)
    return {key: need for key, need in found.items() if key not in base or base[key].lines != need.lines}


def _spellings(metadata: CoreMetadata, extra: str) -> tuple[str, ...]:
    spelled = [name for name in metadata.provides_extra if canonicalize_name(name) == extra]
    return tuple(dict.fromkeys([*spelled, extra]))


def _texts_of(metadata: CoreMetadata, extra: str, seen: frozenset[str]) -> tuple[str, ...]:
    if len(seen) > _DEEPEST:
        return ()
    own = canonicalize_name(metadata.name)
    texts: list[str] = []
    for one in metadata.requires_dist:
        if not one.for_extra:
            continue
        if not _holds(one, _spellings(metadata, extra)):
            continue
        if canonicalize_name(one.name) == own:
            for other in sorted(map(canonicalize_name, one.extras)):
                if other not in seen | {extra}:
                    texts += _renamed(_texts_of(metadata, other, seen | {extra}), other, extra)
            continue
        texts.append(str(one))
    return tuple(dict.fromkeys(texts))


def _holds(one: Pep508, spelled: Iterable[str]) -> bool:
    # Whatever else the marker asks for, it names this extra.
    text = str(one.marker)
    return any(f'extra == "{name}"' in text or f"extra == '{name}'" in text for name in spelled)


def _renamed(texts: Iterable[str], other: str, extra: str) -> list[str]:
    renamed = []
    for text in texts:
        one = Pep508(text)
        marker = str(one.marker)
        for spelled in {other, other.replace("-", "_")}:
            marker = marker.replace(f'extra == "{spelled}"', f'extra == "{extra}"')
        extras = f"[{','.join(sorted(one.extras))}]" if one.extras else ""
        renamed.append(f"{one.name}{extras}{one.specifier}; {marker}")
    return renamed


def floor_of(requires_python: str | None) -> Version | None:
    """Return the lowest Python that a Requires-Python admits (`3.8` of `>=3.8,<4`), None if it has no such bound."""
    try:
        clauses = SpecifierSet(requires_python or "")
    except ValueError:
        return None
    bounds = [Version(c.version.removesuffix(".*")) for c in clauses if c.operator in {">=", "~=", "==", ">"}]
    return max(bounds, default=None)
