"""The `bot:` section of conda-forge.yml: what a feedstock's maintainers ask of bots, read strictly.

The keys are those of the schema that conda-smithy takes over from conda-forge's bot (`cf_tick_schema.json`): a key
that the bot does not know would be an instruction that nobody follows.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from dirac_forge.errors import InputError
from dirac_forge.recipe.reading.yamlnodes import MappingNode, Node, SequenceNode, line_of, pairs, plain, scalar

__all__ = ["SOURCES", "Bot", "ForgeConfigError", "Inspection", "Nvidia", "VersionUpdates", "parse_bot"]

Inspection = Literal[
    "hint", "hint-all", "hint-source", "hint-grayskull", "update-all", "update-source", "update-grayskull", "disabled"
]
_INSPECTIONS = (
    "hint",
    "hint-all",
    "hint-source",
    "hint-grayskull",
    "update-all",
    "update-source",
    "update-grayskull",
    "disabled",
)
SOURCES = (
    "cran",
    "cratesio",
    "github",
    "githubreleases",
    "gittags",
    "incrementalpharawurl",
    "librariesio",
    "npm",
    "nvidia",
    "pypi",
    "rawurl",
    "rosdistro",
)
"""Where the bot looks for versions. `gittags` and `cratesio` are missing from its schema, but it knows them."""


class ForgeConfigError(InputError):
    """A conda-forge.yml that can't be read; the message has file and line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Nvidia:
    """Where the bot looks among NVIDIA's downloads."""

    compute_subdir: str | None = None
    json_name: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionUpdates:
    """The `version_updates` of `bot:`."""

    random_fraction_to_keep: float | None = None
    """From 0 to 1: how many of the versions are taken."""
    exclude: Mapping[str, int] = field(default_factory=dict)
    """Versions that are not taken, each with its line."""
    sources: tuple[str, ...] | None = None
    """Those of SOURCES that may be asked, in this order; None: whatever fits."""
    skip: bool = False
    even_odd_versions: bool = False
    """Only even second numbers are stable versions, as GNOME has it."""
    allowed_tag_globs: tuple[str, ...] | None = None
    """Tags that may be versions; None: all."""
    nvidia: Nvidia = field(default_factory=Nvidia)
    use_curl: bool | None = None
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)
    """Key to its line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bot:
    """The `bot:` section; the defaults are the bot's."""

    automerge: bool | str = False
    """Also `version` or `migration`: only these."""
    check_solvable: bool = True
    inspection: Inspection | None = None
    """None where the file says nothing."""
    abi_migration_branches: tuple[str, ...] = ()
    """Branches beside the default one that rebuilds go to."""
    run_deps_from_wheel: bool = False
    version_updates: VersionUpdates = field(default_factory=VersionUpdates)
    update_static_libs: bool = False
    remake_prs_with_conflicts: bool = True
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)
    """Key to its line."""

    @property
    def dependencies(self) -> Literal["update", "report", "off"] | None:
        """What `inspection` asks to do with requirements that upstream changed; None where it says nothing.

        The bot edits them for `update-*`, writes what it found into the pull request for `hint*`, and does neither
        for `disabled`.
        """
        if self.inspection is None:
            return None
        if self.inspection == "disabled":
            return "off"
        return "update" if self.inspection.startswith("update") else "report"


_Reader = Callable[[Node], Any]


class _ValueError(Exception):
    """A value of a wrong kind; the message says what was expected."""

    def __init__(self, expected: str, near: str = "") -> None:
        super().__init__(expected)
        self.near = near


def _flag(node: Node) -> bool:
    value = plain(node, typed=True)
    if not isinstance(value, bool):
        raise _ValueError("true or false")
    return value


def _automerge(node: Node) -> bool | str:
    text = scalar(node)
    if text in {"version", "migration"}:
        return text
    try:
        return _flag(node)
    except _ValueError:
        raise _ValueError("true, false, version or migration") from None


def _text(node: Node) -> str:
    text = scalar(node)
    if text is None:
        raise _ValueError("text")
    return text


def _fraction(node: Node) -> float:
    text = scalar(node) or ""
    if not re.fullmatch(r"\d*\.?\d+(?:[eE]-?\d+)?|\d+\.", text) or not 0 <= float(text) <= 1:
        raise _ValueError("a number from 0 to 1")
    return float(text)


