"""Notes of bumps as sentences without a full stop."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from dirac_forge.bump import bump_notes, objections
from dirac_forge.bump.drift.carried import Carried, CarriedKind, CarriedReason, UnmetRequirement
from dirac_forge.bump.drift.drift_notes import DriftNote
from dirac_forge.bump.drift.verification import EditFault
from dirac_forge.bump.extension_lines import ExtensionFit, ExtensionLeft, ExtensionLine
from dirac_forge.recipe.editing.notes import (
    ArchiveKept,
    CommitKept,
    HashKept,
    MirrorKept,
    NoHash,
    NumberFallen,
    NumberInString,
    NumberUnknown,
    OldHashLeft,
    OldVersionLeft,
)
from dirac_forge.recipe.notes import Note
from dirac_forge.report.document import words
from dirac_forge.report.drift_note_words import drift_note_words
from dirac_forge.report.making_words import worded
from dirac_forge.report.wording import add_words

worded.register(DriftNote, drift_note_words)


@worded.register
def described(change: Carried) -> str:
    """Return one line that is carried over: what, where and upstream's line behind it."""
    if change.before and change.after:
        what = f"{change.before} → {change.after}"
    else:
        what = f"{change.after} added" if change.after else f"{change.before} removed"
    behind = f": {change.evidence}" if change.evidence else ""
    return f"{change.output}, {change.part.replace('_', ' ')}: {what} ({worded(change.reason)}{behind})"


def conda_forge_yml(line: int) -> str:
    """Return the place of a key of a feedstock's conda-forge.yml; `line` is 0 if unknown."""
    return f"conda-forge.yml, line {line}" if line else "conda-forge.yml"


_CARRIED: dict[CarriedKind, str] = {
    "bound-moved": "upstream's bound moved",
    "bound-passed": "upstream's bound moved past the recipe's bound",
    "bound-behind": "the recipe's bound was behind upstream's",
    "asked-now": "{by} requires it now",
    "asked-before": "upstream required it before",
    "dead-condition": "its condition is false for every Python that has builds",
    "no-longer-asked": "{by} no longer asks for it",
    "built-with": "upstream builds with it now",
    "not-built-with": "upstream builds without it now",
    "program-run": "upstream's build runs it now",
    "no-distutils": "Python 3.12 and later have neither distutils nor setuptools",
    "pip-without-setuptools": "conda-forge's pip does not install it with Python {python} or later",
    "stdlib-asked": "conda-forge requires it next to compilers",
    "listed-twice": "another line for the same package is as strict",
    "conditions-gone": "no requirement depends on the platform any more",
    "floor-rose": "upstream's floor rose",
    "floor-higher": "upstream's floor is higher",
    "python-min-asked": "conda-forge requires python_min in noarch recipes",
    "commands-changed": "upstream changed its commands",
    "added": "upstream added it",
    "dropped": "upstream dropped it",
    "licence-changed": "upstream changed its licence",
    "licence-files-changed": "upstream's licence files changed",
    "module-gone": "upstream no longer installs it",
    "new-project": "a new project of the family",
    "required": "upstream requires it",
    "declared": "as upstream declares it",
}


