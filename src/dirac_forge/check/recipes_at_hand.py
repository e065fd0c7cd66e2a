"""The recipes of a workspace that make what no channel has yet: proposals that may unblock another one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from rattler import Version

from dirac_forge.check.prover import Prover
from dirac_forge.check.subjects import Subject
from dirac_forge.errors import InputError
from dirac_forge.feedstock.workspace import FeedstockFolder


class RecipesAtHand:
    """Recipes by the names of their folders; those that the channel has already are not proposals."""

    def __init__(self, prover: Prover, folders: Iterable[FeedstockFolder]) -> None:
        """Read nothing yet."""
        self._prover = prover
        self._folders = {folder.name: folder for folder in folders}
        self._read: dict[str, Subject | None] = {}

    def making(self, packages: Collection[str]) -> list[str]:
        """Return the recipes that make one of these packages, newer than the channel has it.

        Raises:
            UnknownError: the channel can't be read.
        """
        return [
            name
            for name, folder in self._folders.items()
            if any(package in text for package in packages for text in folder.readable_texts.values())
            and (subject := self._subject(folder)) is not None
            and not subject.provides.keys().isdisjoint(packages)
            and self._is_new(subject)
        ]

    def subjects(self, keys: Sequence[str]) -> list[Subject]:
        """Return these recipes."""
        found = (self._subject(self._folders[key]) for key in keys)
        return [subject for subject in found if subject is not None]

    def _subject(self, folder: FeedstockFolder) -> Subject | None:
        """Return the recipe, or None if it can't be read, for then it helps nobody."""
        if folder.name not in self._read:
            prover = self._prover
            try:
                subject = Subject(
                    folder.name,
                    folder.read(),
                    channel=prover.channel,
                    pinning=prover.pinning,
                    platforms=prover.platforms,
                )
                _ = subject.provides
            except InputError:
                self._read[folder.name] = None
            else:
                self._read[folder.name] = subject
        return self._read[folder.name]

    def _is_new(self, subject: Subject) -> bool:
        """Whether some package has a version or build number that no channel has."""
        try:
            built = self._prover.built([subject])
        except InputError:
            return False
        for record in (one.record for one in built):
            for platform in self._prover.platforms if record.noarch else (record.subdir,):
                newest = self._prover.channel.index(platform).newest(record.name)
                mine = (Version(record.version), record.build_number)
                if newest is None or mine > (Version(newest.version), newest.build_number):
                    return True
        return False
