"""Values: why a project is called as it is in the channel."""

from __future__ import annotations

from enum import Enum

from dirac_forge.values import dataclass


class NameKind(Enum):
    """What tells a name, with `{package}`, `{by}` and `{other}` for what it is about."""

    SETTING = "the workspace's settings say so"
    CONVENTION = "conda-forge's convention is {package}"
    CONVENTION_BECAUSE = "conda-forge's convention is {package}: {by}"
    GRAYSKULL = "grayskull's table says {package}"
    NO_TABLE = "no table has it"
    CHANNEL_HAS = "{by} has {package}"
    CHANNEL_HAS_PYTHON = "{by} has a Python package {package}"
    CHANNEL_HAS_NEWER = "{by} has {package}, newer than {other}"
    CHANNEL_LACKS = "the channel has no {package}"
    CHANNEL_LACKS_SPELLINGS = (
        "the channel has no package of this name in any spelling, so it may be spelled with -, _ or ."
    )
    CHANNEL_HAS_SIMILAR = "the channel has no package of this name, but one with a similar name"
    NEW = "the channel has no package of this name; a new one would have it"
    NOT_ASKED = "no channel was queried"
    UNREAD = "some channels could not be read"
    PART = "the channel is a partial snapshot, which does not have it"
    EMBEDDED = "the embedded snapshot, a part of conda-forge, does not have it"
    NAMESAKE = "the package {package} is {by}"
    NAMESAKE_OF_SOMETHING = "the package {package} is something else than this project"
    STEM = "{package} is {by} with its libraries inside, as its name says"
    REQUIRED_BY = "conda-forge has {package}, which requires it"


@dataclass(frozen=True, kw_only=True, slots=True)
class NameReason:
    """One thing that tells how a project is called in the channel."""

    kind: NameKind
    package: str = ""
    """The package that it is about."""
    by: str = ""
    """Who says or has it: a channel, another project, a table's own reason."""
    other: str = ""
    """The package that it is compared with."""

    @property
    def text(self) -> str:
        """The reason in words: a clause."""
        return self.kind.value.format(package=self.package, by=self.by, other=self.other)
