"""Facts: read once per content, whatever is wrong is said with file and line."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import dirac_forge.feedstock.facts as module
from dirac_forge.errors import InputError
from dirac_forge.feedstock.facts import FeedstockFacts, Need, read_facts
from dirac_forge.feedstock.workspace import FeedstockFolder, read_workspace
from dirac_forge.store import Store

RECIPE = """\
package: {name: a, version: 1.5}
build:
  number: 3
  skip: true  # [osx]
  run_exports:
    strong: [a]
requirements:
  build:
    - {{ compiler('c') }}
  host:
    - lib
    - winlib    # [win]
    - perhaps   # [thing]
    - {{ thing }}
  run_constrained:
    - never
test:
  requires:
    - pytest
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "feedstocks/a/recipe"
    folder.mkdir(parents=True)
    (folder / "meta.yaml").write_text(RECIPE, encoding="utf-8")
    return tmp_path


def add(workspace: Path, name: str, text: str, file: str = "meta.yaml") -> None:
    folder = workspace / "feedstocks" / name / "recipe"
    folder.mkdir(parents=True)
    (folder / file).write_text(text, encoding="utf-8")


def test_needs_are_joined_over_platforms(workspace: Path) -> None:
    facts = read_facts(read_workspace(workspace), None, Store(None))["a"]
    assert (facts.platforms, facts.skipped, facts.outputs) == (("linux-64", "win-64"), (("osx-64", 4),), ("a",))
    assert (facts.version, facts.build_number, facts.strong, facts.noarch) == ("1.5", 3, True, False)
    assert [need.written for need in facts.needs][:2] == ["compiler('c')", "lib"]
    assert facts.needs == (
        Need("build", "c_compiler_stub", "a", "c_compiler_stub", 9, 3, None),
        Need("host", "lib", "a", "lib", 11, 3, None),
        Need("host", "perhaps", "a", "perhaps", 13, 3, "thing"),
        Need("test", "pytest", "a", "pytest", 19, 3, None),
        Need("host", "winlib", "a", "winlib", 12, 2, None),
    )
    assert facts.platforms_of(2) == ("win-64",)
    assert facts.notes == ("recipe/meta.yaml:14: a requirement depends on thing, which is not defined",)


def test_a_second_reading_parses_nothing(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path / "cache")
    first = read_facts(read_workspace(workspace), None, store)

    def fail(*_: object, **__: object) -> FeedstockFacts:
        raise AssertionError("parsed again")

    monkeypatch.setattr(module, "facts_of", fail)
    assert read_facts(read_workspace(workspace), None, store) == first
    (workspace / "feedstocks/a/recipe/conda_build_config.yaml").write_text("thing: [lib2]\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="parsed again"):
        read_facts(read_workspace(workspace), None, store)


def test_a_broken_blob_is_read_anew(workspace: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "cache")
    first = read_facts(read_workspace(workspace), None, store)
    for path in (tmp_path / "cache").rglob("*"):
        if path.is_file():
            path.write_text("[1, 2", encoding="utf-8")
    assert read_facts(read_workspace(workspace), None, store) == first


def test_values_of_the_recipes_own_configuration(workspace: Path) -> None:
    (workspace / "feedstocks/a/recipe/conda_build_config.yaml").write_text(
        "thing:\n- none\n- mpich  # [linux]\n", encoding="utf-8"
    )
    facts = read_facts(read_workspace(workspace), None, Store(None))["a"]
    assert [(need.name, need.platforms) for need in facts.needs if need.line == 14] == [("none", 3), ("mpich", 1)]
    assert facts.notes == ()


def test_what_cannot_be_read_is_said_and_the_rest_goes_on(workspace: Path) -> None:
    add(workspace, "broken", "package:\n  name: b\n version: 1\n")
    add(workspace, "loop", "{% for a in range(1000) %}{% for b in range(1000) %}x{% endfor %}{% endfor %}")
    add(
        workspace,
        "bomb",
        "package: {name: a}\n" + "a: &a [1]\n" + "b: &b [" + "*a," * 9 + "]\nrequirements: {host: *b}\n",
        "recipe.yaml",
    )
    (workspace / "feedstocks/empty").mkdir()
    facts = read_facts(read_workspace(workspace), None, Store(None))
    feedstocks = workspace / "feedstocks"
    assert list(facts) == ["a", "bomb", "broken", "empty", "loop"]
    assert facts["a"].error is None
    assert facts["broken"].error == f"{feedstocks}/broken/recipe/meta.yaml:3: did not find expected key"
    assert (
        facts["loop"].error
        == f"{feedstocks}/loop/recipe/meta.yaml:1: the template does not end within its limit of work"
    )
    assert facts["empty"].error == f"{feedstocks}/empty: there is neither recipe/recipe.yaml nor recipe/meta.yaml"


def test_the_result_is_the_same_in_parallel(workspace: Path) -> None:
    for number in range(150):
        add(workspace, f"f{number}", RECIPE.replace("name: a", f"name: f{number}"))
    folders = list(read_workspace(workspace))
    with ThreadPoolExecutor(2) as executor:
        assert read_facts(folders, None, Store(None), executor=executor) == read_facts(folders, None, Store(None))


def test_noarch_feedstocks_have_their_platform(workspace: Path) -> None:
    add(
        workspace,
        "pure",
        "package: {name: pure, version: 1}\nbuild: {noarch: python, number: 0}\nrequirements:\n  host:\n    - python\n",
    )
    facts = read_facts(read_workspace(workspace), None, Store(None))["pure"]
    assert (facts.platforms, facts.noarch, facts.noarch_python) == (("linux-64",), True, True)


def test_workspaces_and_their_names(workspace: Path) -> None:
    add(workspace, "a@v1.x", RECIPE)
    add(workspace, "b-feedstock", RECIPE)
    found = read_workspace(workspace)
    assert list(found.feedstocks) == ["a", "b"]
    assert [(line.name, line.branch) for line in found.lines] == [("a", "v1.x")]
    assert found.find("a@v1.x").branch == "v1.x"
    assert found.find(str(workspace / "feedstocks/a")).recipe_path == workspace / "feedstocks/a/recipe/meta.yaml"
    with pytest.raises(InputError) as error:
        found.find("nothing")
    assert error.value.message == f"there is no feedstock nothing in {workspace}/feedstocks"
    file = FeedstockFolder("a", workspace / "feedstocks/a/recipe/meta.yaml")
    assert list(file.texts) == ["meta.yaml"]
