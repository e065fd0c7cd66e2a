"""`dirac-forge validate` on each kind of file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from dirac_forge.cli import main

GOOD = {
    "recipe.yaml": "context:\n  version: '1'\npackage:\n  name: a\n  version: ${{ version }}\nbuild:\n  number: 0\n",
    "meta.yaml": "package:\n  name: a\n  version: 1\nbuild:\n  number: 0\n",
    "conda-forge.yml": "bot:\n  automerge: true\n",
    "pyproject.toml": "[tool.dirac-forge]\nconnections = 4\n",
    "openssl4.yaml": "__migrator:\n  build_number: 1\nopenssl:\n  - '4'\n",
}
BAD = {
    "recipe.yaml": ("package: [\n", "recipe.yaml:2"),
    "conda-forge.yml": ("bot:\n  automrge: true\n", "did you mean 'automerge'?"),
    "pyproject.toml": ("[tool.dirac-forge]\nconnectons = 4\n", "unknown key 'connectons'; did you mean 'connections'?"),
    "openssl4.yaml": ("__migrator:\n  build_numbr: 1\nopenssl:\n  - '4'\n", "did you mean 'build_number'?"),
}


@pytest.mark.parametrize("name", sorted(GOOD))
def test_valid_files(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / name).write_text(GOOD[name], encoding="utf-8")
    assert main(["validate", str(tmp_path / name), "--workspace", str(tmp_path.parent)]) == 0
    assert capsys.readouterr().out == "1 file is valid\n"


@pytest.mark.parametrize("name", sorted(BAD))
def test_mistakes_are_reported(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, said = BAD[name]
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert main(["validate", str(tmp_path / name), "--json", "--workspace", str(tmp_path.parent)]) == 1
    (entry,) = json.loads(capsys.readouterr().out)["files"]
    assert entry["path"] == str(tmp_path / name)
    assert len(entry["problems"]) == 1
    assert said in entry["problems"][0]


def test_missing_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [str(tmp_path / name) for name in ("pyproject.toml", "migration.yaml", "recipe.yaml")]
    assert main(["validate", *paths, "--json", "--workspace", str(tmp_path)]) == 2
    files = json.loads(capsys.readouterr().out)["files"]
    assert [entry["problems"] for entry in files] == [["there is no such file"]] * 3


def test_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    feedstock = tmp_path / "feedstocks/a"
    (feedstock / "recipe").mkdir(parents=True)
    asking = GOOD["recipe.yaml"] + (
        "extra:\n  # TODO: add recipe-maintainers\n  recipe-maintainers: []  # TODO: later\n  # TODO: unpin\n"
    )
    (feedstock / "recipe/recipe.yaml").write_text(asking, encoding="utf-8")
    (feedstock / "conda-forge.yml").write_text(GOOD["conda-forge.yml"], encoding="utf-8")
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations/openssl4.yaml").write_text(GOOD["openssl4.yaml"], encoding="utf-8")
    told = f"to fill in: {feedstock}/recipe/recipe.yaml:9"
    assert main(["validate", str(tmp_path / "migrations"), "--workspace", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "1 file is valid\n"
    for folder, valid in ((feedstock, "2 files are valid"), (tmp_path, "3 files are valid")):
        assert main(["validate", str(folder), "--workspace", str(tmp_path)]) == 0
        out = capsys.readouterr().out
        assert out.startswith(valid)
        assert out.count("to fill in") == 1
        assert told in out.replace("\n    ", " ").replace("\n", "")
    assert main(["validate", str(tmp_path / "feedstocks/a/recipe"), str(tmp_path / "b"), "--json"]) == 2
    assert [each["problems"] for each in json.loads(capsys.readouterr().out)["files"]][1:] == [
        ["there is no such file"]
    ]
    (tmp_path / "empty").mkdir()
    assert main(["validate", str(tmp_path / "empty"), "--workspace", str(tmp_path)]) == 2
    assert (
        "there is no recipe, and no migration in a folder migrations, in this folder or below it"
        in capsys.readouterr().out
    )


def test_nested_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = GOOD["recipe.yaml"]
    for place in (
        "one/feedstocks/a/recipe",
        "one/build/converted/a",
        "one/outbox/a",
        "two/b/build_artifacts/c",
        "two/b/recipe",
        "two/deep/c",
        ".hidden/d",
    ):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "recipe.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "one/migrations").mkdir()
    (tmp_path / "one/migrations/openssl4.yaml").write_text(GOOD["openssl4.yaml"], encoding="utf-8")
    for folder in ("one", "two"):
        (tmp_path / folder / "pyproject.toml").write_text(GOOD["pyproject.toml"], encoding="utf-8")
    (tmp_path / "two/deep/back").symlink_to(tmp_path / "two")

    def validated(folder: Path) -> list[str]:
        assert main(["validate", str(folder), "--json", "--workspace", str(tmp_path)]) == 0
        files = json.loads(capsys.readouterr().out)["files"]
        return [Path(each["path"]).relative_to(tmp_path).as_posix() for each in files]

    one = [
        "one/pyproject.toml",
        "one/feedstocks/a/recipe/recipe.yaml",
        "one/migrations/openssl4.yaml",
    ]
    two = ["two/b/recipe/recipe.yaml", "two/deep/c/recipe.yaml"]
    assert validated(tmp_path / "one" / "feedstocks") == one[1:2]
    assert validated(tmp_path) == [*one, *two]


def test_files_below_folders_that_have_some_themselves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipes = [
        "a/meta.yaml",
        "a/recipe/recipe.yaml",
        "a/sub/deep/recipe/recipe.yaml",
        "migrations/m/feedstocks/b/recipe/recipe.yaml",
        "w/feedstocks/c/recipe/meta.yaml",
        "w/more/d/recipe.yaml",
    ]
    others = ["a/conda-forge.yml", "migrations/m/migrations/x.yml", "migrations/y.yaml"]
    for name in (*recipes, *others):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(GOOD.get(path.name, GOOD["openssl4.yaml"]), encoding="utf-8")
    assert main(["validate", str(tmp_path), "--json", "--workspace", str(tmp_path / "w")]) == 0
    files = json.loads(capsys.readouterr().out)["files"]
    found = [Path(each["path"]).relative_to(tmp_path).as_posix() for each in files]
    assert sorted(found) == sorted([*recipes, *others])
    (tmp_path / "a/sub/deep/recipe/recipe.yaml").write_text("package: [\n", encoding="utf-8")
    assert main(["validate", str(tmp_path / "a"), "--workspace", str(tmp_path / "w")]) == 1


@pytest.mark.parametrize(
    ("tool", "built", "second"),
    [
        ("rattler-build", "recipe.yaml", "meta.yaml"),
        ("conda-build", "meta.yaml", "recipe.yaml"),
    ],
)
@pytest.mark.parametrize("within", ["", "recipe"])
def test_two_recipes_are_both_read_and_told(
    within: str, tool: str, built: str, second: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "recipe"
    folder.mkdir()
    for name in ("recipe.yaml", "meta.yaml"):
        (folder / name).write_text(GOOD[name], encoding="utf-8")
    (tmp_path / "conda-forge.yml").write_text(f"conda_build_tool: {tool}\n", encoding="utf-8")
    arguments = ["validate", str(tmp_path / within), "--workspace", str(tmp_path)]
    assert main([*arguments, "--json"]) == 0
    files = json.loads(capsys.readouterr().out)["files"]
    assert [(each["path"], each["second_recipe"]) for each in files][:2] == [
        (f"{folder}/{built}", f"{folder}/{second}"),
        (f"{folder}/{second}", None),
    ]
    (folder / second).write_bytes(b"\xff\xfe")
    assert main(arguments) == 2
    count = "1 file is" if within else "2 files are"
    assert " ".join(capsys.readouterr().out.split()) == (
        f"{folder}/{second}: not read - can't be read: line 1 is not UTF-8 {count} valid, 1 is not - two recipes: "
        f"{folder}/{built} is built, {folder}/{second} is not; conda_build_tool in conda-forge.yml decides"
    )


def test_folders_that_cannot_be_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "recipe.yaml").write_text(GOOD["recipe.yaml"], encoding="utf-8")
    closed = tmp_path / "closed"
    closed.mkdir()
    listed = os.listdir

    def listing(path: str | Path) -> list[str]:
        if str(path) == str(closed):
            raise PermissionError(13, "Permission denied")
        return listed(path)

    def inside(path: Path) -> list[Path]:
        return [path / name for name in listing(path)]

    monkeypatch.setattr(os, "listdir", listing)
    monkeypatch.setattr(Path, "iterdir", inside)
    assert main(["validate", str(tmp_path), "--json", "--workspace", str(tmp_path)]) == 2
    files = json.loads(capsys.readouterr().out)["files"]
    assert [(each["path"], each["problems"]) for each in files] == [
        (str(tmp_path / "recipe.yaml"), []),
        (str(closed), ["can't be read: Permission denied"]),
    ]


def test_a_pinning_that_is_given_defines_its_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    uses = "  run:\n    - b ${{ mpi_type_min }}\n    - c ${{ other }}\n"
    text = GOOD["recipe.yaml"].replace("context:\n", "context:\n  mpi_type: '1'\n") + f"requirements:\n{uses}"
    path = tmp_path / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    assert main(["validate", str(path), "--json", "--workspace", str(tmp_path)]) == 0
    (entry,) = json.loads(capsys.readouterr().out)["files"]
    assert [each["name"] for each in entry["undefined"]] == ["mpi_type_min", "other"]
    pinning = tmp_path / "pinning"
    pinning.mkdir()
    (pinning / "conda_build_config.yaml").write_text("mpi_type_min:\n  - '1'  # [linux]\n", encoding="utf-8")
    assert main(["validate", str(path), "--workspace", str(tmp_path), "--pinning", str(pinning)]) == 1
    assert " ".join(capsys.readouterr().out.split()) == (
        f"{path}: not valid - {path}:12: other is not defined: neither the recipe, a file next to it nor the pinning "
        "defines it"
    )


@pytest.mark.parametrize(
    ("name", "uses", "said"),
    [
        ("recipe.yaml", "  skip: match(pythn, '>=3')\n", "pythn is not defined; is python meant?"),
        ("recipe.yaml", "  string: ${{ other }}\n", "other is not defined: neither the recipe, a file next to it nor "),
        ("meta.yaml", "  string: {{ python_mn }}\n", "python_mn is not defined; is python_min meant?"),
        ("meta.yaml", "  skip: true  # [pythn < 310]\n", "pythn is not defined; is python meant?"),
        ("meta.yaml", "  skip: true  # [py < 310 and environ.get('X') and len(os.name) and demo == 1]\n", ""),
        (
            "recipe.yaml",
            "requirements:\n  build:\n    - ${{ compiler('cxy') }}\n",
            'compiler("cxy"): cxy_compiler is not defined; is "cxx" meant?',
        ),
    ],
)
def test_a_pinning_makes_undefined_names_mistakes(
    name: str, uses: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = GOOD[name] + uses
    path, pinning = tmp_path / name, tmp_path / "pinning"
    path.write_text(text, encoding="utf-8")
    pinning.mkdir()
    (pinning / "conda_build_config.yaml").write_text("python_min:\n  - '3.10'\ndemo:\n  - 1\n", encoding="utf-8")
    options = ("--json", "--workspace", str(tmp_path))
    assert main(["validate", str(path), "--pinning", str(pinning), *options]) == int(bool(said))
    (entry,) = json.loads(capsys.readouterr().out)["files"]
    line = len(text.splitlines())
    assert [problem[: len(f"{path}:{line}: {said}")] for problem in entry["problems"]] == (
        [f"{path}:{line}: {said}"] if said else []
    )
    assert [each["line"] for each in entry["undefined"]] == ([line] if said else [])
    assert main(["validate", str(path), *options]) == 0


def test_a_compiler_that_only_a_package_can_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calls = "requirements:\n  build:\n    - ${{ compiler('bootstrap') }}\n    - ${{ compiler('rust') }}\n"
    path, pinning = tmp_path / "recipe.yaml", tmp_path / "pinning"
    path.write_text(f"{GOOD['recipe.yaml']}{calls}    # ${{{{ compiler('zig') }}}}\n", encoding="utf-8")
    pinning.mkdir()
    (pinning / "conda_build_config.yaml").write_text("rust_compiler:\n  - rust\n", encoding="utf-8")
    options = ("--workspace", str(tmp_path))
    assert main(["validate", str(path), "--pinning", str(pinning), *options]) == 0
    assert " ".join(capsys.readouterr().out.split()) == (
        f'1 file is valid - {path}:10: compiler("bootstrap") is the package bootstrap_PLATFORM: the pinning has no '
        "bootstrap_compiler"
    )
    assert main(["validate", str(path), *options]) == 0
    assert " ".join(capsys.readouterr().out.split()) == (
        f"1 file is valid - {path}:10: bootstrap_compiler is left to the pinning: neither the recipe nor a file next "
        "to it defines it"
    )


def test_mistakes_of_a_recipe_that_can_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = GOOD["recipe.yaml"] + "requirements:\n  run:\n    - b =>2\n    - c\n"
    (tmp_path / "recipe.yaml").write_text(text, encoding="utf-8")
    path = tmp_path / "recipe.yaml"
    assert main(["validate", str(path), "--json", "--workspace", str(tmp_path)]) == 1
    assert json.loads(capsys.readouterr().out)["files"] == [
        {
            "path": str(path),
            "problems": [f"{path}:10: a: 'b =>2' is not a package spec"],
            "to_fill_in": [],
            "undefined": [],
            "second_recipe": None,
        }
    ]
    path.write_text(text.replace("b =>2", "b ${{ b_pin }}").replace("  run:", "  rum:"), encoding="utf-8")
    assert main(["validate", str(path), "--json", "--workspace", str(tmp_path)]) == 1
    (entry,) = json.loads(capsys.readouterr().out)["files"]
    assert entry["problems"] == [f"{path}:9: unknown key 'rum' in requirements; did you mean 'run'?"]


def test_all_mistakes_in_one_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "recipe.yaml"
    run = "requirements:\n  run:\n    - b =>2\n"
    path.write_text(f"{GOOD['recipe.yaml']}{run}about:\n  license: BSD\n", encoding="utf-8")
    assert main(["validate", str(path), "--json", "--workspace", str(tmp_path)]) == 1
    (entry,) = json.loads(capsys.readouterr().out)["files"]
    assert [problem.removeprefix(f"{path}:").split(": ")[0] for problem in entry["problems"]] == ["10", "12"]


@pytest.mark.parametrize("name", ["recipe.yaml", "meta.yaml"])
def test_licence_files_that_are_not_there(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / name
    text = f"{GOOD[name]}about:\n  license: MIT\n  license_file: LICENSE\n"
    path.write_text(text, encoding="utf-8")
    assert main(["validate", str(path), "--json", "--workspace", str(tmp_path)]) == 1
    (entry,) = json.loads(capsys.readouterr().out)["files"]
    line = len(text.splitlines())
    assert entry["problems"] == [
        f"{path}:{line}: license_file: LICENSE is neither next to the recipe nor in its source"
    ]
    (tmp_path / "LICENSE").touch()
    assert main(["validate", str(path), "--json", "--workspace", str(tmp_path)]) == 0


def test_files_that_are_not_utf_8(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "meta.yaml"
    path.write_bytes(b"package:\n  name: a # caf\xe9\n")
    assert main(["validate", str(path), "--json", "--workspace", str(tmp_path)]) == 2
    assert json.loads(capsys.readouterr().out)["files"][0]["problems"] == ["can't be read: line 2 is not UTF-8"]


def test_what_only_a_pinning_can_define(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = GOOD["recipe.yaml"] + "requirements:\n  run:\n    - b ${{ b_pin }}\n    - python >=${{ python_min }}\n"
    text = text.replace("build:\n", "build:\n  skip: is_abi3 and not is_python_min\n")
    path = tmp_path / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    assert main(["validate", str(path), "--json", "--workspace", str(tmp_path)]) == 0
    (entry,) = json.loads(capsys.readouterr().out)["files"]
    assert (entry["problems"], entry["undefined"]) == ([], [{"name": "b_pin", "line": 11}])
    assert main(["validate", str(path), "--workspace", str(tmp_path)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert (
        said == f"1 file is valid - {path}:11: b_pin is left to the pinning: neither the recipe nor a file next to it "
        "defines it"
    )
    (tmp_path / "variants.yaml").write_text("b_pin:\n  - '1'\n", encoding="utf-8")
    assert main(["validate", str(path), "--json", "--workspace", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out)["files"][0]["undefined"] == []


def test_files_are_checked_though_the_workspace_has_faulty_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pyproject.toml").write_text(BAD["pyproject.toml"][0], encoding="utf-8")
    (tmp_path / "conda-forge.yml").write_text(BAD["conda-forge.yml"][0], encoding="utf-8")
    (tmp_path / "recipe.yaml").write_text(GOOD["recipe.yaml"], encoding="utf-8")
    for named in (["recipe.yaml", "conda-forge.yml"], ["recipe.yaml", "conda-forge.yml", "pyproject.toml"]):
        paths = [str(tmp_path / name) for name in named]
        assert main(["validate", *paths, "--json", "--workspace", str(tmp_path)]) == 1
        files = json.loads(capsys.readouterr().out)["files"]
        assert [(Path(entry["path"]).name, len(entry["problems"])) for entry in files] == [
            ("recipe.yaml", 0),
            ("conda-forge.yml", 1),
            ("pyproject.toml", 1),
        ]
        assert BAD["pyproject.toml"][1] in files[2]["problems"][0]
