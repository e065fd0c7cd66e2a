"""What a user would get before and after: two environments side by side."""

from __future__ import annotations

from collections.abc import Sequence

from dirac_forge.channel.records import Record
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """The way from one environment to another, by name."""

    added: tuple[tuple[str, str], ...] = ()
    """Name and version."""
    removed: tuple[tuple[str, str], ...] = ()
    changed: tuple[tuple[str, str, str], ...] = ()
    """Name, version before and after."""
    rebuilt: tuple[tuple[str, str, str], ...] = ()
    """Name, build string before and after, where the version stays."""

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.rebuilt)

    @property
    def text(self) -> str:
        """One line."""
        parts = [f"{name} {before} → {after}" for name, before, after in self.changed]
        parts += [f"+{name} {version}" for name, version in self.added]
        parts += [f"-{name} {version}" for name, version in self.removed]
        parts += [f"{name} rebuilt ({after})" for name, _, after in self.rebuilt]
        return ", ".join(parts)


def difference(before: Sequence[Record], after: Sequence[Record]) -> Difference:
    """Return what changes from `before` to `after`."""
    old = {record.name: record for record in before}
    new = {record.name: record for record in after}
    both = sorted(old.keys() & new.keys())
    return Difference(
        added=tuple((name, new[name].version) for name in sorted(new.keys() - old.keys())),
        removed=tuple((name, old[name].version) for name in sorted(old.keys() - new.keys())),
        changed=tuple(
            (name, old[name].version, new[name].version) for name in both if old[name].version != new[name].version
        ),
        rebuilt=tuple(
            (name, old[name].build, new[name].build)
            for name in both
            if old[name].version == new[name].version and old[name].build != new[name].build
        ),
    )
