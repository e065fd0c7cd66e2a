"""A bump, or a new recipe, as the order and the proof look at it: what it builds now and before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal

from dirac_forge.bump.drift.merge import Drift
from dirac_forge.bump.merge_order import Move, NewNeed
from dirac_forge.bump.proposal import Bump
from dirac_forge.channel.index import parsed
from dirac_forge.channel.names import known_elsewhere
from dirac_forge.channel.solver import Channel
from dirac_forge.check.building import host_spec
from dirac_forge.check.overlay_check import migrations_of
from dirac_forge.feedstock.change import Change
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.feedstock.variants import Variant, VariantRecipe, rendered_variants
from dirac_forge.feedstock.workspace import FeedstockFolder, recipe_of
from dirac_forge.recipe.making.hosts import BACKENDS
from dirac_forge.recipe.reading.recipe_text import ReadOutput, RenderedRecipe

__all__ = ["Candidate", "key_of"]

Side = Literal["old", "new"]
_Asked = tuple[str, str, str, str]
_SECTIONS: tuple[Literal["build", "host", "run"], ...] = ("build", "host", "run")


def key_of(feedstock: str, branch: str | None) -> str:
    """How the order calls a feedstock: by name, other branches with theirs."""
    return feedstock if branch in (None, "main") else f"{feedstock}@{branch}"


class Candidate:
    """One recipe with a proposal's edits, and without; each is read and rendered once."""

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
        """`platforms` are those that are looked at; the recipe's own `noarch_platforms` come on top."""
        self.key = key
        self.new = new
        self.old = old
        self.drift = drift
        self.platforms = tuple(platforms)
        self._channel = channel
        self._pinning = pinning
        self._rendered: dict[tuple[Side, str], list[tuple[Variant, RenderedRecipe]]] = {}

    @classmethod
    def of_bump(
        cls, folder: FeedstockFolder, bump: Bump, *, channel: Channel, pinning: Pinning | None, platforms: Sequence[str]
    ) -> Candidate:
        """A bump of a feedstock. Raises RecipeError and ForgeConfigError."""
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
        """A new recipe. Raises RecipeError and ForgeConfigError."""
        recipe = next(edit for edit in change.edits if edit.path.startswith("recipe/"))
        texts = {edit.path: edit.after for edit in (recipe, *change.edits) if edit.after is not None}
        read = recipe_of(texts, root=Path(change.feedstock))
        return cls(change.feedstock, read, channel=channel, pinning=pinning, platforms=platforms)

    def recipe(self, side: Side) -> VariantRecipe | None:
        """The recipe before or after; None for one that is new."""
        return self.new if side == "new" else self.old

    def enabled(self, side: Side = "new") -> tuple[str, ...]:
        """The platforms that it is built on and for, of those that are looked at."""
        recipe = self.recipe(side)
        if recipe is None:
            return ()
        mine = {one.platform for one in recipe.forge.platforms}
        wanted = [platform for platform in self.platforms if platform in mine]
        return tuple(dict.fromkeys((*wanted, *recipe.forge.noarch_platforms)))

    def rendered(self, side: Side, platform: str) -> list[tuple[Variant, RenderedRecipe]]:
        """The variants of a platform that make something there. Raises InputError, UnknownError."""
        recipe = self.recipe(side)
        if recipe is None:
            return []
        if (side, platform) not in self._rendered:
            migrations = migrations_of(self._channel, recipe, platform, self._pinning)
            found = rendered_variants(recipe, self._pinning, migrations, platform=platform)
            noarch_here = platform in recipe.forge.noarch_platforms
            self._rendered[side, platform] = [
                (variant, one)
                for variant, one in found
                if noarch_here or any(output.noarch is None for output in one.packages)
            ]
        return self._rendered[side, platform]

    @cached_property
    def provides(self) -> Mapping[str, str]:
        """Package to version, as the recipe makes them now."""
        return {output.name: output.version for output in self._outputs("new")}

    def built_with(self, side: Side) -> set[str]:
        """Packages that its outputs have in build or host."""
        return {package for _, section, package, _ in self._asked(side) if section != "run"}

    def move(self) -> Move:
        """What the order needs to know of it."""
        had = {output.name: output.version for output in self._outputs("old")}
        return Move(key=self.key, needs=tuple(self._needs()), provides=self.provides, had=had)

    def _outputs(self, side: Side) -> Iterator[ReadOutput]:
        for platform in self.enabled(side):
            for _, rendered in self.rendered(side, platform):
                for output in rendered.packages:
                    if output.skip is not True and (output.noarch is None or self._is_noarch_platform(side, platform)):
                        yield output

    def _is_noarch_platform(self, side: Side, platform: str) -> bool:
        recipe = self.recipe(side)
        return recipe is not None and platform in recipe.forge.noarch_platforms

    def _asked(self, side: Side) -> dict[_Asked, None]:
        recipe = self.recipe(side)
        if recipe is None:
            return {}
        return {
            (output.name, section, need.name, host_spec(need, recipe.text.format)): None
            for output in self._outputs(side)
            for section in _SECTIONS
            for need in output.of(section)
            if need.kind == "package" and need.name and need.condition is None
        }

    def _needs(self) -> Iterator[NewNeed]:
        """Requirements that were not there before, or with another version."""
        before = self._asked("old")
        for asked in self._asked("new"):
            if asked in before:
                continue
            output, section, package, spec = asked
            read = parsed(f"{package} {spec}".strip())
            line = self._line(output, section, package)
            yield NewNeed(
                package=package,
                spec=str(read.version) if read is not None and read.version is not None else "",
                output=output,
                section=section,  # type: ignore[arg-type]
                project=line[0],
                optional=line[1],
                partial=self._missing_before(before, output, section) or self._known(package),
            )

    def _line(self, output: str, section: str, package: str) -> tuple[str, bool]:
        """Project, and whether upstream can do without, where the requirement was carried over."""
        changes = self.drift.changes if self.drift is not None else ()
        mine = [one for one in changes if one.package == package and one.part == section]
        exact = [one for one in mine if one.output == output] or mine
        return (exact[0].project, exact[0].optional) if exact else ("", False)

    def _known(self, package: str) -> str:
        """Why a snapshot may lack a package that is there elsewhere."""
        if self._channel.remote:
            return ""
        return f"conda-forge has {package}" if package in BACKENDS.values() else known_elsewhere(package)

    def _missing_before(self, before: Iterable[_Asked], output: str, section: str) -> str:
        """A package that the output needed before and that no channel has, in words: then the channel is a part."""
        before = list(before)
        own = [one for one in before if one[0] == output] or before
        names = dict.fromkeys(name for _, part, name, _ in own if (part == "run") == (section == "run"))
        made = self.provides
        self._channel.index(self.platforms[0]).prefetch(names)
        for name in names:
            if name not in made and not any(
                self._channel.index(platform).group(name).records for platform in self.platforms
            ):
                return f"the channel lacks {name} too, which the recipe needed before"
        return ""
