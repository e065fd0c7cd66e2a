"""New migration files."""

from __future__ import annotations

import pytest

from dirac_forge.errors import InputError
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.migration.new import new_migration
from dirac_forge.migration.schema import parse_migration

PINNING = Pinning(
    path="pinning/conda_build_config.yaml",
    text="openssl:\n- '3.5'\nlibboost_devel:\n- '1.88'\nlibboost_headers:\n- '1.88'\nodd_one:\n- 1\nodd_two:\n- 2\n",
    migrations={"libboost190": "__migrator: {}\nlibboost_devel:\n- '1.90'\n"},
)


def test_one_library() -> None:
    made = new_migration("openssl", "4.0", PINNING, timestamp=1790000000)
    assert made.name == "openssl40"
    assert (
        made.text
        == """\
__migrator:
  build_number: 1
  commit_message: Rebuild for openssl 4.0
  kind: version
  migration_number: 1
openssl:
- '4.0'
migrator_ts: 1790000000
"""
    )
    assert made.notes == ("pinning/conda_build_config.yaml:1: openssl is 3.5 now",)
    assert parse_migration(made.text, path="openssl40.yaml").keys == ("openssl",)


def test_packages_that_move_together() -> None:
    made = new_migration("libboost", "1.91", PINNING, timestamp=1)
    assert parse_migration(made.text, path="x.yaml").keys == ("libboost_devel", "libboost_headers")
    assert made.notes[-1] == "the pinning has a migration of libboost_devel under way: libboost190"


TOGETHER = Pinning(
    path="pinning/conda_build_config.yaml",
    text="libfoo_headers:\n- '1.0'\nlibfoo_devel:\n- '1.0'\npyfoo:\n- '1.0'\nlibfooz:\n- '1.0'\n",
    support={
        "packages_to_migrate_together.yaml": (
            "# together\nlibfoo_devel:\n  - libfoo_devel\n  - libfoo_headers\n  - pyfoo\n  - libfoo_gone\n"
        )
    },
)


@pytest.mark.parametrize("library", ["libfoo-devel", "libfoo_headers", "pyfoo", "libfoo"])
def test_companions_of_the_pinnings_list_come_along(library: str) -> None:
    made = new_migration(library, "1.1", TOGETHER, timestamp=1)
    assert parse_migration(made.text, path="x.yaml").keys == ("libfoo_headers", "libfoo_devel", "pyfoo")
    assert made.notes[0] == "pinning/conda_build_config.yaml:1: libfoo_headers is 1.0 now"


def test_a_library_that_the_list_does_not_have_goes_alone() -> None:
    made = new_migration("libfooz", "1.1", TOGETHER, timestamp=1)
    assert parse_migration(made.text, path="x.yaml").keys == ("libfooz",)


@pytest.mark.parametrize(
    ("library", "version", "message"),
    [
        ("nothing", "1", "nothing is not pinned: pinning/conda_build_config.yaml has no key nothing"),
        ("odd", "3", "odd is not pinned: pinning/conda_build_config.yaml has no key odd"),
        ("openssl", "3.5", "openssl is pinned to 3.5 already"),
        ("openssl", "new", "'new' is not a version"),
    ],
)
def test_what_cannot_be_migrated(library: str, version: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        new_migration(library, version, PINNING, timestamp=1)
    assert error.value.message == message
