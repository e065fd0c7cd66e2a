"""`dirac-forge recipe`, whole: on a loopback index, with what upstream may do to it."""

import gzip
import io
import json
import sys
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from dirac_forge.cli import main
from support.index import IndexFile, PackageIndex
from support.rendered import load_v1
from support.server import Answer

Run = Callable[..., int]


def wheel(
    name: str, version: str, *, metadata: str = "", files: Mapping[str, str] | None = None, entry_points: str = ""
) -> dict[str, bytes]:
    stem = f"{name}-{version}"
    head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nLicense-Expression: MIT\n{metadata}\n"
    members = {f"{name}/__init__.py": "", **(files or {}), f"{stem}.dist-info/METADATA": head}
    if entry_points:
        members[f"{stem}.dist-info/entry_points.txt"] = entry_points
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for path, text in members.items():
            archive.writestr(path, text)
    return {f"{stem}-py3-none-any.whl": body.getvalue()}


def sdist(name: str, version: str, **files: str) -> dict[str, bytes]:
    build = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    members = {"pyproject.toml": build, "LICENSE": "MIT License", **{k.replace("__", "."): v for k, v in files.items()}}
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w:gz") as archive:
        for path, text in members.items():
            info = tarfile.TarInfo(f"{name}-{version}/{path}")
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return {f"{name}-{version}.tar.gz": body.getvalue()}


def release(name: str, version: str = "1.0", **about: str) -> dict[str, bytes]:
    return {**wheel(name, version, **about), **sdist(name, version)}  # type: ignore[arg-type]


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    """A snapshot that has `common` 2.0 and `older` 1.0, for Python."""
    folder = tmp_path / "channel" / "noarch"
    folder.mkdir(parents=True)
    records = {
        f"{name}-{version}-py_0.conda": {
            "name": name,
            "version": version,
            "build": "py_0",
            "build_number": 0,
            "depends": ["python >=3.9"],
            "noarch": "python",
            "subdir": "noarch",
        }
        for name, version in (("common", "2.0"), ("older", "1.0"))
    }
    document = {"info": {"subdir": "noarch"}, "packages": {}, "packages.conda": records}
    (folder / "repodata.json").write_text(json.dumps(document), encoding="utf-8")
    return folder.parent


