"""What the making of recipes asks: an index for releases, and channels for what projects are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from packaging.specifiers import SpecifierSet

from dirac_forge.channel.listing import Catalogue, Listing
from dirac_forge.channel.names import Mapped, candidates, package_for, package_for_extra
from dirac_forge.recipe.making.licence_files import LicenceFile
from dirac_forge.recipe.notes import Note
from dirac_forge.upstream.files.facts import CoreMetadata, ReleaseFacts
from dirac_forge.values import dataclass


class Upstream(Protocol):
    """What is asked of an index; every method may be called from any thread and raises ForgeError."""

    def metadata(self, project: str, specifiers: SpecifierSet) -> CoreMetadata:
        """Return the metadata of the newest release that satisfies the specifiers."""
        ...

    def facts(self, project: str, specifiers: SpecifierSet) -> ReleaseFacts:
        """Return everything about that release."""
        ...

    def licence(self, facts: ReleaseFacts) -> LicenceFile | Note | None:
        """Return a licence file from the repository where the sdist has none; a note where that could not be asked."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelNames:
    """What projects and their extras are called in the channels."""

    catalogue: Catalogue
    overrides: Mapping[str, str]
    """The workspace's names."""

    def listing(self, projects: Iterable[str]) -> Listing:
        """Return what the channels have under every name that these projects may have; asked at once, and once."""
        return self.catalogue.info({n for p in projects for n in candidates(p, overrides=self.overrides)})

    def mapped(self, project: str) -> Mapped:
        """Return the package of a project, and how its name is known."""
        return package_for(project, overrides=self.overrides, catalogue=self.listing([project]))

    def bundled(self, project: str, extra: str) -> str | None:
        """Return the package that holds a project with an extra, None where there is none."""
        return package_for_extra(project, extra, catalogue=self.listing([project]))
