"""The licence of an output, and the files of its sources that hold it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from dirac_forge.recipe.licences.decision import LicenceDecision, decide
from dirac_forge.recipe.licences.others import other_licences
from dirac_forge.recipe.making.sources import ChosenSource
from dirac_forge.recipe.notes import Note, NoteKind, note
from dirac_forge.upstream.files.facts import ReleaseFacts, SdistFacts
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class LicenceFile:
    """A licence file from the project's repository, for a release whose sdist has none."""

    url: str
    sha256: str | None
    name: str
    text: str = ""


def has_files(facts: ReleaseFacts, source: ChosenSource) -> bool:
    """Return whether the files of the source were looked at."""
    return facts.sdist is not None or bool(source.unpacked)


def licence_of(
    facts: ReleaseFacts, source: ChosenSource, fetched: LicenceFile | None, *, crates: Sequence[str]
) -> LicenceDecision:
    """Return the licence, with all files of the source that hold one: of the sdist, or of the wheel that is unpacked.

    `crates` are the files that the build writes with the licences of crates.
    """
    decision = _decided(facts, source, fetched)
    files = [path for path in decision.files if "@{" not in path]
    notes: tuple[Note, ...] = ()
    if source.unpacked:
        files = [f"{source.unpacked}{path}" for path in _in_wheel(facts, files)]
    elif facts.sdist is not None:
        others, notes = _of_others(facts, facts.sdist, files)
        files += others
    return replace(decision, files=(*files, *crates), notes=(*decision.notes, *notes))


def not_said_yet(notes: Iterable[Note], said: Iterable[Note]) -> list[Note]:
    """Return the notes on a licence but for one on a missing file, if its repository was already asked for it."""
    asked = any(one.kind in {NoteKind.REPOSITORY_NOT_ASKED, NoteKind.NO_LICENCE_AT_TAG} for one in said)
    return [one for one in notes if not (asked and one.kind == NoteKind.NO_LICENCE_FILE)]


def _decided(facts: ReleaseFacts, source: ChosenSource, fetched: LicenceFile | None) -> LicenceDecision:
    sdist = facts.sdist if not source.unpacked else None
    wheel_texts = facts.wheel.license_texts if facts.wheel is not None else {}
    texts = dict(wheel_texts) if source.unpacked else dict(sdist.texts) if sdist is not None else {}
    if fetched is not None:
        texts[fetched.name] = fetched.text
    return decide(
        facts.metadata,
        texts,
        wheel_texts=wheel_texts,
        headers=sdist.headers if sdist is not None else {},
        members=sdist.members if sdist is not None else (),
        has_source=has_files(facts, source),
    )


def _of_others(facts: ReleaseFacts, sdist: SdistFacts, own: Sequence[str]) -> tuple[list[str], tuple[Note, ...]]:
    """Return the licences of code of others that is packaged, and a note on those of code that may be."""
    installed = facts.wheel.members if facts.wheel is not None else ()
    others = other_licences(own, sdist.texts, sdist.members, installed)
    perhaps = [path for path in others.perhaps if "@{" not in path]
    notes = (note("warning", NoteKind.LICENCES_OF_OTHERS, files=perhaps),) if perhaps else ()
    return [path for path in others.packaged if "@{" not in path], notes


def _in_wheel(facts: ReleaseFacts, paths: Sequence[str]) -> list[str]:
    """Return where licence files are below the wheel's .dist-info folder."""
    members = facts.wheel.members if facts.wheel is not None else ()
    below = {member.partition(".dist-info/")[2] for member in members}
    places = (f"{folder}{path}" for path in paths for folder in ("licenses/", "license_files/", ""))
    return [place for place in places if place in below]
