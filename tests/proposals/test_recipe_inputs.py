import subprocess
from pathlib import Path
from typing import cast

import pytest
from packaging.specifiers import SpecifierSet

from dirac_forge.errors import InputError
from dirac_forge.http import Http
from dirac_forge.proposals.recipe_inputs import newest_tag, read_inputs
from dirac_forge.recipe.making.families import Order
from dirac_forge.recipe.making.sources import chosen_source
from dirac_forge.upstream.choice import Choice
from dirac_forge.upstream.given import RepositoryTag
from dirac_forge.upstream.lookup import Lookup
from support.facts import facts


def repository(folder: Path, *tags: str) -> RepositoryTag:
    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)

    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "first")
    for tag in tags:
        git("tag", tag)
    return RepositoryTag(url=str(folder), tag="", forge="github")


def test_newest_tag_orders_versions_and_leaves_out_pre_releases(tmp_path: Path) -> None:
    made = repository(tmp_path, "v1.9", "v1.10", "v2.0rc1", "nightly", "release-1.2")
    assert newest_tag(made).tag == "v1.10"


def test_newest_tag_asks_for_one_where_none_is_a_version(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no tag that is a version"):
        newest_tag(repository(tmp_path, "nightly"))


def test_read_inputs_keeps_versions_and_extras() -> None:
    with Http(cache=None) as http:
        inputs = read_inputs(["demo[b,a]==1.0", "other"], "", http)
    assert inputs.orders == (
        Order(feedstock="", projects={"demo": SpecifierSet("==1.0")}, extras={"demo": ("a", "b")}),
        Order(feedstock="", projects={"other": SpecifierSet()}, extras={"other": ()}),
    )
    assert inputs.given == ()


def test_read_inputs_takes_extras_of_folders(tmp_path: Path) -> None:
    for folder, name in (("demo", "demo"), ("odd[name]", "odd")):
        (tmp_path / folder).mkdir()
        text = f'[project]\nname = "{name}"\nversion = "1.0"\n'
        (tmp_path / folder / "pyproject.toml").write_text(text, encoding="utf-8")
    with Http(cache=None) as http:
        inputs = read_inputs([f"{tmp_path}/demo[cli, a.b]", f"{tmp_path}/odd[name]"], "", http)
    assert inputs.orders == (
        Order(feedstock="", projects={"demo": SpecifierSet("==1.0")}, extras={"demo": ("a.b", "cli")}),
        Order(feedstock="", projects={"odd": SpecifierSet("==1.0")}, extras={"odd": ()}),
    )


def test_read_inputs_takes_the_sdist_that_the_index_serves(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "demo"\nversion = "1.0"\n', encoding="utf-8")
    served = facts("demo")

    class Index:
        def choice(self, project: str, specifiers: SpecifierSet) -> Choice:
            if (project, str(specifiers)) != ("demo", "==1.0"):
                raise InputError("no such release")
            return Choice(release=served.release)

    with Http(cache=None) as http:
        (given,) = read_inputs([str(tmp_path)], "", http, index=cast("Lookup", Index())).given
        assert given.release.sdist == served.release.sdist
        (tmp_path / "pyproject.toml").write_text('[project]\nname = "demo"\nversion = "2.0"\n', encoding="utf-8")
        (given,) = read_inputs([str(tmp_path)], "", http, index=cast("Lookup", Index())).given
    assert given.release.sdist is not None
    assert given.release.sdist.url == "https://files.pythonhosted.org/packages/source/demo-2.0.tar.gz"
    source = chosen_source(given, "2.0", noarch=True)
    assert [(each.level, each.text) for each in source.notes] == [
        ("todo", "the SHA-256 of demo-2.0.tar.gz is not known: fill in sha256 once the index has the file")
    ]
