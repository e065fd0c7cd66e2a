"""The line of a recipe that a failure comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dirac_forge.build.failures import (
    Crashed,
    DependencyFailed,
    Failure,
    HashMismatch,
    LicenceNotFound,
    MissingHeader,
    MissingModule,
    MissingProgram,
    NotBuildable,
    PatchFailed,
    SourceUnavailable,
    Unsolvable,
    WrongNoarch,
)
from dirac_forge.recipe.reading.yamlnodes import (
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    YamlError,
    compose,
    line_of,
    pairs,
)

_Place = tuple[tuple[str, ...], int, str]
"""Keys down to a scalar, its line, its text."""


_SECTIONS = {"build": "script", "test": "tests"}
"""The key that says what is run in a phase."""
_KEYS: Mapping[type[Failure], str] = {
    LicenceNotFound: "license_file",
    PatchFailed: "patches",
    WrongNoarch: "noarch",
    HashMismatch: "source",
    SourceUnavailable: "source",
    MissingHeader: "host",
}
"""The key that a failure comes from, whatever is run."""
_NOWHERE = (Unsolvable, DependencyFailed, NotBuildable, Crashed)
"""Failures that no line of a recipe is to blame for, or that no line is known for."""


def line_of_failure(text: str, failure: Failure, *, output: str) -> int | None:
    """Return the line of the recipe, from 1, that a failure of `output` comes from; None if none can be named."""
    if isinstance(failure, _NOWHERE):
        return None
    try:
        root = compose(text)
    except YamlError:
        return None
    places = [*_places(_own_part(root, output), ()), *_places(root, ())]
    keys, words = _wanted(failure)
    for word in (*words, ""):
        for path, line, scalar in places:
            if word in scalar and _leads(path, keys):
                return line
    return None


def _wanted(failure: Failure) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the keys that lead to the place, and the texts that the best place has."""
    key = _KEYS.get(type(failure)) or _SECTIONS.get(failure.phase)
    return ((key,) if key else ()), _texts(failure)


def _texts(failure: Failure) -> tuple[str, ...]:
    match failure:
        case LicenceNotFound():
            return failure.files
        case PatchFailed():
            return (failure.patch,)
        case HashMismatch():
            return (failure.expected,)
        case MissingModule(phase="test"):
            return (failure.module, failure.module.partition(".")[0])
        case MissingProgram():
            return (failure.program,)
        case _:
            return ()


def _leads(path: tuple[str, ...], keys: tuple[str, ...]) -> bool:
    """Whether a path goes through one of the keys; a script of a test is not a script of the build."""
    return any(key in path for key in keys) and ("tests" in keys or "tests" not in path)


def _own_part(root: Node | None, output: str) -> Node | None:
    """Return the output's own part of a recipe with several."""
    for key, _, value in pairs(root):
        if key == "outputs" and isinstance(value, SequenceNode):
            items: list[Node] = value.value
            for item in items:
                named = {scalar for path, _, scalar in _places(item, ()) if path == ("package", "name")}
                if output in named:
                    return item
    return None


def _places(node: Node | None, path: tuple[str, ...]) -> Iterator[_Place]:
    if isinstance(node, ScalarNode):
        yield path, line_of(node), str(node.value)
    elif isinstance(node, SequenceNode):
        for item in node.value:
            yield from _places(item, path)
    elif isinstance(node, MappingNode):
        for key, _, value in pairs(node):
            yield from _places(value, (*path, key))
