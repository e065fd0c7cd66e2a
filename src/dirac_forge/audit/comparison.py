"""The comparison of one build with upstream's metadata of its version; decides from values alone.

Bounds are compared by the versions that exist: the channel's versions of the dependency that one side admits and the
other does not. Two specs that differ only in versions that nobody published are the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from packaging.utils import canonicalize_name
from packaging.version import Version

from dirac_forge.audit.builds import Declared, Published, Surroundings, Use, declared_of, released_version
from dirac_forge.audit.findings import Finding, FindingKind, Severity
from dirac_forge.audit.projects import provides
from dirac_forge.audit.python_ranges import python_findings
from dirac_forge.channel.names import candidates
from dirac_forge.channel.records import Record
from dirac_forge.recipe.making.markers import reach
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.files.requirements import DeclaredRequirement
from dirac_forge.values import dataclass

_ABI = frozenset({"numpy"})
"""Python packages whose run_exports bound compiled builds: the bound is the ABI that a build was made with."""
_CLAUSE = re.compile(r"(?:===?|~=|>=|=)?([0-9][0-9A-Za-z_.!+]*?)(?:\.?\*)?(?:\.?(?:0a0|dev0))?")
_MOST_OUTPUTS = 20
"""Outputs of one recipe that are followed from one exact pin to the next."""


def compare(record: Record, published: Published, uses: Sequence[Use], around: Surroundings) -> tuple[Finding, ...]:
    """Return where the build and upstream disagree.

    Args:
        record: the build.
        published: upstream's metadata of its version.
        uses: the environments that install it; a requirement counts where its marker holds in one of them.
        around: what the channel has around the build.
    """
    comparison = _Comparison(record, published, tuple(uses), around, declared_of(record), _scope(uses))
    findings = [*python_findings(record, published, uses, around), *comparison.without_python()]
    for requirement in published.requirements:
        if canonicalize_name(requirement.name) != canonicalize_name(published.project):
            findings += comparison.of(requirement)
    targets = tuple(dict.fromkeys(use.target for use in uses if use.target))
    return tuple(dict.fromkeys(replace(finding, targets=targets) for finding in findings))


@dataclass(frozen=True, slots=True)
class _Comparison:
    """One build against one release."""

    record: Record
    published: Published
    uses: tuple[Use, ...]
    around: Surroundings
    declared: tuple[Declared, ...]
    scope: Scope
    """The Pythons and platforms of all environments."""

    def of(self, requirement: DeclaredRequirement) -> list[Finding]:
        """Return the findings about one requirement, where it holds in any of the environments."""
        where = self._where(requirement)
        if not where:
            return []
        mine: dict[str, list[Declared]] = {}
        for each in self.declared:
            if self._provides(each.name, requirement):
                mine.setdefault(each.name, []).append(each)
        if mine:
            return min((self._bounds(requirement, specs, where) for specs in mine.values()), key=len)
        return self._missing(requirement, where)

    def without_python(self) -> Iterator[Finding]:
        """Yield a build for any platform that does not require python: nothing would install one with it.

        A stand-in for another package of the project (`typing-extensions`) has python through that.
        """
        names = {each.name for each in self.declared}
        if self.record.noarch != "python" or names & {"python", "python_abi"} or any(map(self._is_own, self.declared)):
            return
        newest = filter(None, map(self.around.newest, self.declared))
        through = any(need.name == "python" for build in newest for need in declared_of(build))
        required = self.published.requires_python
        yield Finding(
            record=self.record,
            kind="missing",
            dependency="python",
            upstream=f"Requires-Python: {required}" if required is not None else "",
            specifier=required,
            where=self.published.where,
            severity="low" if through else "high",
            certainty="sure",
        )

    def _where(self, requirement: DeclaredRequirement) -> Sequence[Use]:
        """Return the environments in which its marker holds."""
        if requirement.marker is None:
            return self.uses
        cells = reach(requirement.marker, self.scope).cells
        return [use for use in self.uses if (use.python, use.platform) in cells]

    def _provides(self, package: str, requirement: DeclaredRequirement) -> bool:
        return provides(package, requirement.name, extras=requirement.extras, overrides=self.around.overrides)

    def _missing(self, requirement: DeclaredRequirement, where: Sequence[Use]) -> list[Finding]:
        """Return a requirement that no dependency meets; one that comes with another dependency is a smaller fault."""
        if any(map(self._is_own, self.declared)):
            return []
        through = next((each for each in self.declared if self._brings(each, requirement)), None)
        if through is not None:
            return self._brought(requirement, through)
        exists = any(self.around.versions(name) for name in candidates(requirement.name))
        partly = self.record.noarch is not None and len(where) < len(self.uses)
        severity: Severity = "high" if exists and not partly else "medium" if exists else "low"
        return [self._finding(requirement, "missing", severity=severity, guess=not exists)]

    def _brought(self, requirement: DeclaredRequirement, through: Declared) -> list[Finding]:
        """Return a requirement that comes with a dependency: no fault where that is a part of the same project."""
        if self._is_sibling(through.name) or through.version.startswith("=="):
            return []  # `dask` requires `dask-core`, which requires what the project does
        return [self._finding(requirement, "missing", severity="low", example=through.name)]

    def _is_own(self, dependency: Declared) -> bool:
        """Whether a dependency holds the project itself, with its requirements: `starlette` of `starlette-full`."""
        return dependency.name != self.record.name and provides(dependency.name, self.published.project)

    def _brings(self, dependency: Declared, requirement: DeclaredRequirement) -> bool:
        """Whether the newest build of a dependency requires it, or an output that is pinned exactly there does."""
        waiting, seen = [dependency], set[str]()
        while waiting and len(seen) < _MOST_OUTPUTS:
            each = waiting.pop()
            newest = None if each.name in seen else self.around.newest(each)
            seen.add(each.name)
            needs = declared_of(newest) if newest is not None else ()
            if any(self._provides(need.name, requirement) for need in needs):
                return True
            waiting += [need for need in needs if need.exact]
        return False

    def _bounds(
        self, requirement: DeclaredRequirement, specs: Sequence[Declared], where: Sequence[Use]
    ) -> list[Finding]:
        """Return where the specs of one package admit versions that upstream excludes, or the other way round."""
        declared = next((each for each in specs if each.version), specs[0])
        if not requirement.specifier and not declared.version:
            return []
        upstream, mine = _admitted(requirement, specs, self.around.versions(declared.name))
        together = [text for text in upstream if all(map(_admits(text), self._others(requirement, where)))]
        return [
            *self._looser(requirement, declared, _without(mine, upstream), upstream, where),
            *self._stricter(requirement, declared, _without(_without_local(together, mine), mine), mine),
        ]

    def _others(self, requirement: DeclaredRequirement, where: Sequence[Use]) -> Iterator[DeclaredRequirement]:
        """Yield upstream's further requirements of the same project that hold wherever this one does."""
        name = canonicalize_name(requirement.name)
        for other in self.published.requirements:
            if other is not requirement and canonicalize_name(other.name) == name:
                there = self._where(other)
                if all(use in there for use in where):
                    yield other

    def _looser(
        self,
        requirement: DeclaredRequirement,
        declared: Declared,
        admitted: Sequence[str],
        upstream: Sequence[str],
        where: Sequence[Use],
    ) -> Iterator[Finding]:
        """Yield the versions that only the build admits, if a Python of the environments can install them."""
        pythons = {use.python for use in where}
        possible = [each for each in admitted if self._runs_on(declared.name, each, pythons)]
        if possible:
            installed = {use.versions.get(declared.name, "") for use in where}
            example, severity = _looser_example(possible, installed, upstream)
            yield self._finding(requirement, "looser", severity=severity, declared=declared, example=example)

    def _stricter(
        self, requirement: DeclaredRequirement, declared: Declared, kept_out: Sequence[str], mine: Sequence[str]
    ) -> Iterator[Finding]:
        """Yield the versions that only upstream admits."""
        if kept_out and not self._is_pinned(declared):
            severity: Severity = "medium" if not mine or _newest(kept_out) > _newest(mine) else "low"
            yield self._finding(requirement, "stricter", severity=severity, declared=declared, example=kept_out[0])

    def _runs_on(self, package: str, version: str, pythons: Iterable[str]) -> bool:
        return any(self.around.runs_on(package, version, python) for python in pythons)

    def _is_pinned(self, declared: Declared) -> bool:
        """Whether the channel's way of building makes the bound: an ABI, or packages that are released in step.

        Outputs of one repository are pinned to each other's version (`diracx-api ==0.2.0` of `diracx-cli 0.2.0`), so
        that they are installed as they were released.
        """
        if self.record.noarch is None and declared.name in _ABI:
            return True
        return self._is_sibling(declared.name) and any(
            _is_leading(match[1], self.record.version)
            for clause in declared.version.split(",")
            if (match := _CLAUSE.fullmatch(clause.strip()))
        )

    def _is_sibling(self, package: str) -> bool:
        """Whether the package's name begins as the build's does."""
        return package.partition("-")[0] == self.record.name.partition("-")[0]

    def _finding(
        self,
        requirement: DeclaredRequirement,
        kind: FindingKind,
        *,
        severity: Severity,
        declared: Declared | None = None,
        example: str = "",
        guess: bool = False,
    ) -> Finding:
        return Finding(
            record=self.record,
            kind=kind,
            dependency=declared.name if declared else candidates(requirement.name)[0],
            declared=declared.spec if declared else "",
            upstream=f"Requires-Dist: {requirement.line}",
            requirement=requirement,
            where=self.published.where,
            example=example,
            severity=severity,
            certainty="guess" if guess else "sure" if self.published.complete else "likely",
        )


