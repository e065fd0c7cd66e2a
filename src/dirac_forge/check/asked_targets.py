"""What a user asks about: targets of the settings by name, package specs, and files."""

from __future__ import annotations

from collections.abc import Sequence

from dirac_forge.check.configured import configured_targets
from dirac_forge.check.files.kinds import read_targets
from dirac_forge.check.targets import Target
from dirac_forge.progress import Observer
from dirac_forge.settings import Settings


def asked_targets(settings: Settings, asked: Sequence[str], observer: Observer) -> tuple[Target, ...]:
    """Return the targets of these names, specs and files, each once; all of the settings if nothing is asked.

    What a file has and is left out is a warning.

    Raises:
        InputError: a file can't be read or is of another kind, or a spec can't be parsed.
    """
    known = configured_targets(settings)
    found: list[Target] = []
    for text in dict.fromkeys(asked or known):
        named = known.get(text)
        found += [named] if named else read_targets(text, platforms=settings.platforms, pythons=settings.pythons)
    for note in dict.fromkeys(note for target in found for note in target.notes):
        observer.warned(note)
    return tuple(found)
