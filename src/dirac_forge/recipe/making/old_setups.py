"""What an old setup.py asks of setuptools that newer ones refuse (https://setuptools.pypa.io/en/latest/history.html)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

from dirac_forge.recipe.making.plain_build import imported_by_setup
from dirac_forge.upstream.files.facts import SdistFacts
from dirac_forge.upstream.files.ini import IniError, read_ini
from dirac_forge.upstream.files.literals import parse
from dirac_forge.values import dataclass

_2TO3 = "use_2to3"
DISTRIBUTE = "distribute"
"""A project that became setuptools: setup_requires of old releases names it, and no build can use it any more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OldSetup:
    """Something that the build asks of setuptools and newer ones do not have."""

    what: Literal["use_2to3", "pkg_resources"]
    removed: str
    """The version of setuptools that removed it."""

    @property
    def requirement(self) -> str:
        """What host needs then."""
        return f"setuptools<{self.removed}"


def old_setups(sdist: SdistFacts) -> tuple[OldSetup, ...]:
    """Return what a build with setup.py asks of setuptools and newer ones do not have, the oldest first."""
    found = []
    if asks_for_2to3(sdist):
        found.append(OldSetup(what="use_2to3", removed="58"))
    if "pkg_resources" in imported_by_setup(sdist):
        found.append(OldSetup(what="pkg_resources", removed="82"))
    return tuple(found)


def asks_for_2to3(sdist: SdistFacts) -> bool:
    """Whether the build converts the sources with 2to3 (`use_2to3=True` in setup.py or setup.cfg)."""
    try:
        configured = read_ini(sdist.texts.get("setup.cfg", "")).get("options", {}).get(_2TO3, "")
    except IniError:
        configured = ""
    return configured.strip().lower() in {"1", "true", "yes"} or _in_setup_py(sdist.texts.get("setup.py", ""))


@lru_cache(maxsize=64)
def _in_setup_py(text: str) -> bool:
    tree = parse(text.encode()) if _2TO3 in text else None
    return tree is not None and any(_wanted(value) for node in ast.walk(tree) for value in _values(node))


def _values(node: ast.AST) -> Iterator[ast.expr]:
    """Yield what an argument, a dictionary or an assignment to its item gives for it."""
    match node:
        case ast.keyword(arg="use_2to3", value=value):
            yield value
        case ast.Dict(keys=keys, values=values):
            yield from (value for key, value in zip(keys, values, strict=True) if _is_name(key))
        case ast.Assign(targets=[ast.Subscript(slice=key)], value=value) if _is_name(key):
            yield value


def _is_name(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value == _2TO3


def _wanted(value: ast.expr) -> bool:
    # `sys.version_info[0] >= 3` and the like hold on every Python that is built for.
    return not isinstance(value, ast.Constant) or bool(value.value)