def _is_leading(bound: str, version: str) -> bool:
    """Whether a bound is a version or its first parts, as 25.1 is of 25.1.2."""
    parts = bound.split(".")
    return version.split(".")[: len(parts)] == parts


def _scope(uses: Iterable[Use]) -> Scope:
    pythons = tuple(sorted({use.python for use in uses if use.python}))
    return Scope(pythons=pythons, platforms=tuple(sorted({use.platform for use in uses})), python_min="")


def _admitted(
    requirement: DeclaredRequirement, specs: Sequence[Declared], versions: Iterable[str]
) -> tuple[list[str], list[str]]:
    """Return the versions that upstream admits, and those that all specs admit."""
    existing = [(text, version) for text in versions if (version := released_version(text)) is not None]
    upstream = [text for text, version in existing if requirement.specifier.contains(version, prereleases=True)]
    mine = [text for text, _ in existing if all(each.admits(text) for each in specs)]
    return upstream, mine


def _admits(text: str) -> Callable[[DeclaredRequirement], bool]:
    return lambda requirement: requirement.specifier.contains(text, prereleases=True)


def _without_local(versions: Iterable[str], others: Iterable[str]) -> list[str]:
    """Return the versions without local ones (`1.0+cpu`) of which the others have the public version.

    A specifier without a local version admits them (PEP 440), and conda's `==1.0` does not: nobody means that.
    """
    known = set(others)
    return [each for each in versions if "+" not in each or each.partition("+")[0] not in known]


def _looser_example(
    admitted: Sequence[str], installed: Collection[str], upstream: Sequence[str]
) -> tuple[str, Severity]:
    """Return one of the versions that only the build admits, one that is installed if there is, and how bad that is."""
    now = next((text for text in admitted if text in installed), None)
    if now is not None:
        return now, "high"
    newer = bool(upstream) and _newest(admitted) > _newest(upstream)
    return admitted[0], "medium" if newer else "low"


def _without(some: Iterable[str], others: Iterable[str]) -> list[str]:
    """Return what is not among the others, in its order."""
    left_out = set(others)
    return [each for each in some if each not in left_out]


def _newest(versions: Iterable[str]) -> Version:
    return max(map(Version, versions))
