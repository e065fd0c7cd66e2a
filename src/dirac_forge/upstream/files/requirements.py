"""Requirements (PEP 508) as metadata declares them: parsed once, when they are read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property, lru_cache

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from dirac_forge.errors import InputError
from dirac_forge.untrusted import parse_version
from dirac_forge.values import dataclass

_LONG = 50_000
_NESTED = 100
_MOST_LINES = 5_000
"""Requirements of one release; the largest on PyPI have some thousand, for their extras."""
_DIGITS = re.compile(r"\d{300}")
"""CPython refuses to turn more than 4300 digits into a number."""


class DeclaredRequirement(Requirement):
    """A requirement and the line that declares it."""

    line: str
    """As upstream wrote it."""
    standard: bool
    """Whether the line follows PEP 508; False for what only old tools accept (`foo >= 3.6.*`)."""

    def __init__(self, line: str) -> None:
        """Read `line`; raises InvalidRequirement if it is not a requirement in any spelling, or has no version."""
        try:
            super().__init__(line)
            self.standard = True
        except InvalidRequirement:
            super().__init__(_modernised(line))
            self.standard = False
        try:
            _of_versions(self.specifier)
        except InvalidSpecifier as error:
            raise InvalidRequirement(str(error)) from error
        self.line = line

    @property
    def for_extra(self) -> bool:
        """Whether the marker names an extra."""
        return self.marker is not None and "extra" in str(self.marker)

    def __reduce__(self) -> tuple[type[DeclaredRequirement], tuple[str]]:
        return type(self), (self.line,)


def _modernised(line: str) -> str:
    """Return the line in the spelling of PEP 508; raises InvalidRequirement where there is no sound reading."""
    head, _, marker = line.partition(";")
    match = re.fullmatch(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*([^@]*)", head)
    if match is None:
        raise InvalidRequirement("expected a name, extras, a version specifier, a marker")
    name, extras, specifiers = match.groups()
    try:
        return f"{name}{extras or ''}{read_specifiers(specifiers)}{';' + marker if marker else ''}"
    except InputError as error:
        raise InvalidRequirement(error.message) from error


def read_specifiers(text: str) -> SpecifierSet:
    """Parse version specifiers as metadata has them: `>=v0.0.1`, `(>=1.0)`, `>=3.6.*`.

    Raises InputError if no reading of the text is sound.
    """
    plain = re.sub(r"(?<=[<>=!~\s])v(?=\d)", "", text.strip().removeprefix("(").removesuffix(")"))
    # Old tools accept `>=3.6.*` and read it as `>=3.6`; only `==` and `!=` may end so.
    for spelling in (plain, re.sub(r"((?:^|,)\s*(?:[<>]=?|~=)\s*[^,*]+?)\.\*", r"\1", plain)):
        if not _DIGITS.search(spelling):
            try:
                return _of_versions(SpecifierSet(spelling))
            except InvalidSpecifier:
                continue
    raise InputError(f"{shortened(text)} is not a version specifier: expected clauses such as '>=1.2,<3' (PEP 440)")


def _of_versions(specifiers: SpecifierSet) -> SpecifierSet:
    """Return the specifiers; raises InvalidSpecifier for `===` with a text that is not a version (`===$(id)`)."""
    for clause in specifiers:
        if clause.operator == "===" and parse_version(clause.version) is None:
            raise InvalidSpecifier(f"{shortened(clause.version)} is not a version")
    return specifiers


def exactly(version: str) -> SpecifierSet:
    """Return the specifiers that only `version` satisfies; raises InputError if it is not a version of PEP 440."""
    parsed = parse_version(version)
    if parsed is None:
        raise InputError(f"{shortened(version)} is not a version as PEP 440 has them")
    return SpecifierSet(f"=={parsed}")


@lru_cache(maxsize=20_000)
def parse_requirement(line: str) -> DeclaredRequirement:
    """Parse one requirement; raises InputError if the line can't be read, or is longer or deeper than any is."""
    try:
        if len(line) > _LONG or line.count("(") > _NESTED or _DIGITS.search(line):
            raise InputError(f"{shortened(line)} is not a requirement: it is too long or nested too deeply")
        return DeclaredRequirement(line)
    except InvalidRequirement as error:
        raise InputError(
            f"{shortened(line)} is not a requirement: {str(error).splitlines()[0].removesuffix(' (PEP 440)')} (PEP 508)"
        ) from error


@dataclass(frozen=True)
class RequirementList:
    """Requirements in the order in which they are declared; iterating yields those that can be read."""

    lines: tuple[str, ...] = ()
    """As upstream wrote them."""

    @cached_property
    def readable(self) -> tuple[DeclaredRequirement, ...]:
        """The requirements that can be read."""
        return self._parsed[0]

    @cached_property
    def problems(self) -> tuple[str, ...]:
        """Why the other lines can't be read, one sentence each."""
        return self._parsed[1]

    @cached_property
    def _parsed(self) -> tuple[tuple[DeclaredRequirement, ...], tuple[str, ...]]:
        readable, problems = [], []
        for line in self.lines[:_MOST_LINES]:
            try:
                readable.append(parse_requirement(line))
            except InputError as error:
                problems.append(error.message)
        if len(self.lines) > _MOST_LINES:
            problems.append(f"{len(self.lines)} requirements: only the first {_MOST_LINES} are read")
        return tuple(readable), tuple(problems)

    def __iter__(self) -> Iterator[DeclaredRequirement]:
        return iter(self.readable)

    def __len__(self) -> int:
        return len(self.lines)

    def __add__(self, other: RequirementList) -> RequirementList:
        return RequirementList((*self.lines, *other.lines))


def with_marker(requirement: str, marker: str, extra: str = "") -> str:
    """Return the line of `requirement` under `marker` and for `extra`, joined with the marker that it already has."""
    body, _, own = requirement.partition(";")
    parts = [part.strip() for part in (own, marker) if part.strip()]
    if extra or len(parts) > 1:
        parts = [f"({part})" if " or " in part else part for part in parts]
    if extra:
        parts.append(f'extra == "{extra}"')
    end = " ;" if "@" in body else ";"  # a URL goes on to the next blank (PEP 508)
    return f"{body.strip()}{end} {' and '.join(parts)}" if parts else body.strip()


def shortened(text: str) -> str:
    """Quote `text` for a message: control characters escaped, at most 80 characters."""
    return repr(text if len(text) <= 80 else text[:79] + "…")
