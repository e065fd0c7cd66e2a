from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from dirac_forge.check.files.kinds import read_targets
from dirac_forge.check.targets import Target
from dirac_forge.errors import InputError


def read_target(text: str, **asked: Sequence[str]) -> Target:
    (target,) = read_targets(text, **asked)
    return target


def test_a_list_of_specs(tmp_path: Path) -> None:
    path = tmp_path / "specs.txt"
    path.write_text("# the extension\nlhcbdirac\ndirac-grid >=9,<10  # its line\n\n", encoding="utf-8")
    assert read_target(str(path)).specs == ("lhcbdirac", "dirac-grid >=9,<10")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n- b\n", "{path}: it has neither `dependencies` (an environment file) nor `specs` (a construct.yaml)"),
        ("dependencies: numpy\n", "{path}:1: dependencies: expected a list"),
        ("dependencies:\n  - pip:\n    - x\n", "{path}: dependencies: it lists no conda package"),
    ],
)
def test_wrong_files_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "environment.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_target(str(path))
    assert caught.value.message == message.format(path=path)


def test_a_spec_in_a_file_that_is_none_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "environment.yml"
    path.write_text("dependencies:\n  - numpy >=>1\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"environment\.yml:2: 'numpy >=>1' is not a package spec"):
        read_target(str(path))


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing\.yml: can't be read"):
        read_target(str(tmp_path / "nothing.yml"))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("data.json", "{}", "{path}: not a file that says what to install"),
        ("install.sh", "echo", "{path}: not a file that says what to install"),
        ("Cargo.toml", "[package]\nname = 'x'\n", "{path}: not a pixi manifest"),
        ("pyproject.toml", "[project]\nname = 'x'\n", "{path}: not a pixi manifest"),
        (
            "explicit.txt",
            "@EXPLICIT\nhttps://example.org/a-1-0.conda\n",
            "{path}: a list of package URLs (@EXPLICIT): there is nothing to solve",
        ),
    ],
)
def test_file_of_another_kind_is_an_error_that_names_the_kinds(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_targets(str(path))
    assert caught.value.message == message.format(path=path)
    assert caught.value.hint == (
        "Give a package spec, an environment.yml, a construct.yaml, a pixi.toml (or a pyproject.toml with "
        "[tool.pixi]), a pixi.lock, or a .txt with one spec a line."
    )


def test_package_name_with_a_dot_is_a_spec() -> None:
    assert read_target("zope.interface").specs == ("zope.interface",)
    assert read_target("conda-forge::numpy").specs == ("conda-forge::numpy",)
    assert read_target("conda-forge/label/test::numpy >=2").specs == ("conda-forge/label/test::numpy >=2",)


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ("lib[subdir=osx-64]", "the field subdir"),
        ("conda-forge/linux-64::lib", "the field subdir"),
        ("linux-64::lib", "the subdir linux-64, written as a channel,"),
        ("lib[fn=lib-1.0-0.conda]", "the field fn"),
        ("https://conda.anaconda.org/conda-forge/linux-64/lib-1.0-0.conda", "the field url"),
        ("lib[extras=[more]]", "the field extras"),
        ('lib[when="python >3"]', "the field when"),
    ],
)
def test_fields_that_no_answer_respects_are_refused(tmp_path: Path, spec: str, field: str) -> None:
    told = f"{spec!r}: {field} in a package spec is not supported"
    with pytest.raises(InputError) as caught:
        read_targets(spec)
    assert caught.value.message == told
    path = tmp_path / "specs.txt"
    path.write_text(f"grid\n{spec}\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_targets(str(path))
    assert caught.value.message == f"{path}:2: {told}"


def test_other_fields_of_specs_are_kept() -> None:
    spec = f"conda-forge::lib >=1[build_number=2,license=MIT,md5={'a' * 32}]"
    assert read_target(spec).specs == (spec,)


def test_installed_environment_is_not_a_package_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pfx" / "conda-meta").mkdir(parents=True)
    with pytest.raises(InputError, match="pfx: an installed environment, not what to install"):
        read_targets("pfx")


@pytest.mark.parametrize("place", ["fabric/recipe/meta.yaml", "fabric/recipe/recipe.yaml", "fabric/recipe.yaml"])
def test_a_recipe_is_not_taken_for_what_to_install(tmp_path: Path, place: str) -> None:
    file = tmp_path / place
    file.parent.mkdir(parents=True)
    file.write_text("package: {name: fabric, version: '1'}\n", encoding="utf-8")
    for path in (file, file.parent, tmp_path / "fabric"):
        with pytest.raises(InputError) as caught:
            read_targets(str(path))
        assert (caught.value.message, caught.value.hint) == (
            f"{path}: a recipe says what is built, not what is installed",
            f"Name its packages, such as `fabric`. `dirac-forge check --with {path}` checks what it would make.",
        )
