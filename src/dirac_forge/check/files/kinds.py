"""Targets that a user names: a file of a known kind, or a package spec."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

from dirac_forge.check.files.content import Asking, content_of, listed_specs
from dirac_forge.check.files.pixi import read_pixi
from dirac_forge.check.files.pixi_lock import read_pixi_lock_targets
from dirac_forge.check.targets import DEFAULT_PLATFORMS, DEFAULT_PYTHONS, Target, make_target
from dirac_forge.errors import InputError
from dirac_forge.untrusted import parse_toml

KINDS = (
    "Give a package spec, an environment.yml, a construct.yaml, a pixi.toml (or a pyproject.toml with [tool.pixi]), "
    "a pixi.lock, or a .txt with one spec a line."
)
_SUFFIXES = frozenset({".yml", ".yaml", ".txt", ".toml", ".lock"})


_TWO_SPECS = re.compile(r"(?P<first>[A-Za-z_][\w.-]*)\s+(?P<second>[A-Za-z_][\w.-]*\s*[<>=!~].*)")


def read_targets(
    text: str,
    *,
    platforms: Sequence[str] = DEFAULT_PLATFORMS,
    pythons: Sequence[str] = DEFAULT_PYTHONS,
) -> tuple[Target, ...]:
    """Return the targets that a file describes, one for each of its environments; else the target of a spec.

    Raises:
        InputError: the file can't be read or is of another kind, or the spec can't be parsed.
    """
    path = Path(text).expanduser()
    if not _is_path(text, path):
        if (two := _TWO_SPECS.fullmatch(text.strip())) is not None:
            hint = f"Give each spec as an argument: {two['first']} '{two['second']}'."
            raise InputError(f"{text!r} is more than one package spec", hint=hint)
        return (make_target(text, [text], platforms=platforms, pythons=pythons),)
    _refuse_recipe(path)
    asked = Asking(platforms=tuple(platforms), pythons=tuple(pythons))
    suffix = path.suffix.lower()
    if suffix == ".lock":
        content_of(path, most=64_000_000)
        return read_pixi_lock_targets(path, asked)
    if path.is_dir() or suffix not in _SUFFIXES:
        installed = (path / "conda-meta").is_dir()
        what = "an installed environment, not what to install" if installed else "not a file that says what to install"
        hint = "`dirac-forge audit` and `dirac-forge diff` read installed environments." if installed else KINDS
        raise InputError(f"{path}: {what}", hint=hint)
    content = content_of(path)
    if suffix == ".toml":
        return _toml(content, path, asked)
    return (_listed(content, path, asked),) if suffix == ".txt" else _yaml(content, path, asked)


def _refuse_recipe(path: Path) -> None:
    """Raise InputError for a recipe or a feedstock's folder: what is meant are the packages that it makes."""
    if path.suffix not in ("", ".yaml"):
        return
    from dirac_forge.recipe.reading.recipe_text import RECIPE_NAMES, find_recipe  # noqa: PLC0415  # ruamel is slow

    is_file = path.name in RECIPE_NAMES and path.is_file()
    folder = path.parent if is_file else path
    if not is_file and (not path.is_dir() or find_recipe(path) is None):
        return
    name = (folder.absolute().parent if folder.absolute().name == "recipe" else folder.absolute()).name
    raise InputError(
        f"{path}: a recipe says what is built, not what is installed",
        hint=f"Name its packages, such as `{name}`. `dirac-forge check --with {path}` checks what it would make.",
    )


def _is_path(text: str, path: Path) -> bool:
    """Whether a text names a file: one that exists, or that is spelled as one."""
    if path.exists() and (path.is_file() or os.sep in text or (path / "conda-meta").is_dir()):
        return True
    if any(sign in text for sign in "=<> ["):
        return False
    return path.suffix.lower() in _SUFFIXES or text.startswith((".", "~", os.sep))


def _toml(content: str, path: Path, asked: Asking) -> tuple[Target, ...]:
    try:
        root = parse_toml(content)
    except tomllib.TOMLDecodeError as exc:
        raise InputError(f"{path}: not readable as TOML: {exc}") from exc
    tool = root.get("tool", {})
    found = tool.get("pixi") if isinstance(tool, dict) and path.name != "pixi.toml" else root
    if not isinstance(found, dict) or not {"workspace", "project", "dependencies"} & found.keys():
        raise InputError(f"{path}: not a pixi manifest", hint=KINDS)
    return read_pixi(found, path, asked)


def _listed(content: str, path: Path, asked: Asking) -> Target:
    specs = listed_specs(content, path, hint=KINDS)
    return make_target(path.name, specs, platforms=asked.platforms, pythons=asked.pythons)


def _yaml(content: str, path: Path, asked: Asking) -> tuple[Target, ...]:
    # Templates and YAML take 0.2 s to import: specs do without.
    from dirac_forge.check.files.construct import read_construct, rendered  # noqa: PLC0415
    from dirac_forge.check.files.environment import read_environment  # noqa: PLC0415
    from dirac_forge.recipe.reading.yamlnodes import pairs  # noqa: PLC0415

    root = rendered(content, path, "")
    keys = {key for key, _, _ in pairs(root)}
    if keys & {"specs", "environment_file", "extra_envs"}:
        return read_construct(content, path, asked)
    if "dependencies" in keys:
        return (read_environment(root, path, asked, content=content),)
    raise InputError(
        f"{path}: it has neither `dependencies` (an environment file) nor `specs` (a construct.yaml)", hint=KINDS
    )
