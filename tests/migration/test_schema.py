"""Migration files: all that is known is read, all else is an error."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from dirac_forge.migration.schema import (
    MigrationFileError,
    MigrationTable,
    MigratorTable,
    parse_migration,
    read_migration,
)

SHARED = Path(__file__).parents[2] / "../shared/conda-forge"

WHOLE = """\
migrator_ts: 1700000000.5
__migrator:
  kind: version
  migration_number: 3
  build_number: 2
  operation: key_add
  primary_key: python
  ordering:
    python: [3.9.* *_cpython, 3.10.* *_cpython, None]
  additional_zip_keys: [is_python_min]  # [linux]
  pr_limit: 5
  automerge: true
  exclude: [a, b]  # why
  exclude_pinned_pkgs: false
  include_noarch: true
  include_build: true
  override_cbc_keys: [c_compiler_stub]
  platform_allowlist: [osx-arm64, linux_64]
  allowlist_file: some.txt
  wait_for_migrators: [python314]
  ignored_deps_per_node:
    matplotlib: [pyqt]
  paused: true
  longterm: true
  commit_message: |
    Rebuild for it

    And why.
  conda_forge_yml_patches:
    provider.osx_64: azure
  check_solvable: false
  max_solver_attempts: 3
python:
- 3.10.* *_cpython
is_python_min:   # [linux]
- false          # [linux]
"""


def test_every_key() -> None:
    migration = parse_migration(WHOLE, path="migrations/python310.yaml")
    assert (migration.name, migration.title, migration.keys) == (
        "python310",
        "Rebuild for it",
        ("python", "is_python_min"),
    )
    assert (migration.bump, migration.settings.migration_number) == (2, 3)
    assert migration.settings.ordering == {"python": ("3.9.* *_cpython", "3.10.* *_cpython", "None")}
    assert migration.settings.platform_allowlist == ("osx-arm64", "linux-64")
    assert migration.settings.ignored_deps_per_node == {"matplotlib": frozenset({"pyqt"})}
    assert migration.settings.conda_forge_yml_patches == {"provider.osx_64": "azure"}
    assert (migration.settings.paused, migration.settings.longterm, migration.settings.check_solvable) == (
        True,
        True,
        False,
    )
    assert migration.settings.exclude == {"a", "b"}


def test_selectors_decide_pins_by_platform() -> None:
    migration = parse_migration(WHOLE, path="python310.yaml")
    assert migration.pins("linux-64").configuration.values == {
        "python": ("3.10.* *_cpython",),
        "is_python_min": ("false",),
    }
    assert migration.pins("osx-64").configuration.values == {"python": ("3.10.* *_cpython",)}


def test_defaults_and_the_bump() -> None:
    migration = parse_migration(
        "__migrator: {kind: version, bump_number: 3, build_number: 1}\nlib: ['2']\n", path="x.yaml"
    )
    assert (migration.bump, migration.settings.exclude_pinned_pkgs, migration.settings.automerge) == (3, True, False)
    assert parse_migration("__migrator: {kind: version}\nlib: ['2']\n", path="x.yaml").bump == 1


def test_a_blank_commit_message_is_none() -> None:
    text = "migrator_ts: 1\n__migrator:\n  commit_message: ' '\npackage:\n- '1'\n"
    assert parse_migration(text, path=Path("package1.yaml")).title == "Rebuild for package1"


def test_a_file_called_migration_has_its_folders_name() -> None:
    migration = parse_migration("__migrator: {}\nlib: ['2']\n", path="/somewhere/krb5122/migration.yaml")
    assert migration.name == "krb5122"


def test_all_problems_at_once() -> None:
    text = """\
__migrator:
  autonerge: true
  excluded_pinned_pkgs: false
  pr_limit: many
  kind: rebuild
  exclude: a
  automerge: yes please
  operation: key_remove
  platform_allowlist: [windows]
  wibble: 1
