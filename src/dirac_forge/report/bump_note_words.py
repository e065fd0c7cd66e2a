"""Notes of bumps as sentences without a full stop."""

from __future__ import annotations

from dirac_forge.bump import bump_notes, objections
from dirac_forge.bump.drift.carried import Carried, CarriedKind, CarriedReason
from dirac_forge.bump.extension_lines import ExtensionFit, ExtensionLeft, ExtensionLine
from dirac_forge.recipe.editing.notes import CommitKept, HashKept, OldVersionLeft
from dirac_forge.recipe.model import Note
from dirac_forge.report.wording import worded

__all__ = ["conda_forge_yml", "described"]


def described(change: Carried) -> str:
    """Return one line that is carried over: what, where and upstream's line behind it."""
    if change.before and change.after:
        what = f"{change.before} → {change.after}"
    else:
        what = f"{change.after} added" if change.after else f"{change.before} removed"
    behind = f": {change.evidence}" if change.evidence else ""
    return f"{change.output}, {change.part.replace('_', ' ')}: {what} ({worded(change.reason)}{behind})"


def conda_forge_yml(line: int) -> str:
    """Return the place of a key of a feedstock's conda-forge.yml; `line` is 0 where it is not known."""
    return f"conda-forge.yml, line {line}" if line else "conda-forge.yml"


_CARRIED: dict[CarriedKind, str] = {
    "bound-moved": "upstream's bound moved",
    "bound-passed": "upstream's bound moved past the recipe's own",
    "bound-behind": "the recipe's bound was behind upstream's",
    "asked-now": "{by} asks for it now",
    "asked-before": "upstream asked for it before",
    "no-longer-asked": "{by} no longer asks for it",
    "built-with": "upstream builds with it now",
    "not-built-with": "upstream builds without it now",
    "program-run": "upstream's build runs it now",
    "no-distutils": "Python 3.12 and later have neither distutils nor setuptools",
    "pip-without-setuptools": "conda-forge's pip does not install it with Python {python} or later",
    "stdlib-asked": "conda-forge asks for it beside compilers",
    "listed-twice": "another line for the same package asks for as much",
    "floor-rose": "upstream's floor rose",
    "floor-higher": "upstream's floor is higher",
    "python-min-asked": "conda-forge asks noarch recipes for python_min",
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


@worded.register
def _(reason: CarriedReason) -> str:
    by = f"upstream's extra {reason.extra}" if reason.extra else "upstream"
    return _CARRIED[reason.kind].format(by=by, python=reason.python)


@worded.register
def _(note: Note) -> str:
    return note.sentence


@worded.register
def _(note: objections.TriedReleases) -> str:
    if note.version:
        return f"{note.version} exists; {note.host} lists nothing, so newer ones can't be ruled out"
    return f"{note.host} lists nothing: only the likely next versions were tried, so newer ones can't be ruled out"


@worded.register
def _(note: objections.Downgrade) -> str:
    return f"this is a downgrade: {note.new} was asked for, and is older than the recipe's {note.old}"


@worded.register
def _(note: objections.UnusualJump) -> str:
    return f"{note.old} to {note.new} is an unusual jump: check that {note.new} is the next release of the same thing"


@worded.register
def _(note: bump_notes.NotBuilt) -> str:
    return f"it was not built: its {note.missing} can't be read here"


@worded.register
def _(note: OldVersionLeft) -> str:
    return f"line {note.line} still says {note.version}: {note.text}"


@worded.register
def _(note: CommitKept) -> str:
    return f"line {note.line}: {note.repository} is still checked out at {note.revision}"


@worded.register
def _(note: HashKept) -> str:
    return (
        f"line {note.line}: this hash was left, because no build of the feedstock checks it and its file is not there"
    )


@worded.register
def _(note: bump_notes.RespelledSource) -> str:
    return f"{note.url}: {note.difference}"


@worded.register
def _(note: bump_notes.EnclosedSource) -> str:
    return f"{note.url} can't be reached: its hash is that of the same file in the sdist"


@worded.register
def _(note: bump_notes.MovedCommit) -> str:
    return f"{note.repository}: {note.commit} is the commit of its tag {note.tag}"


@worded.register
def _(note: bump_notes.UnreadCommits) -> str:
    return f"{note.repository}: its tags could not be read, so its commit stays ({note.reason})"


@worded.register
def _(note: bump_notes.SecondMoved) -> str:
    return f"{note.project} moves along from {note.old} to {note.new}: the new release requires {note.requirement}"


@worded.register
def _(note: bump_notes.SecondLeft) -> str:
    stays = f"line {note.line}: {note.project} has a version of its own and stays at {note.version}"
    if note.problem:
        return f"{stays}, though the new release requires {note.requirement}: {note.problem}"
    if note.requirement:
        return f"{stays}, which the new release requires ({note.requirement})"
    return f"{stays}; nothing says which version belongs to the new release: check whether it has to move"


@worded.register
def _(note: bump_notes.NotCarried) -> str:
    return f"not carried over: {described(note.change)}"


@worded.register
def _(note: bump_notes.RefusedEdit) -> str:
    return f"requirements were left alone, because the edited recipe was not right: {note.fault}"


@worded.register
def _(note: bump_notes.NotCompared) -> str:
    asked = f"{conda_forge_yml(note.line)} asks for that (inspection: disabled)"
    return f"requirements were not compared: {note.reason or asked}"


@worded.register
def _(note: bump_notes.IgnoredKey) -> str:
    return f"{note.key} has no effect here: static libraries are not moved ({conda_forge_yml(note.line)})"


@worded.register
def _(note: bump_notes.MovesTogether) -> str:
    return f"it moves together with {note.key}: each needs the other"


@worded.register
def _(note: bump_notes.HelpingDependent) -> str:
    return f"the targets can take it only with the bump of {note.key}, which waits for it"


@worded.register
def _(fit: ExtensionFit) -> str:
    return f"{_line(fit.line)}: {fit.new} belongs to it"


@worded.register
def _(note: ExtensionLeft) -> str:
    return f"{_line(note.line)}: it takes {note.old} and not {note.new}"


def _line(line: ExtensionLine) -> str:
    """Return `lhcbdirac v10.2 (10.2.3) needs dirac-grid >=7.3,<7.4`."""
    names = (line.extension, line.branch, f"({line.version})" if line.version else "")
    return f"{' '.join(filter(None, names))} needs {line.package} {line.spec}"
