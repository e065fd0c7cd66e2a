import hashlib
import io
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.version import Version

from dirac_forge.errors import InputError
from dirac_forge.http import Http
from dirac_forge.upstream.arguments import is_given
from dirac_forge.upstream.given import (
    RepositoryTag,
    as_published,
    from_file,
    from_folder,
    from_repository,
    repository_tag,
)
from dirac_forge.upstream.index.project import ReleaseFile
from support.archives import wheel
from support.facts import told
from support.gits import git
from support.server import Answer, Asked, Server

PYPROJECT = """
[build-system]
requires = ["setuptools", "setuptools-scm"]
build-backend = "setuptools.build_meta"
[project]
name = "demo"
dynamic = ["version"]
dependencies = ["six"]
"""
FILES = {"pyproject.toml": PYPROJECT, "src/demo/__init__.py": "import six\n", "LICENSE": "MIT License"}


def archive(top: str, files: Mapping[str, str] = FILES) -> bytes:
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w:gz") as made:
        for path, text in files.items():
            info = tarfile.TarInfo(f"{top}/{path}")
            info.size = len(text)
            made.addfile(info, io.BytesIO(text.encode()))
    return body.getvalue()


@pytest.mark.parametrize(
    ("text", "url", "tag", "forge"),
    [
        ("https://github.com/example/demo@v1.2", "https://github.com/example/demo", "v1.2", "github"),
        ("https://github.com/example/demo.git", "https://github.com/example/demo", "", "github"),
        ("https://github.com/example/demo/releases/tag/v1.2", "https://github.com/example/demo", "v1.2", "github"),
        ("https://gitlab.example.org/a/b/demo@1.0", "https://gitlab.example.org/a/b/demo", "1.0", "gitlab"),
        ("https://gitlab.example.org/a/demo/-/tags/v1.0", "https://gitlab.example.org/a/demo", "v1.0", "gitlab"),
    ],
)
def test_repository_tag_reads_addresses_of_forges(text: str, url: str, tag: str, forge: str) -> None:
    read = repository_tag(text)
    assert (read.url, read.tag, read.forge) == (url, tag, forge)


@pytest.mark.parametrize("text", ["https://github.com/a/b#subdirectory=c", "https://github.com/a/b@v1#subdirectory=c"])
def test_repository_tag_refuses_a_part_of_a_repository(text: str) -> None:
    with pytest.raises(InputError, match="is a subdirectory of a repository"):
        repository_tag(text)


@pytest.mark.parametrize("text", ["https://github.com/", "https://github.com/only", "https://github.com/a/b@v1 x"])
def test_repository_tag_refuses_what_is_no_repository(text: str) -> None:
    with pytest.raises(InputError, match="is not"):
        repository_tag(text)


def test_archives_are_where_the_forges_serve_them() -> None:
    github = RepositoryTag(url="https://github.com/example/demo", tag="v1.2", forge="github")
    gitlab = RepositoryTag(url="https://gitlab.example.org/a/demo", tag="v1.2", forge="gitlab")
    assert github.archive == "https://github.com/example/demo/archive/refs/tags/v1.2.tar.gz"
    assert gitlab.archive == "https://gitlab.example.org/a/demo/-/archive/v1.2/demo-v1.2.tar.gz"


def test_from_repository_reads_the_archive_of_the_tag() -> None:
    body = archive("demo-v1.2")

    def answer(asked: Asked) -> Answer:
        return Answer(body=body) if asked.path == "/group/demo/-/archive/v1.2/demo-v1.2.tar.gz" else Answer(status=404)

    with Server(answer) as server, Http(cache=None) as http:
        facts = from_repository(http, repository_tag(f"{server.url}/group/demo@v1.2"))
    assert (facts.release.project, facts.release.version) == ("demo", Version("1.2"))
    assert facts.release.sdist is not None
    assert facts.release.sdist.sha256 == hashlib.sha256(body).hexdigest()
    assert [str(requirement) for requirement in facts.metadata.requires_dist] == ["six"]


