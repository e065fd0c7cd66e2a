"""What the skip conditions of a recipe ask for: conditions on the platform alone are the same in every variant."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dirac_forge.recipe.reading.yamlnodes import MappingNode, Node, ScalarNode, SequenceNode, YamlError, compose, pairs

_SKIP = re.compile(r"^[ \t]*(?:-\s+)?skip:\s*[^#\n]*#\s*\[(.*)\]", re.MULTILINE)
_STRING = re.compile(r"\"[^\"]*\"|'[^']*'")
_NAME = re.compile(r"(?<![.\w])[A-Za-z_]\w*")
_SYSTEMS = "win win32 win64 linux linux32 linux64 osx unix emscripten wasi"
_MACHINES = "x86 x86_64 aarch64 arm64 ppc64le s390x riscv64 armv6l armv7l"
_WORDS = "target_platform build_platform host_platform and or not in is true false True False None"
_PLATFORM = frozenset(f"{_SYSTEMS} {_MACHINES} {_WORDS}".split())


def skip_names(text: str, *, v1: bool) -> frozenset[str]:
    """Return the variables that decide, besides the platform, whether a recipe's outputs are skipped."""
    conditions = _conditions(text) if v1 else _SKIP.findall(text)
    return frozenset(name for each in conditions for name in _NAME.findall(_STRING.sub("", each))) - _PLATFORM


def _conditions(text: str) -> list[str]:
    try:
        return [condition for node in _skips(compose(text)) for condition in _scalars(node)]
    except YamlError:
        return []


def _skips(node: Node | None) -> Iterator[Node]:
    if isinstance(node, SequenceNode):
        for item in node.value:
            yield from _skips(item)
    for key, _, value in pairs(node):
        if key == "skip":
            yield value
        else:
            yield from _skips(value)


def _scalars(node: Node) -> Iterator[str]:
    if isinstance(node, ScalarNode):
        yield str(node.value)
    elif isinstance(node, SequenceNode):
        for item in node.value:
            yield from _scalars(item)
    elif isinstance(node, MappingNode):
        for _, _, value in pairs(node):
            yield from _scalars(value)
