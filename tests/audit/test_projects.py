"""Packages and the projects they are made from."""

from __future__ import annotations

import pytest

from dirac_forge.audit.projects import projects_for, provides


def test_projects_for_prefers_the_workspace_then_the_tables_then_the_name() -> None:
    assert projects_for("demo") == ("demo",)
    assert projects_for("demo", overrides={"Demo_Project": "demo"}) == ("demo-project", "demo")
    assert projects_for("msgpack-python")[0] == "msgpack"
    assert projects_for("demo-core") == ("demo-core", "demo")


def test_projects_for_a_namesake_is_empty() -> None:
    assert "pandoc" not in projects_for("pandoc")


@pytest.mark.parametrize(
    ("package", "project", "expected"),
    [
        ("typing_extensions", "typing-extensions", True),
        ("python-dateutil", "python-dateutil", True),
        ("matplotlib-base", "matplotlib", True),
        ("python-demo", "demo", True),
        ("demo-tools", "demo", False),
        ("demo", "other", False),
    ],
)
def test_provides(package: str, project: str, expected: bool) -> None:
    assert provides(package, project) is expected
