"""A bump, or a new recipe, as the order and the proof look at it: what it builds now and before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

from dirac_forge.bump.drift.merge import Drift
from dirac_forge.bump.merge_order import Move
from dirac_forge.bump.new_needs import NewNeed
from dirac_forge.bump.part_reasons import LacksOther, NeededBefore, PartReason, Section
from dirac_forge.bump.proposal import Bump
from dirac_forge.channel.index import parsed
from dirac_forge.channel.solver import Channel
from dirac_forge.check.expected_records import host_spec
from dirac_forge.check.subjects import Side, Subject
from dirac_forge.feedstock.change import Change
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.feedstock.read_recipe import recipe_of
from dirac_forge.feedstock.variants import VariantRecipe
from dirac_forge.feedstock.workspace import FeedstockFolder

_Asked = tuple[str, Section, str, str]
_SECTIONS: tuple[Section, ...] = ("build", "host", "run")


def key_of(feedstock: str, branch: str | None) -> str:
    """Return how the order calls a feedstock: by name, other branches with theirs."""
    return feedstock if branch in (None, "main") else f"{feedstock}@{branch}"


class Candidate(Subject):
    """A bump or a new recipe, with what the order needs to know of it."""

    def __init__(
        self,
        key: str,
        new: VariantRecipe,
        *,
        old: VariantRecipe | None = None,
        drift: Drift | None = None,
        channel: Channel,
        pinning: Pinning | None,
        platforms: Sequence[str],
    ) -> None:
        """See `Subject`; `drift` knows which project a requirement comes from."""
        super().__init__(key, new, old=old, channel=channel, pinning=pinning, platforms=platforms)
        self.drift = drift

    @classmethod
    def of_bump(
        cls, folder: FeedstockFolder, bump: Bump, *, channel: Channel, pinning: Pinning | None, platforms: Sequence[str]
    ) -> Candidate:
        """Return a bump of a feedstock. Raises RecipeError and ForgeConfigError."""
        texts = dict(folder.texts)
        for edit in bump.change.edits:
            if edit.after is None:
                texts.pop(edit.path, None)
            else:
                texts[edit.path] = edit.after.replace("\r\n", "\n")
        return cls(
            key_of(bump.change.feedstock, bump.change.branch),
            recipe_of(texts, root=folder.path),
            old=folder.read(),
            drift=bump.drift,
            channel=channel,
            pinning=pinning,
            platforms=platforms,
        )

    @classmethod
    def of_change(
        cls, change: Change, *, channel: Channel, pinning: Pinning | None, platforms: Sequence[str]
    ) -> Candidate:
        """Return a new recipe. Raises RecipeError and ForgeConfigError."""
        recipe = next(edit for edit in change.edits if edit.path.startswith("recipe/"))
        texts = {edit.path: edit.after for edit in (recipe, *change.edits) if edit.after is not None}
        read = recipe_of(texts, root=Path(change.feedstock))
        return cls(change.feedstock, read, channel=channel, pinning=pinning, platforms=platforms)

    def move(self) -> Move:
        """Return what the order needs to know of it."""
        had = {output.name: output.version for output in self.outputs("old")}
        return Move(key=self.key, needs=tuple(self._needs()), provides=self.provides, had=had)

    def _asked(self, side: Side) -> dict[_Asked, None]:
        recipe = self.recipe(side)
        if recipe is None:
            return {}
        return {
            (output.name, section, need.name, host_spec(need, recipe.text.format)): None
            for output in self.outputs(side)
            for section in _SECTIONS
            for need in output.of(section)
            if need.kind == "package" and need.name and need.condition is None
        }

    def _needs(self) -> Iterator[NewNeed]:
        """Yield requirements that were not there before, or with another version."""
        before = self._before
        for asked in self._asked("new"):
            if asked in before:
                continue
            output, section, package, spec = asked
            read = parsed(f"{package} {spec}".strip())
            partial = _part_reason(package, self._lacking_before(output, section))
            line = self._line(output, section, package)
            yield NewNeed(
                package=package,
                spec=str(read.version) if read is not None and read.version is not None else "",
                output=output,
                section=section,
                project=line[0],
                optional=line[1],
                partial=partial,
            )

    def _line(self, output: str, section: str, package: str) -> tuple[str, bool]:
        """Return the project of a carried requirement, and whether upstream can do without it."""
        changes = self.drift.changes if self.drift is not None else ()
        mine = [one for one in changes if one.package == package and one.part == section]
        exact = [one for one in mine if one.output == output] or mine
        return (exact[0].project, exact[0].optional) if exact else ("", False)

    def lacking_before(self) -> list[str]:
        """Return the packages that its recipe needed before and that no channel has: then the channel is a part."""
        return self._lacking(name for _, _, name, _ in self._before)

    @cached_property
    def _before(self) -> dict[_Asked, None]:
        return self._asked("old")

    def _lacking_before(self, output: str, section: Section) -> list[str]:
        """Return those of `lacking_before` that the output needed in such a section."""
        own = [one for one in self._before if one[0] == output] or list(self._before)
        return self._lacking(name for _, part, name, _ in own if (part == "run") == (section == "run"))

    def _lacking(self, names: Iterable[str]) -> list[str]:
        """Return the packages that are not its own and that no channel has."""
        names = dict.fromkeys(names)
        self._channel.index(self.platforms[0]).prefetch(names)
        return [name for name in names if name not in self.provides and not self._in_channel(name)]

    def _in_channel(self, name: str) -> bool:
        """Whether the channel has a package on any of the platforms."""
        return any(self._channel.index(platform).group(name).records for platform in self.platforms)


def _part_reason(package: str, lacking: Sequence[str]) -> PartReason | None:
    """Return why the channel may lack a package, where it lacks what the recipe needed before."""
    if package in lacking:
        return NeededBefore()
    return LacksOther(lacking[0]) if lacking else None
