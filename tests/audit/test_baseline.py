"""Accepted findings."""

from __future__ import annotations

from pathlib import Path

import pytest

from dirac_forge.audit.baseline import accepted_by, read_baseline
from dirac_forge.errors import InputError

from .test_patches import finding


def test_entry_covers_what_its_fields_name(tmp_path: Path) -> None:
    path = tmp_path / "accepted.toml"
    path.write_text(
        '[[accepted]]\npackage = "demo"\nkind = "missing"\nreason = "comes with the base environment"\n',
        encoding="utf-8",
    )
    baseline = read_baseline(path)
    found = accepted_by(baseline, finding())
    assert found is not None
    assert found.reason == "comes with the base environment"
    assert accepted_by(baseline, finding(kind="looser", declared="requests")) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[accepted]]\npackage = "x"\n', "entry 1 of [[accepted]]: `package` and `reason` are required"),
        ('[[accepted]]\npackage = "x"\nreason = "y"\nwhy = "z"\n', "entry 1 of [[accepted]]: unknown key 'why'"),
        ("[[accepted]]\npackage = 1\n", "expected strings for dependency, kind, package, reason, version"),
        ('[[accepted]]\npackage = "x"\nreason = "y"\nkind = "mising"\n', "of [[accepted]]: unknown kind 'mising'"),
        ('[[accepted]]\npackage = "x"\nreason = "y"\nversion = ">=1"\n', "version: expected one version, got '>=1'"),
        ("accepted = 1\n", "expected a list of [[accepted]] tables and nothing else"),
        ("= =", "not valid TOML"),
    ],
)
def test_mistakes_are_told_with_the_file(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "accepted.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_baseline(path)
    assert str(path) in caught.value.message
    assert message in caught.value.message


def test_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't be read: No such file"):
        read_baseline(tmp_path / "none.toml")
