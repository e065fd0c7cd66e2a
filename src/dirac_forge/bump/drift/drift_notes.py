"""Values: what a person should know about the requirements of a bump, or has to edit by hand."""

from __future__ import annotations

from typing import Literal

from dirac_forge.recipe.notes import Fact, Level
from dirac_forge.values import dataclass

DriftNoteKind = Literal[
    "add-by-hand",
    "backport",
    "bound-not-compared",
    "bound-of-maintainers",
    "built-with-too",
    "built-without",
    "commands-new",
    "commands-unknown",
    "command-of-maintainers",
    "extra-changed",
    "extra-open",
    "host-without-pip",
    "host-without-setuptools",
    "imports-gone",
    "languages-new",
    "languages-new-rust",
    "libraries-new",
    "licence-changed",
    "licence-differs",
    "licence-files-gone",
    "licence-unknown",
    "may-become-noarch",
    "modules-gone",
    "newcomer",
    "no-project",
    "old-pythons",
    "platforms-needless",
    "python-admitted",
    "python-admitted-noarch",
    "python-ceiling",
    "python-ceiling-of-maintainers",
    "python-floor-fell",
    "python-floor-kept",
    "python-floor-lower",
    "python-min-test",
    "python-min-unset",
    "python-raise-by-hand",
    "python-skips",
    "python-unknown",
    "remove-by-hand",
    "remove-by-hand-was",
    "required-elsewhere",
    "requirement-malformed",
    "requirements-computed",
    "sdist-missing",
    "some-systems",
    "sources-new",
    "stdlib-by-hand",
    "stdlib-not-asked",
    "systems-stay",
    "test-tool",
    "unmet-unknown",
    "upstream-unread",
    "url-required",
    "version-not-asked",
    "write-by-hand",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class DriftNote:
    """Something that is only reported; `todo` where a line has to be edited by hand."""

    level: Level
    kind: DriftNoteKind
    output: str = ""
    """The output that it is about; "" for the recipe."""
    line: int = 0
    """Of the recipe before it is edited, from 1; 0 for no single line."""
    facts: tuple[tuple[str, Fact], ...] = ()
