"""Migration files in conda-forge-pinning's schema, read strictly: every key is known and typed."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dirac_forge.errors import InputError
from dirac_forge.feedstock.algebra import MigrationKeys
from dirac_forge.recipe.reading.yamlnodes import (
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    YamlError,
    compose,
    line_of,
    pairs,
    plain,
    scalar,
)

__all__ = ["Migration", "MigrationFileError", "parse_migration", "read_migration"]

_RESERVED = frozenset({"__migrator", "migrator_ts", "zip_keys", "pin_run_as_build"})
_INT = "tag:yaml.org,2002:int"
_BOOL = "tag:yaml.org,2002:bool"


class MigrationFileError(InputError):
    """A migration file that can't be read; the message has every problem with file, line and key."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Migration:
    """A migration as its file says it; the names are the file's."""

    name: str
    path: str
    text: str
    keys: tuple[str, ...]
    """The pins that it changes, on whichever platform."""
    migrator_ts: float | None = None
    kind: str = "version"
    bump_number: int = 1
    """What is added to build numbers: `bump_number`, else the `build_number` that most files write, else 1."""
    build_number: int | None = None
    migration_number: int | None = None
    operation: str | None = None
    primary_key: str | None = None
    ordering: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    additional_zip_keys: tuple[str, ...] = ()
    pr_limit: int | None = None
    automerge: bool = False
    exclude: frozenset[str] = frozenset()
    exclude_pinned_pkgs: bool = True
    include_noarch: bool = False
    include_build: bool = False
    override_cbc_keys: tuple[str, ...] | None = None
    platform_allowlist: tuple[str, ...] = ()
    """Platforms, with dashes; () for all."""
    allowlist_file: str | None = None
    wait_for_migrators: tuple[str, ...] = ()
    ignored_deps_per_node: Mapping[str, frozenset[str]] = field(default_factory=dict)
    paused: bool = False
    longterm: bool = False
    commit_message: str | None = None
    conda_forge_yml_patches: Mapping[str, object] = field(default_factory=dict)
    check_solvable: bool = True
    max_solver_attempts: int | None = None
    force_pr_after_solver_attempts: int | None = None
    use_local: bool = False

    @property
    def title(self) -> str:
        """The first line of the commit message."""
        return (self.commit_message or f"Rebuild for {self.name}").strip().splitlines()[0]

    def pins(self, platform: str, build_platform: str | None = None) -> MigrationKeys:
        """What it changes on one platform, selectors decided. Raises ConfigurationError."""
        return MigrationKeys.parse(self.text, name=self.name, platform=platform, build_platform=build_platform)


Problem = tuple[int, str]
Reader = Callable[[Node, str], object]


class _WrongTypeError(Exception):
    """A value of the wrong type: what was expected."""


def _integer(node: Node, key: str) -> int:
    if isinstance(node, ScalarNode) and node.tag == _INT:
        return int(node.value)
    raise _WrongTypeError(f"{key}: expected a whole number, not {_shown(node)}")


def _number(node: Node, key: str) -> float:
    try:
        return float(scalar(node) or "")
    except ValueError:
        raise _WrongTypeError(f"{key}: expected a number, not {_shown(node)}") from None


def _flag(node: Node, key: str) -> bool:
    if isinstance(node, ScalarNode) and node.tag == _BOOL:
        return node.value.lower() in {"true", "yes", "on"}
    raise _WrongTypeError(f"{key}: expected true or false, not {_shown(node)}")


def _text(node: Node, key: str) -> str:
    text = scalar(node)
    if text is None:
        raise _WrongTypeError(f"{key}: expected text, not {_shown(node)}")
    return text


def _one_of(*choices: str) -> Reader:
    def read(node: Node, key: str) -> str:
        text = _text(node, key)
        if text not in choices:
            raise _WrongTypeError(f"{key}: expected {' or '.join(choices)}, not {text}")
        return text

    return read


def _texts(node: Node, key: str) -> tuple[str, ...]:
    if not isinstance(node, SequenceNode) or not all(isinstance(item, ScalarNode) for item in node.value):
        raise _WrongTypeError(f"{key}: expected a list of names, not {_shown(node)}")
    # `None` is a value of its own in orderings.
    return tuple(str(item.value) or "None" for item in node.value)


def _names(node: Node, key: str) -> frozenset[str]:
    return frozenset(_texts(node, key))


def _platforms(node: Node, key: str) -> tuple[str, ...]:
    names = tuple(name.replace("_", "-") for name in _texts(node, key))
    wrong = [name for name in names if not name.count("-") or name.split("-")[0] not in {"linux", "osx", "win"}]
    if wrong:
        raise _WrongTypeError(f"{key}: {wrong[0]} is no platform; expected such as linux-64 or osx_arm64")
    return names


def _lists(node: Node, key: str) -> Mapping[str, tuple[str, ...]]:
    if not isinstance(node, MappingNode):
        raise _WrongTypeError(f"{key}: expected a mapping of names to lists, not {_shown(node)}")
    return {name: _texts(value, f"{key}.{name}") for name, _, value in pairs(node)}


def _sets(node: Node, key: str) -> Mapping[str, frozenset[str]]:
    return {name: frozenset(values) for name, values in _lists(node, key).items()}


