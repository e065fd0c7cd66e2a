"""The security fixes in a difference: advisories about the old version that the new one does not have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

from dirac_forge.audit.projects import projects_for
from dirac_forge.channel.records import name_of
from dirac_forge.distribution.difference import LockDifference, PackageChange
from dirac_forge.errors import UnknownError
from dirac_forge.upstream.index.vulnerabilities import NoSuchReleaseError, Vulnerability

__all__ = ["SecurityChange", "SecurityReport", "security_of"]

Lookup = Callable[[str, str], tuple[Vulnerability, ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class SecurityChange:
    """What a change of one package fixes and brings."""

    name: str
    old: str
    new: str
    fixed: tuple[Vulnerability, ...] = ()
    introduced: tuple[Vulnerability, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class SecurityReport:
    """What is known of a whole difference."""

    changes: tuple[SecurityChange, ...] = ()
    asked: int = 0
    """Changes of Python packages that were asked about."""
    unknown: tuple[str, ...] = field(default=())
    """The packages that nothing is known of, because nobody answered."""
    problem: str = ""
    """Why, of the first of them."""

    def of(self, name: str, old: str, new: str) -> SecurityChange | None:
        """Return what is known of a change."""
        return next((each for each in self.changes if (each.name, each.old, each.new) == (name, old, new)), None)


def security_of(difference: LockDifference, lookup: Lookup, *, executor: Executor) -> SecurityReport:
    """Return the advisories that go and come with the versions of Python packages.

    Packages that are not projects of the index have no advisories there. Where the index has no page for any of them,
    it tells nothing about vulnerabilities, and all are unknown.
    """
    asked = tuple(_asked(difference))
    answers = list(executor.map(lambda change: _looked_up(change, lookup), asked))
    found = [answer for answer in answers if isinstance(answer, SecurityChange)]
    errors = [
        (name, answer) for (name, _, _), answer in zip(asked, answers, strict=True) if isinstance(answer, UnknownError)
    ]
    if not found and errors:
        told = errors
    else:
        told = [(name, error) for name, error in errors if not isinstance(error, NoSuchReleaseError)]
    return SecurityReport(
        changes=tuple(each for each in found if each.fixed or each.introduced),
        asked=len(asked),
        unknown=tuple(sorted({name for name, _ in told})),
        problem=told[0][1].message if told else "",
    )


def _asked(difference: LockDifference) -> Iterator[tuple[str, str, str]]:
    """Name, old and new version of each changed Python package, once for all platforms."""
    changes: Iterable[PackageChange] = (
        change
        for platforms in difference.environments.values()
        for each in platforms.values()
        for change in each.of("up", "down")
    )
    yield from dict.fromkeys(
        (change.name, change.old.version, change.new.version)
        for change in changes
        if change.old is not None and change.new is not None and _is_python(change)
    )


def _is_python(change: PackageChange) -> bool:
    depends: Sequence[str] = change.new.depends if change.new is not None else ()
    return any(name_of(spec) in {"python", "python_abi"} for spec in depends)


def _looked_up(asked: tuple[str, str, str], lookup: Lookup) -> SecurityChange | UnknownError:
    name, old, new = asked
    problem: UnknownError = NoSuchReleaseError(f"{name} is not made from a project of the index")
    for project in projects_for(name):
        try:
            before, after = lookup(project, old), lookup(project, new)
        except UnknownError as error:
            problem = error
            continue
        return SecurityChange(
            name=name, old=old, new=new, fixed=_without(before, after), introduced=_without(after, before)
        )
    return problem


def _without(some: Iterable[Vulnerability], others: Iterable[Vulnerability]) -> tuple[Vulnerability, ...]:
    left_out = {each.id for each in others}
    return tuple(each for each in some if each.id not in left_out)
