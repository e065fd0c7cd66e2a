"""Values: what a solver answers, and the specs that it is asked."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rattler import MatchSpec, Version
from rattler.exceptions import InvalidMatchSpecError, ParseSubdirError
from rattler.platform import Subdir

from dirac_forge.channel.pythons import PythonBuild, python_build
from dirac_forge.channel.records import Record
from dirac_forge.channel.remote import innermost
from dirac_forge.errors import InputError
from dirac_forge.values import dataclass

_URL = re.compile(r"[\[,]url=")
_BUILD = re.compile(r"[0-9A-Za-z_.+*]+|\^\S*\$")
"""A build string, with `*` for anything, or a regular expression."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Solution:
    """What would be installed, by name."""

    packages: tuple[Record, ...]

    def get(self, name: str) -> Record | None:
        """Return the package with this name."""
        return next((record for record in self.packages if record.name == name), None)

    @property
    def line(self) -> PythonBuild | None:
        """The line of its Python; None without one."""
        python = self.get("python")
        return None if python is None else python_build(python.version, python.build)

    @property
    def agrees(self) -> bool:
        """Whether it has no python_abi of another line than that of its Python."""
        line, abi = self.line, self.get("python_abi")
        return line is None or abi is None or line.has_abi(abi.version, abi.build)

    def precedence(self, names: Sequence[str]) -> list[tuple[bool, Version]]:
        """Return by what a solver prefers one solution to another: the versions of what is requested, in order."""
        versions = {record.name: record.version for record in self.packages}
        return [(name in versions, Version(versions.get(name, "0"))) for name in names]


@dataclass(frozen=True, kw_only=True, slots=True)
class NoSolution:
    """The specs can't be installed together; `text` is what the solver says, raw."""

    text: str


def parse_spec(spec: str) -> MatchSpec:
    """Return a spec that a user wrote.

    Raises:
        InputError: it can't be parsed, or has a field that no answer here would respect.
    """
    try:
        found = MatchSpec(spec)
    except InvalidMatchSpecError as exc:
        raise InputError(
            f"{spec!r} is not a package spec: {innermost(exc)}",
            hint="Write it as conda does: NAME, 'NAME >=1.2', 'NAME 1.2.*'.",
        ) from exc
    if found.build is not None and not _BUILD.fullmatch(str(found.build)):
        raise InputError(
            f"{spec!r} is not a package spec: {str(found.build)!r} is not a build string",
            hint="Write one spec a line, with commas between bounds: NAME, 'NAME >=1.2,<2', 'NAME 1.2.*'.",
        )
    if field := unanswered(found):
        raise InputError(
            f"{spec!r}: {field} in a package spec is not supported",
            hint="Give --platform for a subdir, and NAME VERSION BUILD for a file.",
        )
    return found


def unanswered(spec: MatchSpec) -> str:
    """Return the field of a spec that solver and explanations pass over, or "" if there is none."""
    channel = spec.channel.name if spec.channel is not None else ""
    if channel and _is_subdir(channel):
        return f"the subdir {channel}, written as a channel,"
    fields = {
        "subdir": spec.subdir,
        "fn": spec.file_name,
        "url": _URL.search(spec.to_canonical_string()),
        "extras": spec.extras,
        "when": spec.condition,
        "namespace": spec.namespace,
    }
    return next((f"the field {name}" for name, value in fields.items() if value), "")


def _is_subdir(name: str) -> bool:
    try:
        Subdir(name)
    except ParseSubdirError:
        return False
    return True
