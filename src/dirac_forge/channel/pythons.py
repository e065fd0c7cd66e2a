"""Which python_abi belongs to which Python: conda-forge's records say so of each other, but some copies of them do not.

Locks of conda-lock's kind have no constraints, so a channel that was made from one has Pythons that any python_abi goes
with. A package for Python 3.11, which depends on `python` and `python_abi 3.11.*`, would then fit Python 3.10.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from dirac_forge.values import dataclass

_MINOR = re.compile(r"\d+\.\d+")
_KIND = re.compile(r"_(cpython|cp\d+t?)$")
_PAIR = {"python": "python_abi", "python_abi": "python"}


@dataclass(frozen=True, slots=True)
class PythonBuild:
    """The line of Pythons that a build of python or python_abi is of."""

    minor: str
    """`3.11`."""
    kind: str
    """How the build string ends: `cpython`, `cp314` or `cp314t`; "" for another implementation."""

    @property
    def tag(self) -> str:
        """`cp311`; "" if it is not known."""
        return f"cp{self.minor.replace('.', '')}" if self.kind == "cpython" else self.kind

    @property
    def abi_spec(self) -> str:
        """The python_abi of the line."""
        return f"python_abi {self.minor}.*{f' *_{self.tag}' if self.tag else ''}"

    @property
    def python_spec(self) -> str:
        """The Pythons of the line."""
        return f"python {self.minor}.*{f' *_{self.kind}' if self.kind else ''}"

    def has_abi(self, version: str, build: str) -> bool:
        """Whether a build of python_abi is of the line."""
        return version == self.minor and build.endswith(f"_{self.tag}" if self.tag else "")


def python_build(version: str, build: str) -> PythonBuild | None:
    """Return the line of a build of python or python_abi, or None if its version is of another kind."""
    minor, kind = _MINOR.match(version), _KIND.search(build)
    return None if minor is None else PythonBuild(minor[0], kind[1] if kind else "")


def missing_limit(name: str, version: str, build: str, told: Iterable[str]) -> tuple[str, ...]:
    """Return the constraint of a Python on python_abi, or the reverse, if the record (`told`) has none on the other."""
    if name not in _PAIR or any(spec.startswith(_PAIR[name]) for spec in told):
        return ()
    line = python_build(version, build)
    if line is None:
        return ()
    # A python_abi for CPython ends in cp311, its Python in cpython.
    free = f" *_{line.tag}" if line.tag.endswith("t") else ""
    return (line.abi_spec if name == "python" else f"python {line.minor}.*{free}",)
