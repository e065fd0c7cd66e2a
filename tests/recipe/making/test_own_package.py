"""Requirements that are the recipe's own package."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from dirac_forge.recipe.making.expansion import Providers
from dirac_forge.recipe.making.generate import generate
from dirac_forge.recipe.making.output import FamilyPart
from dirac_forge.recipe.notes import NoteKind
from dirac_forge.recipe.scope import Scope
from support.facts import facts

NAMES = {"demo-binary": "demo", "demo-core": "demo"}
LEFT_OUT = (
    "left out of run, because it is called demo in conda, as the package of this recipe: {}; if it is another package, "
    "name that in [tool.dirac-forge.names]"
)
IN_RUN = "the requirements of the extra {} are in run, as asked for"


def told(requires: Sequence[str], *folded: str) -> tuple[list[str], list[str]]:
    """Return what is in run, and the notes on requirements."""
    part = FamilyPart(package="demo", facts=facts("demo", requires=requires, extras=folded), folded=folded)
    providers = Providers(package=lambda project: NAMES.get(project, project))
    recipe = generate("demo", [part], scope=Scope(), providers=providers)
    kinds = (NoteKind.OWN_PACKAGE, NoteKind.EXTRA_IN_RUN)
    run = [line.name for line in recipe.outputs[0].run if line.name != "python"]
    return run, [note.text for note in recipe.notes if note.kind in kinds]


def test_another_project_with_the_recipes_own_package_is_told() -> None:
    assert told(["demo-core==1.0", "six"]) == (["six"], [LEFT_OUT.format("demo-core==1.0")])


@pytest.mark.parametrize("line", ["demo-core; python_version < '3'", "demo-core; extra == 'other'", "demo[more]"])
def test_what_holds_nowhere_and_the_project_itself_are_not(line: str) -> None:
    assert told([line]) == ([], [])


def test_an_extra_that_adds_the_recipes_own_package_only_is_not_said_to_be_in_run() -> None:
    requires = ["demo-binary; extra == 'binary'", "demo-binary; extra == 'full'", "six; extra == 'full'"]
    assert told(requires, "binary") == ([], [LEFT_OUT.format(requires[0])])
    assert told(requires, "full") == (["six"], [LEFT_OUT.format(requires[1]), IN_RUN.format("full")])


def test_names_of_extras_that_are_not_in_run_are_not_asked_for() -> None:
    asked: list[str] = []

    def package(project: str) -> str:
        asked.append(project)
        return project

    made = facts("demo", requires=["six", "pytest; extra == 'test'"], extras=["test"])
    generate("demo", [FamilyPart(package="demo", facts=made)], scope=Scope(), providers=Providers(package=package))
    assert set(asked) == {"six", "hatchling"}


@pytest.mark.parametrize(
    ("line", "spec"),
    [
        ("demo-runtime-32==1.0", "==@{version}"),
        ("demo==1.0", None),
        ("demo-runtime-32>=1.0", ">=1.0"),
        ("demo-runtime-32==1.0.1", "==1.0.1"),
        ("six==1.0", "==1.0"),
    ],
)
def test_packages_that_are_released_together_move_with_the_version(line: str, spec: str | None) -> None:
    part = FamilyPart(package="demo", facts=facts("demo", requires=[line]))
    recipe = generate("demo", [part], scope=Scope(), providers=Providers(package=str.lower))
    assert [each.spec for each in recipe.outputs[0].run if each.name != "python"] == ([spec] if spec else [])


def test_a_package_named_as_the_project_begins_moves_too() -> None:
    part = FamilyPart(package="short", facts=facts("long-demo", requires=["long-core==1.0"]))
    recipe = generate("short", [part], scope=Scope(), providers=Providers(package=str.lower))
    assert [each.spec for each in recipe.outputs[0].run if each.name == "long-core"] == ["==@{version}"]
