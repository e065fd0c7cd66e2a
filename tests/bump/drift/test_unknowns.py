"""What a release does not say so that it can be read: it is told, and nothing leaves a recipe because of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from dirac_forge.bump.drift import merge as merge_module
from dirac_forge.recipe.reading.recipe_text import RecipeError
from dirac_forge.report.bump_reasons import worded
from dirac_forge.upstream.files.facts import EntryPoint, ReleaseFacts
from dirac_forge.upstream.problems import Problem, unread
from support.diffs import changed_lines
from support.facts import facts

from .test_merge import merge, old_new, recipe


def computing(release: ReleaseFacts, *fields: str) -> ReleaseFacts:
    """The same, where these fields are computed in the build."""
    return replace(release, metadata=replace(release.metadata, dynamic=fields))


def notes_of(text: str, old: ReleaseFacts, new: ReleaseFacts) -> list[str]:
    result = merge(text, "v1", old, new)
    assert result.text == text
    return [worded(note) for note in result.notes]


def test_requirements_that_are_computed_remove_nothing() -> None:
    text = recipe("v1", "six", "urllib3 >=1")
    old, new = old_new(("six", "urllib3>=1"), ())
    assert merge(text, "v1", old, new).text != text
    assert notes_of(text, old, computing(new, "requires-dist")) == [
        (
            "thing: thing 2.0 computes requirements in the build, so not all of them are known; check whether run "
            "has lines that are no longer needed"
        )
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("six >=2<3", "'six >=2<3' is not a requirement: "),
        ("??", "'??' is not a requirement: "),
    ],
)
def test_a_requirement_that_cannot_be_read_changes_nothing(line: str, problem: str) -> None:
    (told,) = notes_of(recipe("v1", "six >=1"), *old_new(("six>=1",), (line,)))
    assert told.startswith(f"thing: an upstream requirement was not compared: {problem}")


def built(*requires: str, problems: tuple[Problem, ...] = ()) -> ReleaseFacts:
    pyproject = {"build-system": {"requires": list(requires), "build-backend": "setuptools.build_meta"}}
    return facts("thing", pyproject=pyproject, problems=problems)


def test_a_build_file_that_cannot_be_read_removes_nothing_from_host() -> None:
    text = recipe("v1", host=("python", "pip", "setuptools", "cython"))
    new = built("setuptools")
    assert changed_lines(text, merge(text, "v1", built("setuptools", "cython"), new).text) == ["- - cython"]
    new = replace(new, problems=(unread("setup.cfg of thing-1.0.tar.gz", "ParsingError"),))
    assert notes_of(text, built("setuptools", "cython"), new) == [
        "could not read setup.cfg of thing-1.0.tar.gz, so what changed there is unknown; check host and the tests"
    ]


def test_a_tool_whose_bound_cannot_be_read_keeps_its_own() -> None:
    text = recipe("v1", host=("python", "pip", "setuptools >=61,<80"))
    (told,) = notes_of(text, built("setuptools>=61,<80"), built("setuptools >=61<81"))
    assert told.startswith("thing: an upstream requirement was not compared: 'setuptools >=61<81'")


def test_without_an_sdist_the_build_is_not_compared() -> None:
    old, new = facts("thing"), facts("thing", "2.0", sdist=False)
    assert notes_of(recipe("v1"), old, new) == [
        "thing: build requirements were not compared, because thing 2.0 has no readable sdist; check host"
    ]


def scripted(*, wheel: bool, names: tuple[str, ...] = ()) -> ReleaseFacts:
    points = tuple(EntryPoint(name=name, value="thing.cli:main") for name in names)
    return facts("thing", wheels=("py3-none-any",) if wheel else (), entry_points=points)


def _unread_in_wheel(new: ReleaseFacts) -> ReleaseFacts:
    assert new.wheel is not None
    return replace(new, wheel=replace(new.wheel, problems=(unread("entry_points.txt of thing.whl", "ParsingError"),)))


def _computed_in_setup(new: ReleaseFacts) -> ReleaseFacts:
    assert new.sdist is not None
    return replace(new, sdist=replace(new.sdist, setup={"entry_points": None}))


def _dynamic_in_project(new: ReleaseFacts) -> ReleaseFacts:
    assert new.sdist is not None
    return replace(new, sdist=replace(new.sdist, pyproject={"project": {"dynamic": ["scripts"]}}))


@pytest.mark.parametrize(
    ("wheel", "hidden"), [(True, _unread_in_wheel), (False, _computed_in_setup), (False, _dynamic_in_project)]
)
def test_commands_that_are_unknown_stay(wheel: bool, hidden: Callable[[ReleaseFacts], ReleaseFacts]) -> None:
    old, new = scripted(wheel=wheel, names=("thing",)), scripted(wheel=wheel)
    text = recipe("v1", host=("python",))
    assert "- thing = thing.cli:main" not in merge(text, "v1", old, new).text
    told = [worded(note) for note in merge(text, "v1", old, hidden(new)).notes]
    assert "thing: upstream's commands can't be read; check entry_points" in told
    assert "- thing = thing.cli:main" in merge(text, "v1", old, hidden(new)).text


@pytest.mark.parametrize(
    ("requires", "dynamic", "said"),
    [(None, ("requires-python",), "not stated statically"), (">=3.x", (), ">=3.x")],
)
def test_a_python_that_is_unknown_is_not_any_python(requires: str | None, dynamic: tuple[str, ...], said: str) -> None:
    old = facts("thing", requires_python=">=3.11")
    new = computing(facts("thing", "2.0", requires_python=requires), *dynamic)
    assert notes_of(recipe("v1", python="python >=3.11"), old, new) == [
        f"thing: upstream's Requires-Python is {said} now, which can't be compared; check python in host and run"
    ]


def test_a_bound_of_python_that_cannot_be_read_is_told_where_upstreams_moved() -> None:
    old, new = facts("thing", requires_python=">=3.8"), facts("thing", "2.0", requires_python=">=3.10")
    text = recipe("v1", python="python >=3.8,<3.10|>=3.11")
    assert "thing, line 25: python >=3.8,<3.10|>=3.11 can't be compared with upstream's (Requires-Python: >=3.10)" in [
        worded(note) for note in merge(text, "v1", old, new).notes
    ]


def test_a_licence_that_cannot_be_read_any_more_is_told() -> None:
    old, new = facts("thing"), facts("thing", "2.0", sdist=False)
    bare = replace(new, metadata=replace(new.metadata, license_expression=None, license="see the site"))
    assert (
        "thing: upstream's licence changed, and can't be read now (was MIT); check its metadata and licence files"
        in (notes_of(recipe("v1"), old, bare))
    )


def test_modules_of_a_release_without_readable_files_are_not_gone() -> None:
    old, new = facts("thing"), replace(facts("thing", "2.0"), wheel=None, sdist=None)
    assert not [note for note in merge(recipe("v1"), "v1", old, new).notes if note.kind == "modules-gone"]


def test_what_an_edited_recipe_lacks_is_unknown_where_it_cannot_be_rendered(monkeypatch: pytest.MonkeyPatch) -> None:
    def unmet_of(*_: object, **__: object) -> None:
        raise RecipeError("division by zero", path="recipe/recipe.yaml", line=3)

    monkeypatch.setattr(merge_module, "unmet_of", unmet_of)
    assert notes_of(recipe("v1"), *old_new((), ()))[-1] == (
        "could not read the edited recipe (recipe/recipe.yaml:3: division by zero); whether it meets upstream's "
        "requirements is unknown"
    )