openssl: '4'
migrator_ts: soon
"""
    with pytest.raises(MigrationFileError) as error:
        parse_migration(text, path="x.yaml")
    keys = ", ".join(sorted(MigratorTable.model_fields))
    assert str(error.value).splitlines() == [
        "x.yaml:2: unknown key '__migrator.autonerge'; did you mean 'automerge'?",
        "x.yaml:3: unknown key '__migrator.excluded_pinned_pkgs'; did you mean 'exclude_pinned_pkgs'?",
        "x.yaml:4: __migrator.pr_limit: expected a whole number, got 'many'",
        "x.yaml:5: __migrator.kind: expected 'version', got 'rebuild'",
        "x.yaml:6: __migrator.exclude: expected a list, got 'a'",
        "x.yaml:7: __migrator.automerge: expected true or false, got 'yes please'",
        "x.yaml:9: __migrator.platform_allowlist[0]: expected a platform such as linux-64 or osx_arm64, got 'windows'",
        f"x.yaml:10: unknown key '__migrator.wibble'; expected one of {keys}",
        "x.yaml:11: openssl: expected a list, got '4'",
        "x.yaml:12: migrator_ts: expected a number, got 'soon'",
    ]


def test_contradictions_are_told_together() -> None:
    text = "__migrator:\n  operation: key_remove\nexclude:\n- curl\n"
    with pytest.raises(MigrationFileError) as error:
        parse_migration(text, path="x.yaml")
    assert str(error.value).splitlines() == [
        "x.yaml:2: __migrator.operation: key_remove needs a primary_key",
        "x.yaml:3: exclude: belongs under __migrator",
    ]


def test_the_json_schema_takes_what_is_read_and_refuses_what_is_not() -> None:
    schema = MigrationTable.model_json_schema()
    good = {"__migrator": {"kind": "version", "paused": True, "build_number": 1}, "openssl": ["4"], "migrator_ts": 1.5}
    jsonschema.validate(good, schema)
    for bad in ({"openssl": ["4"]}, {"__migrator": {"pause": True}}, {"__migrator": {"paused": "maybe"}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(bad, schema)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "x.yaml:2: did not find expected node content"),
        ("- a\n", "x.yaml:1: expected a mapping of pins, with `__migrator`"),
        ("lib: ['1']\n", "x.yaml:1: __migrator is missing"),
        ("__migrator: {}\n", "x.yaml:1: no pin is changed: expected keys such as `openssl:` with a list of values"),
        ("__migrator: 1\nlib: ['1']\n", "x.yaml:1: __migrator: expected a table, got '1'"),
        (
            "__migrator: {operation: key_add, primary_key: python}\nlib: ['1']\n",
            "x.yaml:1: __migrator.primary_key: python is not one of the changed pins",
        ),
        (
            "__migrator:\n  build_number: -1\nlib: ['1']\n",
            "x.yaml:2: __migrator.build_number: build numbers are never lowered: expected 0 or more",
        ),
        (
            "__migrator:\n  ordering:\n    lib: ['1', '3']\nlib:\n- '2'\n",
            "x.yaml:3: __migrator.ordering.lib: lacks '2', a new value of lib; add it, oldest first",
        ),
    ],
)
def test_no_migration(text: str, message: str) -> None:
    with pytest.raises(MigrationFileError) as error:
        parse_migration(text, path="x.yaml")
    assert str(error.value) == message


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MigrationFileError, match="can't be read"):
        read_migration(tmp_path / "none.yaml")


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not here")
def test_every_file_of_conda_forge_loads() -> None:
    files = [*SHARED.glob("pinning/recipe/migrations/*.yaml"), *SHARED.glob("migrations/*/migration.yaml")]
    assert len(files) > 20
    for path in files:
        migration = read_migration(path)
        for platform in ("linux-64", "linux-aarch64", "osx-arm64", "win-64"):
            assert migration.pins(platform).name == migration.name


def test_the_projects_own_migrations_load() -> None:
    folder = Path(__file__).parents[2] / "migrations"
    assert sorted(read_migration(path).name for path in folder.glob("*.yaml")) == [
        "libboost190",
        "openssl4",
        "python314",
        "xrootd6",
    ]
