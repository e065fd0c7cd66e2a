"""What changes between two locks, as release notes have it; decides from values alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from itertools import zip_longest
from typing import Literal

from rattler import Version

from dirac_forge.channel.records import name_of
from dirac_forge.distribution.locks import Lock, LockedPackage
from dirac_forge.values import dataclass

ChangeKind = Literal["added", "removed", "up", "down", "rebuilt", "moved"]

_NO_PLATFORM = "noarch"
"""What a list without any platform's package or a note of it is for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PackageChange:
    """One package that differs."""

    name: str
    kind: ChangeKind
    """`rebuilt`: the same version with another build; `moved`: the same build from another channel."""
    old: LockedPackage | None
    new: LockedPackage | None
    pins: tuple[tuple[str, str], ...] = ()
    """For a rebuild, the dependencies that differ: spec before and after; "" if there is none."""

    @property
    def cause(self) -> tuple[tuple[str, str], ...]:
        """The pins that tell why it was rebuilt: Python's ABI where that moved, which explains enough, else all."""
        abi = tuple(pin for pin in self.pins if all(spec.startswith("python_abi ") for spec in pin))
        return abi or self.pins

    @property
    def asked(self) -> bool:
        """Whether the distribution asks for it by name."""
        return any(each is not None and each.asked for each in (self.old, self.new))

    @property
    def licence(self) -> tuple[str, str] | None:
        """The licences before and after, where both are known and differ; "" for a record that has none."""
        if self.old is None or self.new is None or not (self.old.licence_known and self.new.licence_known):
            return None
        return (self.old.license, self.new.license) if self.old.license != self.new.license else None

    @property
    def requirements_known(self) -> bool:
        """Whether the requirements before and after are known."""
        return all(each is not None and each.depends_known for each in (self.old, self.new))

    @property
    def growth(self) -> int | None:
        """By how many bytes its file is larger now; None if that is not known."""
        sizes = [0 if each is None else each.size for each in (self.old, self.new)]
        return sizes[1] - sizes[0] if sizes[0] is not None and sizes[1] is not None else None


@dataclass(frozen=True, kw_only=True, slots=True)
class PlatformDifference:
    """The changes on one platform: what is asked for by name first, then by name."""

    changes: tuple[PackageChange, ...] = ()
    old_size: int | None = None
    """Bytes of all packages; None if one is not known."""
    new_size: int | None = None

    def of(self, *kinds: ChangeKind) -> tuple[PackageChange, ...]:
        """Return the changes of these kinds."""
        return tuple(change for change in self.changes if change.kind in kinds)


@dataclass(frozen=True, kw_only=True, slots=True)
class LockDifference:
    """The differences by environment and platform."""

    old: str
    new: str
    environments: Mapping[str, Mapping[str, PlatformDifference]] = field(default_factory=dict)
    only_old: tuple[str, ...] = ()
    """Platforms that only the old lock has."""
    only_new: tuple[str, ...] = ()
    asked_known: bool = True
    """Whether one of the locks, or a file, shows which packages were asked for by name."""

    @property
    def empty(self) -> bool:
        """Whether nothing differs."""
        changed = any(each.changes for platforms in self.environments.values() for each in platforms.values())
        return not (changed or self.only_old or self.only_new)


def difference_of(old: Lock, new: Lock) -> LockDifference:
    """Return what changes from `old` to `new`, on the platforms and in the environments that both have.

    An environment that only one of them has differs in all its packages.
    """
    old, new = _placed(old, new), _placed(new, old)
    shared = [platform for platform in old.platforms if platform in new.platforms]
    names = dict.fromkeys((*old.environments, *new.environments))
    environments = {
        name: {
            platform: _on_platform(
                old.environments.get(name, {}).get(platform, ()), new.environments.get(name, {}).get(platform, ())
            )
            for platform in shared
        }
        for name in names
    }
    return LockDifference(
        old=old.name,
        new=new.name,
        environments=environments,
        only_old=tuple(platform for platform in old.platforms if platform not in shared),
        only_new=tuple(platform for platform in new.platforms if platform not in shared),
        asked_known=_tells_asked(old) or _tells_asked(new),
    )


def _tells_asked(lock: Lock) -> bool:
    return any(
        package.asked
        for platforms in lock.environments.values()
        for packages in platforms.values()
        for package in packages
    )


def _placed(lock: Lock, other: Lock) -> Lock:
    """Return a lock without platforms (a list of files) as the platform of the other lock that shares most files."""
    if lock.platforms != (_NO_PLATFORM,) or _NO_PLATFORM in other.platforms or not other.platforms:
        return lock

    def shared(platform: str) -> int:
        there = {str(package) for each in other.environments.values() for package in each.get(platform, ())}
        return sum(str(package) in there for each in lock.environments.values() for package in each[_NO_PLATFORM])

    platform = max(other.platforms, key=shared)
    environments = {name: {platform: each[_NO_PLATFORM]} for name, each in lock.environments.items()}
    return replace(lock, environments=environments)


def _on_platform(old: Iterable[LockedPackage], new: Iterable[LockedPackage]) -> PlatformDifference:
    before = {package.name: package for package in old}
    after = {package.name: package for package in new}
    changes = [
        change
        for name in sorted(before | after)
        if (change := _change(name, before.get(name), after.get(name))) is not None
    ]
    return PlatformDifference(
        changes=tuple(sorted(changes, key=lambda change: not change.asked)),
        old_size=_size(before.values()),
        new_size=_size(after.values()),
    )


def _change(name: str, old: LockedPackage | None, new: LockedPackage | None) -> PackageChange | None:
    if old is None or new is None:
        return PackageChange(name=name, kind="added" if old is None else "removed", old=old, new=new)
    kind = _kind(old, new)
    if kind is None:
        return None
    pins = _pins(old, new) if kind == "rebuilt" else ()
    return PackageChange(name=name, kind=kind, old=old, new=new, pins=pins)


def _kind(old: LockedPackage, new: LockedPackage) -> ChangeKind | None:
    if old.version != new.version:
        return "up" if Version(new.version) > Version(old.version) else "down"
    if _differ(old.build, new.build):
        return "rebuilt"
    return "moved" if _differ(old.sha256, new.sha256) or _differ(old.md5, new.md5) else None


def _differ(one: str, other: str) -> bool:
    """Whether both are known and differ."""
    return bool(one and other) and one != other


def _pins(old: LockedPackage, new: LockedPackage) -> tuple[tuple[str, str], ...]:
    """Return the dependencies that differ between two builds of one version; none where those of one are unknown."""
    if not (old.depends_known and new.depends_known):
        return ()
    before, after = _by_name(old.depends), _by_name(new.depends)
    return tuple(
        pair for name in sorted(before | after) for pair in _differing(before.get(name, []), after.get(name, []))
    )


def _by_name(specs: Iterable[str]) -> dict[str, list[str]]:
    """Return the specs by the package that they ask for, which may be asked for twice (`python`, `python >=3.12`)."""
    found: dict[str, list[str]] = {}
    for spec in sorted(set(specs)):
        found.setdefault(name_of(spec), []).append(spec)
    return found


def _differing(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the specs of one package that only one build has, in pairs."""
    gone = [spec for spec in old if spec not in new]
    fresh = [spec for spec in new if spec not in old]
    yield from zip_longest(gone, fresh, fillvalue="")


def _size(packages: Iterable[LockedPackage]) -> int | None:
    sizes = [package.size for package in packages]
    known = [size for size in sizes if size is not None]
    return sum(known) if known and len(known) == len(sizes) else None