add_words(
    {
        objections.Downgrade: "this is a downgrade: {0.new} was requested, and is older than the recipe's {0.old}",
        objections.UnusualJump: (
            "{0.old} to {0.new} is an unusual jump: check that {0.new} is a release of the same project"
        ),
        bump_notes.NotBuilt: "it was not built: {0.missing} can't be read here",
        OldVersionLeft: "line {0.line} still says {0.version}: {0.text}",
        bump_notes.LeftBeside: "{0.path}, line {0.line} still says {0.named}: {0.text}",
        NumberFallen: (
            "line {0.line}: {0.output} stays at {0.version}, and its build number falls from {0.old} to {0.new}, "
            "because it shares the number with others: give it a separate one"
        ),
        OldHashLeft: "line {0.line} still has the hash of the file of {0.version}",
        NumberUnknown: ("line {0.line}: the build number could not be determined: check that it is reset"),
        MirrorKept: ("line {0.line}: {0.url} has no version in it: check that it serves the new file"),
        bump_notes.SecondRecipe: (
            "{0.path} is a second recipe, which is neither built nor edited: remove it, or the other"
        ),
        bump_notes.RespelledSource: "{0.url}: {0.difference}",
        bump_notes.EnclosedSource: "{0.url} can't be reached: its hash was taken from the same file in the sdist",
        bump_notes.MovedCommit: "{0.repository}: {0.commit} is the commit of its tag {0.tag}",
        bump_notes.UnreadCommits: "{0.repository}: its tags could not be read, so its commit was not updated "
        "({0.reason})",
        bump_notes.SecondMoved: (
            "{0.project} also moves from {0.old} to {0.new}: the new release requires {0.requirement}"
        ),
        bump_notes.MovesTogether: "it must move together with {0.key}: each needs the other",
        bump_notes.OlderThanChannel: "the channel has {0.package} {0.newest}, the recipe here is older ({0.version}): "
        "`dirac-forge sync {0.feedstock}` fetches the newest",
        bump_notes.HelpingDependent: "the targets accept it only together with the bump of {0.key}, which waits for it",
    }
)


@worded.register
def _(reason: CarriedReason) -> str:
    by = f"upstream's extra {reason.extra}" if reason.extra else "upstream"
    return _CARRIED[reason.kind].format(by=by, python=reason.python)


@worded.register
def _(note: Note) -> str:
    return note.sentence


@worded.register
def _(one: UnmetRequirement) -> str:
    lines = f", line{'s' if len(one.lines) > 1 else ''} {words([str(line) for line in one.lines])}" if one.lines else ""
    return f"{one.output}{lines}: {_shortfall(one)}"


def lagging(output: str, shortfalls: Sequence[UnmetRequirement]) -> str:
    """Return one sentence for the requirements of an output that were behind upstream before this release."""
    return f"{output} is still behind upstream, as before: {'; '.join(map(_shortfall, shortfalls))}"


def _shortfall(one: UnmetRequirement) -> str:
    has = f"{one.part} has {words(one.has)}" if one.has else f"{one.part} has no {one.package}"
    places = [f"Python {words(one.pythons)}"] if one.pythons else []
    places += [words(one.platforms)] if one.platforms else []
    asks = f"for {' on '.join(places)} upstream asks" if places else "upstream asks"
    build = ", and a build uses the newest" if one.newest else ""
    return f"{has}; {asks} for {one.evidence}{build}"


@worded.register
def _(note: objections.TriedReleases) -> str:
    if note.version:
        return f"{note.version} exists; {note.host} has no listing, so newer ones can't be ruled out"
    return f"{note.host} has no listing: only the likely next versions were tried, so newer ones can't be ruled out"


@worded.register
def _(note: objections.NotListed) -> str:
    if note.certain:
        return f"{note.source} does not list {note.version}, which was requested"
    if note.message:
        return f"whether {note.source} lists {note.version} is not known: {note.message}"
    return f"whether {note.source} lists {note.version} was not checked: with --to, only indexes are queried"


@worded.register
def _(note: objections.AskedAnyway) -> str:
    return f"{note.version} was requested; without --to it would be skipped: {worded(note.reason)}"


@worded.register
def _(reason: objections.TooYoung) -> str:
    what = "released" if reason.released else "seen first"
    until = f"{reason.since + reason.cooldown:%Y-%m-%d %H:%M} UTC"
    age = _span(reason.cooldown)
    return (
        f"{what} on {reason.since:%Y-%m-%d}: waits until {until}, because `cooldown` requires releases to be {age} old"
    )


def _span(span: timedelta) -> str:
    hours = span.total_seconds() / 3600
    return f"{span.days} day{'s' if span.days > 1 else ''}" if hours % 24 == 0 and span.days else f"{hours:g} h"