def _texts(node: Node) -> tuple[str, ...]:
    if not isinstance(node, SequenceNode) or any(scalar(item) is None for item in node.value):
        raise _ValueError("a list of text")
    return tuple(str(scalar(item)) for item in node.value)


def _globs(node: Node) -> tuple[str, ...]:
    text = scalar(node)
    if text is not None:
        return (text,)
    try:
        return _texts(node)
    except _ValueError:
        raise _ValueError("a pattern or a list of patterns") from None


def _excluded(node: Node) -> dict[str, int]:
    return {version: line_of(item) for version, item in zip(_texts(node), node.value, strict=True)}


def _one_of(known: Iterable[str], node: Node) -> str:
    text = (scalar(node) or "").lower()
    if text not in known:
        near = difflib.get_close_matches(text, list(known), n=1)
        raise _ValueError(f"one of {', '.join(known)}", near[0] if near else "")
    return text


def _sources(node: Node) -> tuple[str, ...]:
    _texts(node)
    return tuple(dict.fromkeys(_one_of(SOURCES, item) for item in node.value))


class _Section:
    """Reads one mapping after the other and collects what is wrong with all of them."""

    def __init__(self, path: Path | str) -> None:
        self.path = path
        self.problems: list[tuple[int, str]] = []

    def read(self, node: Node, name: str, readers: Mapping[str, _Reader]) -> dict[str, Any]:
        """The values of a mapping by key; null is as if there was nothing."""
        if not isinstance(node, MappingNode):
            self._wrong(node, name, "expected a mapping")
            return {}
        found: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key, where, value in pairs(node):
            reader = readers.get(key)
            if reader is None:
                near = difflib.get_close_matches(key, sorted(readers), n=1)
                self._wrong(where, f"{name}.{key}", "no such key" + (f"; the nearest one is {near[0]}" if near else ""))
                continue
            if value.tag == "tag:yaml.org,2002:null":
                continue
            lines[key] = line_of(where)
            try:
                found[key] = reader(value)
            except _ValueError as problem:
                said = scalar(value)
                got = f", not {said}" if said is not None else ""
                near_by = f"; the nearest one is {problem.near}" if problem.near else ""
                self._wrong(where, f"{name}.{key}", f"expected {problem}{got}{near_by}")
        return {**found, "lines": lines}

    def _wrong(self, node: Node, name: str, problem: str) -> None:
        self.problems.append((line_of(node), f"{name}: {problem}"))


def parse_bot(node: Node | None, *, path: Path | str) -> Bot:
    """The section under `bot:`.

    Raises ForgeConfigError with all that is wrong: unknown keys with the nearest one, and values of a wrong kind.
    """
    if node is None or node.tag == "tag:yaml.org,2002:null":
        return Bot()
    section = _Section(path)

    def nvidia(value: Node) -> Nvidia:
        read = section.read(value, "bot.version_updates.nvidia", {"compute_subdir": _text, "json_name": _text})
        read.pop("lines", None)
        return Nvidia(**read)

    def updates(value: Node) -> VersionUpdates:
        return VersionUpdates(**section.read(value, "bot.version_updates", {**_UPDATES, "nvidia": nvidia}))

    bot = Bot(**section.read(node, "bot", {**_BOT, "version_updates": updates}))
    if section.problems:
        raise ForgeConfigError("; ".join(f"{path}:{line}: {problem}" for line, problem in sorted(section.problems)))
    return bot


_UPDATES: Mapping[str, _Reader] = {
    "random_fraction_to_keep": _fraction,
    "exclude": _excluded,
    "sources": _sources,
    "skip": _flag,
    "even_odd_versions": _flag,
    "allowed_tag_globs": _globs,
    "use_curl": _flag,
}
_BOT: Mapping[str, _Reader] = {
    "automerge": _automerge,
    "check_solvable": _flag,
    "inspection": partial(_one_of, _INSPECTIONS),
    "abi_migration_branches": _texts,
    "run_deps_from_wheel": _flag,
    "update_static_libs": _flag,
    "remake_prs_with_conflicts": _flag,
}
