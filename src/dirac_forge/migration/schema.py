"""Migration files in conda-forge-pinning's schema, read strictly: every key is known and typed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from dirac_forge.errors import InputError
from dirac_forge.feedstock.algebra import MigrationKeys
from dirac_forge.feedstock.yamltables import Flag, Names, Number, Whole, YamlTable, line_finder
from dirac_forge.files import read_text, unreadable
from dirac_forge.recipe.reading.yamlnodes import MappingNode, YamlError, compose, plain
from dirac_forge.settings.validation import InvalidError, KeyPath, dotted, unexpected, validated

_SYSTEMS = ("linux", "osx", "win")


class MigrationFileError(InputError):
    """A migration file that can't be read; the message has every problem with file, line and key."""


def _platform(value: object) -> object:
    name = value.replace("_", "-") if isinstance(value, str) else ""
    if name.partition("-")[0] not in _SYSTEMS or "-" not in name:
        raise unexpected("a platform such as linux-64 or osx_arm64")
    return name


def _none(value: object) -> object:
    return "None" if value is None or value == "" else value


class MigratorTable(YamlTable):
    """The mapping `__migrator`: the keys of conda-forge-pinning's files, and of the bot that reads them."""

    kind: Literal["version"] = "version"
    bump_number: Whole | None = None
    """How much build numbers are raised; default: `build_number`, which most files have, else 1."""
    build_number: Whole | None = None
    migration_number: Whole | None = None
    operation: Literal["key_add", "key_remove"] | None = None
    primary_key: str | None = None
    ordering: dict[str, tuple[Annotated[str, BeforeValidator(_none)], ...]] = Field(default_factory=dict)
    additional_zip_keys: Names = ()
    pr_limit: Whole | None = None
    automerge: Flag = False
    exclude: frozenset[str] = frozenset()
    """Feedstocks that are not rebuilt."""
    exclude_pinned_pkgs: Flag = True
    """Do not rebuild the feedstocks that make the migrated packages."""
    include_noarch: Flag = False
    include_build: Flag = False
    """Count requirements in build, too."""
    override_cbc_keys: Names | None = None
    """The packages that decide about membership, instead of the pins' names."""
    platform_allowlist: tuple[Annotated[str, BeforeValidator(_platform)], ...] = ()
    """Platforms that are rebuilt; none: all."""
    allowlist_file: str | None = None
    wait_for_migrators: Names = ()
    ignored_deps_per_node: dict[str, frozenset[str]] = Field(default_factory=dict)
    """Feedstock to parents that it does not wait for."""
    paused: Flag = False
    longterm: Flag = False
    commit_message: str | None = None
    conda_forge_yml_patches: dict[str, Any] = Field(default_factory=dict)
    """Key of conda-forge.yml (with dots) to its new value."""
    check_solvable: Flag = True
    max_solver_attempts: Whole | None = None
    force_pr_after_solver_attempts: Whole | None = None
    use_local: Flag = False


class MigrationTable(YamlTable):
    """A migration file: `__migrator`, and each pin that it changes with its new values."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, list[Any]]

    migrator: MigratorTable = Field(alias="__migrator")
    migrator_ts: Number | None = None
    """When the migration began, in seconds since 1970."""
    zip_keys: list[Any] = Field(default_factory=list)
    pin_run_as_build: dict[str, Any] = Field(default_factory=dict)

    @property
    def pins(self) -> tuple[str, ...]:
        """The pins that it changes."""
        return tuple(self.__pydantic_extra__)

    def contradictions(self) -> Iterator[tuple[KeyPath, str]]:
        """Yield what is wrong although each key is right: path, and message."""
        for key in self.pins:
            if key in MigratorTable.model_fields:
                yield (key,), "belongs under __migrator"
        if not self.pins:
            yield (), "no pin is changed: expected keys such as `openssl:` with a list of values"
        for name in ("bump_number", "build_number"):
            if (getattr(self.migrator, name) or 0) < 0:
                yield ("__migrator", name), "build numbers are never lowered: expected 0 or more"
        yield from self._of_operation(self.migrator.operation, self.migrator.primary_key)

    def _of_operation(self, operation: str | None, primary_key: str | None) -> Iterator[tuple[KeyPath, str]]:
        if operation and primary_key is None:
            yield ("__migrator", "operation"), f"{operation} needs a primary_key"
        if primary_key is not None and primary_key not in self.pins:
            yield ("__migrator", "primary_key"), f"{primary_key} is not one of the changed pins"
        if operation != "key_remove":
            yield from self._unordered()

    def _unordered(self) -> Iterator[tuple[KeyPath, str]]:
        """Yield the new values that an `ordering` lacks, which conda-smithy refuses."""
        for key, ordering in self.migrator.ordering.items():
            values = self.__pydantic_extra__.get(key, [])
            for value in dict.fromkeys(str(_none(each)) for each in values if not isinstance(each, (dict, list))):
                if value not in ordering:
                    said = f"lacks {value!r}, a new value of {key}; add it, oldest first"
                    yield ("__migrator", "ordering", key), said


@dataclass(frozen=True, kw_only=True, slots=True)
class Migration:
    """A migration as its file has it."""

    name: str
    path: str
    text: str
    keys: tuple[str, ...]
    """The pins that it changes, on any platform."""
    settings: MigratorTable

    @property
    def title(self) -> str:
        """The first line of the commit message."""
        return ((self.settings.commit_message or "").strip() or f"Rebuild for {self.name}").splitlines()[0]

    @property
    def bump(self) -> int:
        """How much build numbers are raised."""
        numbers = (self.settings.bump_number, self.settings.build_number, 1)
        return next(number for number in numbers if number is not None)

    def pins(self, platform: str, build_platform: str | None = None) -> MigrationKeys:
        """Return what it changes on one platform, selectors decided. Raises ConfigurationError."""
        return MigrationKeys.parse(self.text, name=self.name, platform=platform, build_platform=build_platform)


def read_migration(path: Path) -> Migration:
    """Return the migration in a file. Raises MigrationFileError."""
    try:
        text = read_text(path)
    except (OSError, UnicodeDecodeError) as exc:
        raise MigrationFileError(f"{path}: can't be read: {unreadable(exc)}") from exc
    return parse_migration(text, path=path)


def parse_migration(text: str, *, path: Path | str) -> Migration:
    """Return the migration in `text`; its name is the file's stem, or the folder's if the file is `migration.yaml`.

    Raises MigrationFileError with all problems: unknown keys (and the nearest known one), values of a wrong type, keys
    in the wrong place, nothing to migrate.
    """
    try:
        root = compose(text)
        values = plain(root)
    except YamlError as exc:
        raise MigrationFileError(f"{path}:{exc.line}: {exc.message}") from exc
    if not isinstance(root, MappingNode):
        raise MigrationFileError(f"{path}:1: expected a mapping of pins, with `__migrator`")
    line = line_finder(root)
    try:
        table = validated(MigrationTable, values, file=path, line=line)
    except InvalidError as exc:
        raise MigrationFileError([line for _, line in exc.problems]) from None
    problems = [(line(where), f"{dotted(where)}: {said}".removeprefix(": ")) for where, said in table.contradictions()]
    if problems:
        raise MigrationFileError([f"{path}:{number}: {said}" for number, said in sorted(problems)])
    stem, folder = Path(path).stem, Path(path).absolute().parent.name
    name = folder if stem == "migration" and folder else stem
    return Migration(name=name, path=str(path), text=text, keys=table.pins, settings=table.migrator)