@worded.register
def _(note: CommitKept) -> str:
    if note.revision is None:
        return f"line {note.line}: {note.repository} is checked out without a tag or commit, so it did not move"
    return f"line {note.line}: {note.repository} is still checked out at {note.revision}"


@worded.register
def _(note: ArchiveKept) -> str:
    return f"line {note.line}: {note.url} is still the archive of the same commit: check whether it has to move"


@worded.register
def _(note: NoHash) -> str:
    if note.moved:
        return f"line {note.line}: {note.url} has no hash, so the file was not checked: add its sha256"
    return f"line {note.line}: {note.url} has neither a version nor a hash, so it may be the wrong file: check it"


@worded.register
def _(note: NumberInString) -> str:
    what = f"the build string of {note.output} is still {note.string}, but the build number is {note.number}"
    return f"line {note.line}: {what}: update the string"


@worded.register
def _(note: HashKept) -> str:
    if note.kind:
        return f"line {note.line}: this {note.kind} was not updated: bump renews only hashes of files"
    return f"line {note.line}: this hash was not updated: no build that is known here uses it, or its file is missing"


_FAULTS = {
    "unreadable": "it could no longer be read: {0.text}",
    "other-output": "on {0.platform} an output would have another name, version, build number or source",
    "no-output": "on {0.platform} there would be no {0.text}",
    "lost": "{0.output}, {0.section}: it lost {0.text}, which is not carried over",
    "gained": "{0.output}, {0.section}: it gained {0.text}, which is not carried over",
    "kept": "{0.output}: {0.text} is still in the text",
    "absent": "{0.output}: {0.text} is not in the text",
    "emptied": "`{0.text}` would have no value",
}


@worded.register
def _(note: bump_notes.OtherMirror) -> str:
    problem = "could not be fetched" if note.failed else "was not looked at"
    return f"{note.url} {problem}: the hash is from {note.asked}"


@worded.register
def _(fault: EditFault) -> str:
    return _FAULTS[fault.kind].format(fault)


@worded.register
def _(note: bump_notes.RefusedEdit) -> str:
    return f"requirements were not edited, because the edited recipe was wrong: {worded(note.fault)}"


@worded.register
def _(note: bump_notes.SecondLeft) -> str:
    stays = f"line {note.line}: {note.project} has its own version and stays at {note.version}"
    if note.problem and note.requirement:
        return f"{stays}, though the new release requires {note.requirement}: {note.problem}"
    if note.requirement:
        return f"{stays}, which the new release requires ({note.requirement})"
    if note.problem:
        return f"{stays}; the version for the new release is unknown: {note.problem}"
    return f"{stays}; the version for the new release is unknown: check whether it has to move"


@worded.register
def _(note: bump_notes.NotCarried) -> str:
    return f"not updated: {described(note.change)}"


@worded.register
def _(note: bump_notes.NotCompared) -> str:
    asked = f"{conda_forge_yml(note.line)} disables it (inspection: disabled)"
    return f"requirements were not compared: {note.reason or asked}"


@worded.register
def _(note: bump_notes.OnlyHinted) -> str:
    return f"requirements are not edited, because {conda_forge_yml(note.line)} has inspection: {note.inspection}"


@worded.register
def _(note: bump_notes.IgnoredKey) -> str:
    return f"{note.key} has no effect here: static libraries are not updated ({conda_forge_yml(note.line)})"


@worded.register
def _(fit: ExtensionFit) -> str:
    return f"{_line(fit.line)}: {fit.new} belongs to it"


@worded.register
def _(note: ExtensionLeft) -> str:
    return f"{_line(note.line)}: it accepts {note.old} but not {note.new}"


def _line(line: ExtensionLine) -> str:
    """Return `lhcbdirac v10.2 (10.2.3) needs dirac-grid >=7.3,<7.4`."""
    names = (line.extension, line.branch, f"({line.version})" if line.version else "")
    return f"{' '.join(filter(None, names))} needs {line.package} {line.spec}"
