"""The `bot:` section of conda-forge.yml: what a feedstock's maintainers ask of bots, read strictly.

The keys are those of the schema that conda-smithy takes over from conda-forge's bot (`cf_tick_schema.json`): a key
that the bot does not know would be an instruction that is never followed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, ValidationInfo, WithJsonSchema

from dirac_forge.feedstock.yamltables import FLAGS, Flag, Listed, Names, YamlSection
from dirac_forge.settings.validation import KeyPath, unexpected, wrong

Inspection = Literal[
    "hint", "hint-all", "hint-source", "hint-grayskull", "update-all", "update-source", "update-grayskull", "disabled"
]
VersionSource = Literal[
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
]
"""Where the bot looks for versions. `gittags` and `cratesio` are missing from its schema, but it knows them."""
SOURCES: tuple[str, ...] = get_args(VersionSource)
_lower = BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value)


def _automerge(value: object) -> object:
    if isinstance(value, bool) or value in {"version", "migration"}:
        return value
    if not isinstance(value, str) or value not in FLAGS:
        raise unexpected("true, false, version or migration")
    return FLAGS[value]


def _fraction(value: object) -> object:
    try:
        number = float(value) if isinstance(value, str) else value
    except ValueError:
        number = None
    if not isinstance(number, (int, float)) or not 0 <= number <= 1:
        raise unexpected("a number from 0 to 1")
    return number


def _distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _with_lines(value: object, info: ValidationInfo) -> object:
    """Return the versions with their lines, which `context` knows by the path."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, list):
        raise unexpected("a list of versions")
    for place, version in enumerate(value):
        if not isinstance(version, str):
            raise wrong("expected a version", place)
    path = ("bot", "version_updates", "exclude")
    return {version: info.context((*path, place)) if info.context else 0 for place, version in enumerate(value)}


class _Section(YamlSection):
    _at: ClassVar[KeyPath]
    _lines: dict[str, int] = PrivateAttr(default_factory=dict)

    @property
    def lines(self) -> Mapping[str, int]:
        """Key to its line, for the keys that the file has."""
        return self._lines

    def model_post_init(self, context: Any, /) -> None:
        """Keep the lines of the keys; `context` finds the line of a path."""
        if context is not None:
            self._lines.update({key: context((*self._at, key)) for key in self.model_fields_set})


class Nvidia(_Section):
    """Where the bot looks among NVIDIA's downloads."""

    _at = ("bot", "version_updates", "nvidia")

    compute_subdir: str | None = None
    json_name: str | None = None


class VersionUpdates(_Section):
    """The `version_updates` of `bot:`."""

    _at = ("bot", "version_updates")

    random_fraction_to_keep: Annotated[float, BeforeValidator(_fraction)] | None = None
    """From 0 to 1: how many of the versions are taken."""
    exclude: Annotated[
        dict[str, int], BeforeValidator(_with_lines), WithJsonSchema({"type": "array", "items": {"type": "string"}})
    ] = Field(default_factory=dict)
    """Versions that are not taken, each with its line."""
    sources: Annotated[tuple[Annotated[VersionSource, _lower], ...], AfterValidator(_distinct)] | None = None
    """Where versions may be looked for, in this order; default: everywhere that fits."""
    skip: Flag = False
    even_odd_versions: Flag = False
    """Only even second numbers are stable versions, as in GNOME."""
    allowed_tag_globs: Listed | None = None
    """Tags that may be versions; default: all."""
    nvidia: Nvidia = Nvidia()
    use_curl: Flag | None = None


class Bot(_Section):
    """The `bot:` section; the defaults are the bot's."""

    _at = ("bot",)

    automerge: Annotated[bool | Literal["version", "migration"], BeforeValidator(_automerge)] = False
    """Also `version` or `migration`: only these."""
    check_solvable: Flag = True
    inspection: Annotated[Inspection, _lower] | None = None
    abi_migration_branches: Names = ()
    """Branches, in addition to the default one, that are rebuilt."""
    run_deps_from_wheel: Flag = False
    version_updates: VersionUpdates = VersionUpdates()
    update_static_libs: Flag = False
    remake_prs_with_conflicts: Flag = True

    @property
    def dependencies(self) -> Literal["update", "report", "off"] | None:
        """What `inspection` asks to do with requirements that upstream changed; None if it says nothing.

        The bot edits them for `update-*`, writes what it found into the pull request for `hint*`, and does neither
        for `disabled`.
        """
        if self.inspection is None:
            return None
        if self.inspection == "disabled":
            return "off"
        return "update" if self.inspection.startswith("update") else "report"
