"""The security fixes in a difference: advisories about the old version that the new one does not have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from typing import Literal

from dirac_forge.audit.projects import projects_for
from dirac_forge.channel.records import name_of
from dirac_forge.distribution.difference import LockDifference, PackageChange
from dirac_forge.errors import UnknownError
from dirac_forge.upstream.index.vulnerabilities import NoSuchReleaseError, Vulnerability
from dirac_forge.values import dataclass

Lookup = Callable[[str, str], tuple[Vulnerability, ...]]
_Asked = tuple[str, str, str]
"""Name, old and new version of a package that changes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SecurityChange:
    """What a change of one package fixes and brings, as far as the index knows."""

    name: str
    old: str
    new: str
    fixed: tuple[Vulnerability, ...] = ()
    introduced: tuple[Vulnerability, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class UnknownSecurity:
    """A change of one package that the index knows nothing about."""

    name: str
    old: str
    new: str
    kind: Literal["no-release", "unreachable"]
    """`no-release`: the index has no page for one of the versions; `unreachable`: it did not answer, or nonsense."""
    detail: str
    """What was asked, and what came of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SecurityReport:
    """What is known of a whole difference."""

    changes: tuple[SecurityChange, ...] = ()
    """The changes that the index answered for, with advisories or without."""
    unknown: tuple[UnknownSecurity, ...] = ()
    uncovered: tuple[str, ...] = ()
    """Packages that change version and are not Python's: the index has no advisories about them."""

    def of(self, name: str, old: str, new: str) -> SecurityChange | None:
        """Return what the index knows of a change; None if it knows nothing."""
        return next((each for each in self.changes if (each.name, each.old, each.new) == (name, old, new)), None)


def security_of(difference: LockDifference, lookup: Lookup, *, executor: Executor) -> SecurityReport:
    """Return the advisories that go and come with the versions of Python packages, and what is not known."""
    changes = list(_moved(difference))
    python = {change.name for change in changes if _is_python(change)}
    versions = dict.fromkeys(_versions(change) for change in changes if change.name in python)
    answers = list(executor.map(lambda asked: _looked_up(asked, lookup), versions))
    return SecurityReport(
        changes=tuple(answer for answer in answers if isinstance(answer, SecurityChange)),
        unknown=tuple(answer for answer in answers if isinstance(answer, UnknownSecurity)),
        uncovered=tuple(sorted({change.name for change in changes} - python)),
    )


def _moved(difference: LockDifference) -> Iterator[PackageChange]:
    """Yield the changes of versions, in every environment and on every platform."""
    for platforms in difference.environments.values():
        for each in platforms.values():
            yield from each.of("up", "down")


def _versions(change: PackageChange) -> _Asked:
    old, new = (each.version if each is not None else "" for each in (change.old, change.new))
    return change.name, old, new


def _is_python(change: PackageChange) -> bool:
    depends: Sequence[str] = change.new.depends if change.new is not None else ()
    return any(name_of(spec) in {"python", "python_abi"} for spec in depends)


def _looked_up(asked: _Asked, lookup: Lookup) -> SecurityChange | UnknownSecurity:
    name, old, new = asked
    problem: UnknownError = NoSuchReleaseError(f"{name} is not made from a project of the index")
    for project in projects_for(name):
        try:
            before, after = lookup(project, old), lookup(project, new)
        except NoSuchReleaseError as error:
            problem = error
            continue
        except UnknownError as error:
            problem = error
            break
        return SecurityChange(
            name=name, old=old, new=new, fixed=_without(before, after), introduced=_without(after, before)
        )
    kind: Literal["no-release", "unreachable"] = "no-release"
    if not isinstance(problem, NoSuchReleaseError):
        kind = "unreachable"
    return UnknownSecurity(name=name, old=old, new=new, kind=kind, detail=problem.message)


def _without(some: Iterable[Vulnerability], others: Iterable[Vulnerability]) -> tuple[Vulnerability, ...]:
    left_out = {each.id for each in others}
    return tuple(each for each in some if each.id not in left_out)