def test_from_folder_reads_a_tree_and_tells_that_the_version_is_computed(tmp_path: Path) -> None:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    (tmp_path / "away").symlink_to("/etc")
    facts = from_folder(tmp_path)
    assert (facts.release.project, facts.release.version) == ("demo", Version("0.0.0"))
    assert told(facts)[-1] == f"{tmp_path}: the version is computed when it is built; 0.0.0 stands for it"
    assert facts.sdist is not None
    assert set(facts.sdist.members) == set(FILES)


@pytest.mark.parametrize(
    ("settings", "path", "text", "version"),
    [
        ('[tool.hatch.version]\npath = "src/demo/__init__.py"', "src/demo/__init__.py", '__version__ = "1.4"', "1.4"),
        ('[tool.pdm.version]\nsource = "file"\npath = "v.py"', "v.py", "__version__ = '1.5'", "1.5"),
        ('[tool.setuptools.dynamic]\nversion = {attr = "demo.__version__"}', "demo.py", '__version__ = "2"', "2"),
        ('[tool.setuptools.dynamic]\nversion = {file = "VERSION"}', "VERSION", "2.1\n", "2.1"),
        ('[tool.hatch.version]\nsource = "nodejs"', "package.json", '{"version": "3.1"}', "3.1"),
        ('[build-system]\nbuild-backend = "maturin"', "Cargo.toml", '[package]\nversion = "0.7.1-beta.2"', "0.7.1b2"),
        ('[build-system]\nbuild-backend = "flit_core.buildapi"', "src/demo/__init__.py", '__version__ = "6"', "6"),
        ("", "setup.cfg", "[metadata]\nversion = file: setup.cfg", "0.0.0"),
        ("", "PKG-INFO", "Metadata-Version: 2.1\nName: Demo\nVersion: 7.5\n", "7.5"),
        ("", "PKG-INFO", "Metadata-Version: 2.1\nName: other\nVersion: 7.5\n", "0.0.0"),
        ('[tool.hatch.version]\npath = "v.py"', "v.py", "__version__ = made()", "0.0.0"),
        ('[tool.hatch.version]\npath = "../v.py"', "v.py", '__version__ = "1"', "0.0.0"),
    ],
)
def test_from_folder_reads_a_version_that_a_module_assigns(
    settings: str, path: str, text: str, version: str, tmp_path: Path
) -> None:
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text(text, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(
        f'[project]\nname = "demo"\ndynamic = ["version"]\n{settings}\n', encoding="utf-8"
    )
    assert from_folder(tmp_path).release.version == Version(version)


def test_from_folder_takes_the_version_of_a_tag_of_the_commit_and_runs_nothing(tmp_path: Path) -> None:
    clone, ran = tmp_path / "demo", tmp_path / "ran"
    clone.mkdir()
    (clone / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    git(clone, "init", "--quiet")
    git(clone, "add", ".")
    git(clone, "commit", "--quiet", "--message", "first")
    for tag in ("v1.2.0rc1", "v1.2.0", "latest", "py3-v9", "nightly-20250301"):
        git(clone, "tag", tag)
    git(clone, "config", "core.fsmonitor", f"touch {ran}; false")
    facts = from_folder(clone)
    assert facts.release.version == Version("1.2.0")
    assert told(facts)[-1] == (f"{clone}: the version is computed when it is built; that of the tag v1.2.0 is taken")
    (file,) = as_published(facts).release.files
    assert file.filename == "demo-1.2.0.tar.gz"
    assert not ran.exists()


def test_from_folder_does_not_take_a_placeholder_for_the_version(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.poetry]\nname = "demo"\nversion = "0.1"\n[tool.poetry-dynamic-versioning]\nenable = true\n'
        '[tool.poetry.dependencies]\nmylib = {git = "https://example.org/mylib.git", tag = "v1"}\n',
        encoding="utf-8",
    )
    facts = from_folder(tmp_path)
    assert told(facts)[-1] == f"{tmp_path}: the version is computed when it is built; 0.0.0 stands for it"
    assert facts.metadata.requires_dist.lines == ("mylib @ git+https://example.org/mylib.git@v1",)


def test_from_folder_reads_old_flit_projects(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[build-system]\nbuild-backend = "flit.buildapi"\n[tool.flit.metadata]\nmodule = "demo"\nrequires = ["six"]\n',
        encoding="utf-8",
    )
    (tmp_path / "demo.py").write_text("__version__ = '1.2'\n", encoding="utf-8")
    facts = from_folder(tmp_path)
    assert (facts.release.project, facts.release.version) == ("demo", Version("1.2"))


def test_as_published_names_the_sdist_of_the_index(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "De-mo.X"\nversion = "1.0"\n', encoding="utf-8")
    (file,) = as_published(from_folder(tmp_path)).release.files
    assert (file.filename, file.sha256) == ("de_mo_x-1.0.tar.gz", None)
    assert file.url == "https://files.pythonhosted.org/packages/source/de_mo_x-1.0.tar.gz"


def test_as_published_takes_the_sdist_that_the_index_has(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "demo"\nversion = "1.0"\n', encoding="utf-8")
    indexed = ReleaseFile(
        filename="demo-1.0.tar.gz",
        url="https://files.pythonhosted.org/packages/ab/demo-1.0.tar.gz",
        kind="sdist",
        version=Version("1.0"),
        hashes={"sha256": "ab" * 32},
    )
    made = as_published(from_folder(tmp_path), indexed)
    assert made.release.files == (indexed,)
    assert made.sdist is not None
    assert (made.sdist.sha256, told(made)) == ("ab" * 32, ())
    local = replace(indexed, url="file:///tmp/demo-1.0.tar.gz", hashes={"sha256": "cd" * 32})
    facts = from_folder(tmp_path)
    other = as_published(replace(facts, release=replace(facts.release, files=(local,))), indexed)
    assert told(other) == (
        "the index has another demo-1.0.tar.gz than the one that was given: the index's is the source",
    )


def test_from_folder_refuses_a_tree_without_a_project(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="names no project"):
        from_folder(tmp_path)
    with pytest.raises(InputError, match="there is no folder "):
        from_folder(tmp_path / "missing")
    with pytest.raises(InputError, match="there is no file or folder "):
        from_folder(tmp_path / "missing.json")


def test_from_folder_tells_where_pyproject_is_no_toml(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text('[project]\nname = "demo"\nversion = = 1\n', encoding="utf-8")
    with pytest.raises(InputError) as caught:
        from_folder(tmp_path)
    assert caught.value.message.startswith(f"{file} is not valid TOML: ")
    assert "line 3" in caught.value.message


def test_from_file_reads_sdists_and_wheels(tmp_path: Path) -> None:
    sdist = tmp_path / "demo-1.5.tar.gz"
    sdist.write_bytes(archive("demo-1.5"))
    wheel = tmp_path / "demo-1.5-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as made:
        made.writestr("demo/__init__.py", "")
        made.writestr("demo-1.5.dist-info/METADATA", "Metadata-Version: 2.1\nName: demo\nVersion: 1.5\n")
    read = [from_file(path) for path in (sdist, wheel)]
    assert [(facts.release.project, str(facts.release.version)) for facts in read] == [("demo", "1.5")] * 2
    assert [(facts.sdist is not None, facts.wheel is not None) for facts in read] == [(True, False), (False, True)]


def test_from_file_tells_what_is_odd_about_a_wheel(tmp_path: Path) -> None:
    path = tmp_path / "demo-1.0-py3-none-any.whl"
    path.write_bytes(wheel("demo", "1.0", "Requires-Dist: ??"))
    (problem,) = told(from_file(path))
    assert problem.startswith("METADATA of demo-1.0-py3-none-any.whl: '??' is not a requirement")


def test_from_file_refuses_names_that_tell_no_release(tmp_path: Path) -> None:
    path = tmp_path / "demo.whl"
    path.write_bytes(b"")
    with pytest.raises(InputError, match="not named like an sdist or wheel"):
        from_file(path)


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("https://github.com/a/b", True),
        ("./here", True),
        ("demo-1.0.tar.gz", True),
        ("demo", False),
        ("demo==1.0", False),
        ("demo[extra]", False),
    ],
)
def test_is_given_tells_inputs_from_projects(text: str, given: bool) -> None:
    assert is_given(text) is given