def _mapping(node: Node, key: str) -> Mapping[str, object]:
    value = plain(node, typed=True)
    if not isinstance(value, dict):
        raise _WrongTypeError(f"{key}: expected a mapping, not {_shown(node)}")
    return value


def _shown(node: Node) -> str:
    if isinstance(node, MappingNode):
        return "a mapping"
    return "a list" if isinstance(node, SequenceNode) else f"{node.value!r}" if node.value else "nothing"


_READERS: Mapping[str, Reader] = {
    "kind": _one_of("version"),
    "bump_number": _integer,
    "build_number": _integer,
    "migration_number": _integer,
    "operation": _one_of("key_add", "key_remove"),
    "primary_key": _text,
    "ordering": _lists,
    "additional_zip_keys": _texts,
    "pr_limit": _integer,
    "automerge": _flag,
    "exclude": _names,
    "exclude_pinned_pkgs": _flag,
    "include_noarch": _flag,
    "include_build": _flag,
    "override_cbc_keys": _texts,
    "platform_allowlist": _platforms,
    "allowlist_file": _text,
    "wait_for_migrators": _texts,
    "ignored_deps_per_node": _sets,
    "paused": _flag,
    "longterm": _flag,
    "commit_message": _text,
    "conda_forge_yml_patches": _mapping,
    "check_solvable": _flag,
    "max_solver_attempts": _integer,
    "force_pr_after_solver_attempts": _integer,
    "use_local": _flag,
}
"""Keys of `__migrator`, those of conda-forge-pinning's files and of the bot that reads them."""


def read_migration(path: Path) -> Migration:
    """The migration in a file. Raises MigrationFileError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise MigrationFileError(f"{path}: it can't be read: {exc}") from exc
    return parse_migration(text, path=path)


def parse_migration(text: str, *, path: Path | str) -> Migration:
    """The migration in `text`; its name is the file's stem, or the folder's where the file is just `migration.yaml`.

    Raises MigrationFileError with all problems: unknown keys (and the nearest known one), values of a wrong type, keys
    in the wrong place, nothing to migrate.
    """
    try:
        root = compose(text)
    except YamlError as exc:
        raise MigrationFileError(f"{path}:{exc.line}: {exc.message}") from exc
    if not isinstance(root, MappingNode):
        raise MigrationFileError(f"{path}:1: expected a mapping of pins, with `__migrator`")
    problems: list[Problem] = []
    fields: dict[str, object] = {}
    keys: list[str] = []
    for key, node, value in pairs(root):
        try:
            if key == "__migrator":
                fields |= _migrator(value, problems)
            elif key == "migrator_ts":
                fields["migrator_ts"] = _number(value, key)
            elif key not in _RESERVED:
                _pin(key, value)
                keys.append(key)
        except _WrongTypeError as exc:
            problems.append((line_of(node), str(exc)))
    if not any(key == "__migrator" for key, _, _ in pairs(root)):
        problems.append((1, "__migrator is missing"))
    fields.setdefault("bump_number", fields.get("build_number", 1))
    problems += _contradictions(fields, keys, root)
    if problems:
        raise MigrationFileError("\n".join(f"{path}:{line}: {problem}" for line, problem in sorted(problems)))
    stem, folder = Path(path).stem, Path(path).absolute().parent.name
    name = folder if stem == "migration" and folder else stem
    return Migration(name=name, path=str(path), text=text, keys=tuple(dict.fromkeys(keys)), **fields)  # type: ignore[arg-type]


def _migrator(node: Node, problems: list[Problem]) -> dict[str, object]:
    if not isinstance(node, MappingNode):
        raise _WrongTypeError(f"__migrator: expected a mapping, not {_shown(node)}")
    fields: dict[str, object] = {}
    for key, place, value in pairs(node):
        reader = _READERS.get(key)
        if reader is None:
            problems.append((line_of(place), _unknown(key, _READERS)))
            continue
        if key in fields:
            problems.append((line_of(place), f"{key} is there twice"))
        try:
            fields[key] = reader(value, key)
        except _WrongTypeError as exc:
            problems.append((line_of(place), str(exc)))
    return fields


def _unknown(key: str, known: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(key, sorted(known), n=1, cutoff=0.5)
    return f"{key} is no key of __migrator; the nearest one is {near[0]}" if near else f"{key} is no key of __migrator"


def _pin(key: str, node: Node) -> None:
    if key in _READERS:
        raise _WrongTypeError(f"{key} belongs under __migrator")
    if not isinstance(node, SequenceNode):
        raise _WrongTypeError(f"{key}: expected a list of values, not {_shown(node)}")


def _contradictions(fields: Mapping[str, object], keys: Sequence[str], root: Node) -> list[Problem]:
    found: list[Problem] = []
    line = next((line_of(node) for key, node, _ in pairs(root) if key == "__migrator"), 1)
    if not keys:
        found.append((1, "no pin is changed: expected keys such as `openssl:` with a list of values"))
    if fields.get("operation") and "primary_key" not in fields:
        found.append((line, f"operation: {fields['operation']} needs a primary_key"))
    if "primary_key" in fields and keys and fields["primary_key"] not in keys:
        found.append((line, f"primary_key: {fields['primary_key']} is none of the pins that are changed"))
    return found