@pytest.fixture
def run(tmp_path: Path, channel: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command in an empty folder with a cache of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIRAC_FORGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("DIRAC_FORGE_CHANNELS", str(channel))

    def command(index: PackageIndex | str, *arguments: str) -> int:
        url = index if isinstance(index, str) else index.url
        return main(["recipe", *arguments, "--index-url", url])

    return command


DEMO = {
    "demo": release(
        "demo", metadata="Summary: A demo\nRequires-Dist: common>=2\nRequires-Dist: older>=3\nRequires-Dist: fresh\n"
    ),
    "common": release("common", "2.0"),
    "older": release("older", "3.0"),
    "fresh": release("fresh"),
}


def test_recipes_are_written_and_what_they_need_is_told(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with PackageIndex(DEMO) as index:
        assert run(index, "demo", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert [recipe["feedstock"] for recipe in document["recipes"]] == ["fresh", "demo"]
    (output,) = document["recipes"][1]["outputs"]
    assert output["noarch"] == "python"
    assert output["run"] == ["python >=${{ python_min }}", "common >=2", "fresh", "older >=3"]
    assert output["license"] == "MIT"
    assert {d["package"]: (d["status"], d["mapped_by"]) for d in document["dependencies"]} == {
        "common": ("available", "channel"),
        "fresh": ("missing", "normalised"),
        "older": ("outdated", "channel"),
        "hatchling": ("unknown", "curated"),
    }
    text = (tmp_path / "feedstocks" / "demo" / "recipe" / "recipe.yaml").read_text(encoding="utf-8")
    assert "name: demo" in text
    assert (tmp_path / "feedstocks" / "demo" / "conda-forge.yml").exists()


def test_a_build_backend_that_a_folder_lacks_is_unknown_and_gets_no_recipe(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    with PackageIndex({**DEMO, "hatchling": release("hatchling")}) as index:
        assert run(index, "demo", "--json") == 0
        assert [each["feedstock"] for each in json.loads(capsys.readouterr().out)["recipes"]] == ["fresh", "demo"]
        assert run(index, "demo", "--force") == 0
    assert "not in this channel, but probably in conda-forge: hatchling" in capsys.readouterr().out


def test_maintainers_of_a_workspace_that_may_be_another_ones_are_told(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "pyproject.toml"
    settings.write_text('[tool.dirac-forge]\nmaintainers = ["octocat"]\n', encoding="utf-8")
    told = f"recipe-maintainers are those of {settings}; --maintainer NAME gives others."
    with PackageIndex({"demo": release("demo")}) as index:

        def said(*options: str) -> bool:
            assert run(index, "demo", "--force", *options) == 0
            return told in " ".join(capsys.readouterr().out.split())

        assert said("--output", "mine")
        assert not said()
        assert not said("--output", "feedstocks/own")
        assert not said("--output", "mine", "--maintainer", "somebody")
        monkeypatch.setenv("DIRAC_FORGE_MAINTAINERS", "somebody")
        assert not said("--output", "mine")


def test_text_for_people_tells_what_is_left_and_what_to_do_next(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with PackageIndex({"demo": release("demo", metadata="Requires-Dist: fresh\n"), "fresh": release("fresh")}) as index:
        assert run(index, "demo", "--maintainer", "somebody") == 0
        assert "recipe-maintainers" not in capsys.readouterr().out
        assert run(index, "fresh", "--output", "other") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "to do: fill in recipe-maintainers (--maintainer NAME)" in said
    check = f"dirac-forge check fresh --with other/fresh --index-url {index.url}"
    assert said.endswith(f"{check}: checks whether it can be installed with this recipe")


def test_recipes_of_what_is_missing_are_checked_together(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with PackageIndex(DEMO) as index:
        assert run(index, "demo") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"check demo --with feedstocks/fresh --with feedstocks/demo --index-url {index.url}: checks" in said


def test_a_project_that_the_index_lacks_has_the_nearest_names(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "feedstocks" / "laboratory" / "recipe").mkdir(parents=True)
    with PackageIndex({}) as index:
        assert run(index, "labratory") == 2
        assert "Did you mean laboratory?" in capsys.readouterr().err
        assert run(index, "requets") == 2
    assert "Did you mean requests?" in capsys.readouterr().err


def test_again_is_unchanged_and_something_different_is_shown_and_kept(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "feedstocks" / "common" / "recipe" / "recipe.yaml"
    with PackageIndex(DEMO) as index:
        assert run(index, "common") == 0
        first = recipe.read_bytes()
        assert run(index, "common") == 0
        assert "common 2.0: unchanged" in capsys.readouterr().out
        recipe.write_bytes(first.replace(b"number: 0", b"number: 3"))
        assert run(index, "common") == 1
        shown = capsys.readouterr().out
        assert "-  number: 3" in shown
        assert "+  number: 0" in shown
        assert b"number: 3" in recipe.read_bytes()
        assert run(index, "common", "--force") == 0
        assert recipe.read_bytes() == first


def test_both_formats_and_another_folder(run: Run, tmp_path: Path) -> None:
    with PackageIndex(DEMO) as index:
        assert run(index, "common", "--format", "v0", "--output", "elsewhere") == 0
    text = (tmp_path / "elsewhere" / "common" / "recipe" / "meta.yaml").read_text(encoding="utf-8")
    assert '{% set name = "common" %}' in text
    assert not (tmp_path / "feedstocks").exists()


def test_a_folder_is_not_called_an_sdist(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "pyproject.toml").write_text('[project]\nname = "mine"\nversion = "1.0"\n', encoding="utf-8")
    with PackageIndex({}) as index:
        assert run(index, str(tree), "--deps", "none", "--json") == 0
    notes = [note["text"] for note in json.loads(capsys.readouterr().out)["recipes"][0]["notes"]]
    assert "The folder ships no licence file." in notes
    assert [text for text in notes if "sdist" in text] == []


def test_several_projects_go_into_one_recipe(run: Run, tmp_path: Path) -> None:
    with PackageIndex(DEMO) as index:
        assert run(index, "demo", "common", "--feedstock", "both", "--deps", "none") == 0
    text = (tmp_path / "feedstocks" / "both" / "recipe" / "recipe.yaml").read_text(encoding="utf-8")
    assert "recipe:\n  name: both\n" in text
    assert "feedstock-name: both" in text


def test_a_channel_that_can_not_be_reached_costs_a_warning_only(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DIRAC_FORGE_CHANNELS", "http://127.0.0.1:9/nobody")
    with PackageIndex(DEMO) as index:
        assert run(index, "demo", "--json") == 0
    told = capsys.readouterr()
    document = json.loads(told.out)
    assert {d["status"] for d in document["dependencies"]} == {"unknown"}
    assert [recipe["feedstock"] for recipe in document["recipes"]] == ["demo"]
    assert told.err.count("can't be reached") == 1


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nobody"], 2, "There is no project nobody on "),
        (["demo==9.9"], 2, "There is no release of demo that satisfies ==9.9."),
        (["demo=="], 2, "'demo==' is not PROJECT or PROJECT==VERSION"),
        (["demo[x]"], 2, "demo 1.0 has no extra x: it has none"),
        (["../../etc"], 2, "there is no folder ../../etc"),
        (["gone/demo-1.0.tar.gz"], 2, "there is no file gone/demo-1.0.tar.gz"),
        (["gone/demo-1.0-py3-none-any.whl"], 2, "there is no file gone/demo-1.0-py3-none-any.whl"),
        (["demo", "--maintainer", "a b"], 2, "error: --maintainer: 'a b' is not a GitHub user or team"),
        (["demo", "--feedstock", "../up", "--deps", "none"], 2, "Not a valid feedstock name: '../up'"),
    ],
)
def test_wrong_use_is_told_in_words(
    run: Run, arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with PackageIndex(DEMO) as index:
        assert run(index, *arguments) == code
    told = capsys.readouterr()
    assert message in told.err
    assert told.out == ""
    assert not (tmp_path / "feedstocks").exists()


def test_the_nearest_versions_are_named(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with PackageIndex({"demo": {**release("demo", "1.0"), **release("demo", "1.2")}}) as index:
        assert run(index, "demo==1.1") == 2
    assert "Nearest versions: 1.0, 1.2." in capsys.readouterr().err


def test_an_index_that_is_down_leaves_the_question_open(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("http://127.0.0.1:9/simple/", "demo") == 3
    assert "127.0.0.1:9" in capsys.readouterr().err


def test_an_index_that_answers_html_with_200_leaves_the_question_open(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    page = Answer(headers={"Content-Type": "text/html"}, body=b"<html>please log in</html>")
    with PackageIndex({"demo": {}}, failures={"/simple/demo/": page}) as index:
        assert run(index, "demo") == 3
    assert "not a project's page of a package index" in capsys.readouterr().err


def test_a_file_that_is_not_the_one_the_index_lists_is_refused(
    run: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with PackageIndex(DEMO) as index:
        index.failures["/files/demo/demo-1.0.tar.gz"] = Answer(body=b"something else")
        assert run(index, "demo", "--deps", "none") == 2
    assert "demo-1.0.tar.gz" in capsys.readouterr().err
    assert not (tmp_path / "feedstocks").exists()


@pytest.mark.parametrize("body", [b"no archive", gzip.compress(b"\0" * 30_000_000)], ids=["corrupt", "bomb"])
def test_an_archive_that_can_not_be_read_is_refused(
    body: bytes, run: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    files = {**wheel("demo", "1.0"), "demo-1.0.tar.gz": body}
    with PackageIndex({"demo": files}) as index:
        assert run(index, "demo", "--deps", "none") == 2
    told = capsys.readouterr().err
    assert "error: The source archive of demo 1.0 can't be used: " in told
    assert "demo-1.0.tar.gz" in told
    assert not (tmp_path / "feedstocks").exists()


def test_a_yanked_release_is_made_only_when_it_is_asked_for(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = release("demo", "1.0"), release("demo", "1.1")
    yanked = {name: IndexFile(content=body, yanked="broken") for name, body in new.items()}
    with PackageIndex({"demo": {**old, **yanked}}) as index:
        assert run(index, "demo", "--json", "--output", "one") == 0
        assert json.loads(capsys.readouterr().out)["recipes"][0]["version"] == "1.0"
        assert run(index, "demo==1.1", "--json", "--output", "two") == 0
    (recipe,) = json.loads(capsys.readouterr().out)["recipes"]
    assert recipe["version"] == "1.1"
    told = {"level": "warning", "code": "upstream-problem", "text": "1.1 was yanked upstream: broken"}
    assert told in recipe["notes"]


HOSTILE = """
import pathlib
pathlib.Path({marker!r}).write_text("executed")
raise SystemExit("executed")
"""


def test_nothing_from_upstream_is_executed_or_evaluated(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    marker = tmp_path / "executed"
    code = HOSTILE.format(marker=str(marker))
    files = {
        **wheel(
            "evil",
            "1.0",
            metadata="Summary: {{ cycler.__init__.__globals__.os.system('id') }} ${{ env.get('HOME') }} # [win]\n"
            "Requires-Dist: common; python_version < '4'\n",
            files={"evil/__init__.py": code, "evil/cli.py": code},
            entry_points="[console_scripts]\nevil = evil.cli:main\n; rm -rf = x:y\n../up = a:b\nx = a b:c d\n",
        ),
        **sdist("evil", "1.0", setup__py=code, conftest__py=code, build__py=code),
    }
    before = set(sys.modules)
    with PackageIndex({"evil": files, "common": release("common", "2.0")}) as index:
        assert run(index, "evil", "--json") == 0
    assert not marker.exists()
    assert not [name for name in set(sys.modules) - before if name.startswith("evil")]
    document = json.loads(capsys.readouterr().out)
    (output,) = document["recipes"][-1]["outputs"]
    assert output["entry_points"] == ["evil = evil.cli:main"]
    text = (tmp_path / "feedstocks" / "evil" / "recipe" / "recipe.yaml").read_text(encoding="utf-8")
    assert (
        load_v1(text, "linux-64")[0]["about"]["summary"]
        == "{{ cycler.__init__.__globals__.os.system('id') }} ${{ env.get('HOME') }} # [win]"
    )


def test_an_sdist_file_becomes_a_recipe_that_asks_for_its_archive(run: Run, tmp_path: Path) -> None:
    ((name, content),) = sdist("local", "2.1").items()
    (tmp_path / name).write_bytes(content)
    with PackageIndex(DEMO) as index:
        assert run(index, f"./{name}", "--deps", "none", "--maintainer", "octocat", "-q") == 0
    text = (tmp_path / "feedstocks" / "local" / "recipe" / "recipe.yaml").read_text(encoding="utf-8")
    assert f"url: {(tmp_path / name).as_uri()}" in text
    assert "# TODO(dirac-forge): the source is on this machine" in text
    assert "    - octocat\n" in text


def test_extras_that_are_asked_for_are_folded_in(run: Run, tmp_path: Path) -> None:
    demo = release(
        "demo", metadata="Provides-Extra: fast\nRequires-Dist: common\nRequires-Dist: older; extra == 'fast'\n"
    )
    with PackageIndex({**DEMO, "demo": demo}) as index:
        assert run(index, "demo[fast]", "--deps", "none", "-q") == 0
    text = (tmp_path / "feedstocks" / "demo" / "recipe" / "recipe.yaml").read_text(encoding="utf-8")
    assert "    - common\n    - older\n" in text
