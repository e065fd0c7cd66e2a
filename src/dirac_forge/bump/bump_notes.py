"""What a person should look at before a bump is merged, as values."""

from __future__ import annotations

from dirac_forge.bump.drift.carried import Carried
from dirac_forge.bump.drift.verification import EditFault
from dirac_forge.bump.extension_lines import ExtensionLeft
from dirac_forge.bump.new_needs import Lack
from dirac_forge.bump.objections import ReleaseNote
from dirac_forge.recipe.editing.notes import EditNote
from dirac_forge.recipe.making.problems import MakingProblem
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftBeside:
    """A line of a file next to the recipe that names the old version, or a source by its old file name."""

    path: str
    line: int
    named: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RespelledSource:
    """A source is at another URL than its pattern says."""

    url: str
    difference: str


@dataclass(frozen=True, kw_only=True, slots=True)
class EnclosedSource:
    """A source that could not be reached, whose file is in the release's sdist."""

    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherMirror:
    """Another URL of a source than the one that its hash was taken from."""

    url: str
    asked: str
    """Where the hash was taken."""
    failed: bool
    """Whether it was asked first, and does not have the file or did not answer; else nobody looked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MovedCommit:
    """A source that was pinned by the commit of the old version's tag, and is by that of the new one's."""

    repository: str
    tag: str
    commit: str


@dataclass(frozen=True, kw_only=True, slots=True)
class UnreadCommits:
    """Tags that could not be read, so that a source stays at its commit."""

    repository: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SecondMoved:
    """A project with a version of its own in the recipe that moved, because the new release requires that version."""

    project: str
    old: str
    new: str
    requirement: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SecondLeft:
    """A project with a version of its own in the recipe that stays where it was."""

    project: str
    version: str
    line: int
    requirement: str = ""
    """The new release's, where it is met or the edit failed; "" if it is not known which version belongs to it."""
    problem: str = ""
    """Why it could not be moved."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NotCarried:
    """A change of upstream's requirements that is only reported."""

    change: Carried


@dataclass(frozen=True, kw_only=True, slots=True)
class RefusedEdit:
    """Requirements were left alone because the edited recipe did not read back as it should."""

    fault: EditFault


@dataclass(frozen=True, kw_only=True, slots=True)
class NotCompared:
    """Requirements were not compared."""

    reason: str = ""
    line: int = 0
    """Of conda-forge.yml, where `inspection: disabled` asks for that."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OnlyHinted:
    """Requirements are reported and not edited, because conda-forge.yml asks for hints."""

    inspection: str
    line: int
    """Of conda-forge.yml."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MovesTogether:
    """Two bumps need each other."""

    key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OlderThanChannel:
    """The recipe at hand makes an older version than the channel has: the feedstock has moved on."""

    feedstock: str
    package: str
    version: str
    """Of the recipe at hand."""
    newest: str
    """The channel's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HelpingDependent:
    """The targets can take the bump only with another one that waits for it."""

    key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NotBuilt:
    """It was not built, since a file next to the recipe is not at hand."""

    missing: str
    """`patches` or `build.sh`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IgnoredKey:
    """A key of the `bot:` section of conda-forge.yml that has no effect here."""

    key: str
    line: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class SecondRecipe:
    """A recipe of the other format next to the one that is edited, which no build reads and nothing here edits."""

    path: str


BumpNote = (
    ReleaseNote
    | IgnoredKey
    | SecondRecipe
    | EditNote
    | LeftBeside
    | RespelledSource
    | EnclosedSource
    | OtherMirror
    | MovedCommit
    | UnreadCommits
    | SecondMoved
    | SecondLeft
    | NotCarried
    | RefusedEdit
    | NotCompared
    | OnlyHinted
    | MovesTogether
    | OlderThanChannel
    | HelpingDependent
    | ExtensionLeft
    | Lack
    | MakingProblem
    | NotBuilt
)
