"""Environment files of conda and mamba (`environment.yml`)."""

from __future__ import annotations

from pathlib import Path

from dirac_forge.check.files.content import Asking, main_first, named_channels, scalars, specs_in
from dirac_forge.check.targets import Target
from dirac_forge.errors import InputError
from dirac_forge.recipe.reading.yamlnodes import MappingNode, Node, ScalarNode, SequenceNode, line_of, pairs

__all__ = ["read_environment"]


def read_environment(root: Node | None, path: Path, asked: Asking) -> Target:
    """Return the target of an environment file; packages that pip would add are left out, with a note.

    Raises:
        InputError: a key has another form, a spec can't be parsed, or there is no conda package.
    """
    specs: list[str] = []
    name = path.name
    channels: list[str] = []
    notes: list[str] = []
    for key, _, value in pairs(root):
        if key == "name" and isinstance(value, ScalarNode) and value.value:
            name = str(value.value)
        elif key == "channels":
            channels = [channel for channel, _ in scalars(value, path, key, "channels")]
        elif key == "dependencies":
            found, left_out = _dependencies(value, path)
            specs += found
            notes += left_out
    if not specs:
        raise InputError(f"{path}: dependencies: there is no conda package in it")
    return Target(
        name=name,
        specs=main_first(specs),
        platforms=asked.platforms,
        pythons=asked.pythons,
        channels=named_channels(channels, path.parent),
        notes=tuple(notes),
    )


def _dependencies(value: Node, path: Path) -> tuple[list[str], list[str]]:
    """Return the specs, and notes about the rest."""
    if not isinstance(value, SequenceNode):
        raise InputError(f"{path}:{line_of(value)}: dependencies: expected a list")
    specs: list[str] = []
    notes: list[str] = []
    for item in value.value:
        if isinstance(item, MappingNode):
            notes.append(f"{path}:{line_of(item)}: what pip installs is left out")
        else:
            specs += specs_in(item, path, "dependencies")
    return specs, notes
