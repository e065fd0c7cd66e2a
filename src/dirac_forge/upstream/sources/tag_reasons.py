"""Why a tag, or another name of a release, is not a version of a project."""

from __future__ import annotations

from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class OverlongTag:
    """The tag is far too long for a version."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NotDiracTag:
    """The project's tags are `vXrYpZ`, and this one is not."""

    tag: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherSpelling:
    """The tag has a number, and is not spelled like the recipe's own."""

    tag: str
    example: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NoVersionTag:
    """The tag has nothing that could be a version."""

    tag: str


@dataclass(frozen=True, kw_only=True, slots=True)
class UnorderedName:
    """The name of the release has no known order."""

    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnTagMismatch:
    """The tag that the recipe uses does not spell its version."""

    tag: str
    version: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NoTags:
    """The repository has no tags."""

    place: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NoOwnTag:
    """The repository has no tag of the recipe's version, so the format of its tags is unknown."""

    place: str
    version: str


TagReason = (
    OverlongTag | NotDiracTag | OtherSpelling | NoVersionTag | UnorderedName | OwnTagMismatch | NoTags | NoOwnTag
)
