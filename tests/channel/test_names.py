from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from dirac_forge.channel.listing import Listing, PackageInfo
from dirac_forge.channel.name_reasons import NameKind, NameReason
from dirac_forge.channel.names import (
    MappedBy,
    candidates,
    extras_of,
    import_name_for,
    in_name_tables,
    package_for,
    package_for_extra,
    packages_of,
    spellings,
    whole_of,
)

SHARED = Path(__file__).parents[2] / "../shared/conda-forge"

MakeListing = Callable[..., Listing]


@pytest.mark.parametrize(
    ("project", "package"),
    [
        ("DIRAC", "dirac-grid"),
        ("gfal2-python", "python-gfal2"),
        ("gfal2_python", "python-gfal2"),
        ("dogpile.cache", "dogpile.cache"),
        ("dogpile-cache", "dogpile.cache"),
        ("ruamel.yaml", "ruamel.yaml"),
        ("zope.interface", "zope.interface"),
        ("jaraco.classes", "jaraco.classes"),
        ("backports.zoneinfo", "backports.zoneinfo"),
        ("typing-extensions", "typing_extensions"),
        ("typing_extensions", "typing_extensions"),
        ("importlib_metadata", "importlib_metadata"),
        ("importlib-resources", "importlib_resources"),
        ("prompt-toolkit", "prompt_toolkit"),
        ("msgpack", "msgpack-python"),
        ("matplotlib", "matplotlib-base"),
        ("dask", "dask-core"),
        ("graphviz", "python-graphviz"),
        ("redis", "redis-py"),
        ("docker", "docker-py"),
        ("htcondor", "python-htcondor"),
        ("tzdata", "python-tzdata"),
        ("torch", "pytorch"),
        ("opencv-python-headless", "py-opencv"),
        ("stomp.py", "stomp.py"),
        ("repoze.lru", "repoze.lru"),
        ("SciTools-Iris", "iris"),
        ("pyqt5", "pyqt"),
        ("Brotli", "brotli-python"),
        ("flit_core", "flit-core"),
        ("hatch_vcs", "hatch-vcs"),
        ("setuptools_scm", "setuptools-scm"),
        ("Cython", "cython"),
        ("poetry-core", "poetry-core"),
        ("meson-python", "meson-python"),
        ("oldest-supported-numpy", "numpy"),
        ("ninja", "ninja"),
        ("cmake", "cmake"),
        ("scikit_build_core", "scikit-build-core"),
    ],
)
def test_the_tables_alone_know_common_names(project: str, package: str) -> None:
    mapped = package_for(project)

    assert (mapped.package, mapped.mapped_by) == (package, "curated")
    assert mapped.reasons[-1] == NameReason(kind=NameKind.NOT_ASKED)


@pytest.mark.parametrize(
    ("project", "python", "other", "package", "mapped_by"),
    [
        pytest.param("new-thing", ["new-thing"], [], "new-thing", "channel", id="found"),
        pytest.param("new.thing", ["new_thing"], [], "new_thing", "channel", id="found by another spelling"),
        pytest.param("new.thing-a", ["new.thing_a"], [], "new.thing_a", "channel", id="found by mixed spelling"),
        pytest.param(
            "new-thing", ["new-thing=1.0", "new_thing=2.0"], [], "new_thing", "channel", id="fresher spelling"
        ),
        pytest.param("new-thing", [], [], "new-thing", "guess", id="nowhere, spelling open"),
        pytest.param("newthing", [], [], "newthing", "normalised", id="nowhere"),
        pytest.param("New.Thing", [], [], "new-thing", "guess", id="nowhere, dots are lost"),
        pytest.param("new-thing", [], ["new-thing"], "python-new-thing", "guess", id="taken by a program"),
        pytest.param(
            "new-thing", ["new-thing-python"], ["new-thing"], "new-thing-python", "guess", id="taken, affixed"
        ),
        pytest.param("new-thing", ["py-new-thing"], [], "new-thing", "guess", id="only a similar name"),
        pytest.param("bash", ["bash"], [], "bash", "guess", id="known to be something else"),
        pytest.param("pinocchio", [], ["pinocchio"], "python-pinocchio", "guess", id="known, and not in Python"),
        pytest.param("boa", ["py-boa"], [], "py-boa", "guess", id="known to be something else, affixed"),
        pytest.param("requests", ["requests"], [], "requests", "channel", id="no table has it"),
        pytest.param("hatch-vcs", ["hatch-vcs"], [], "hatch-vcs", "channel", id="table and channel agree"),
        pytest.param("hatch-vcs", [], [], "hatch-vcs", "curated", id="the channel lacks a known name"),
        pytest.param("redis", [], [], "redis-py", "curated", id="the channel lacks a known other name"),
        pytest.param("graphviz", ["python-graphviz"], ["graphviz"], "python-graphviz", "curated", id="table wins"),
        pytest.param("graphviz", [], ["graphviz"], "python-graphviz", "curated", id="a C program is not evidence"),
        pytest.param("graphviz", ["graphviz"], [], "graphviz", "guess", id="the channel contradicts the table"),
        pytest.param(
            "matplotlib", ["matplotlib", "matplotlib-base"], [], "matplotlib-base", "curated", id="convention"
        ),
        pytest.param("matplotlib", ["matplotlib"], [], "matplotlib", "curated", id="the convention's second choice"),
        pytest.param("prompt-toolkit", ["prompt-toolkit"], [], "prompt-toolkit", "curated", id="the spelling there is"),
        pytest.param(
            "importlib-metadata",
            ["importlib-metadata=9.0"],
            ["importlib_metadata=8.5"],
            "importlib-metadata",
            "curated",
            id="an alias that was given up",
        ),
        pytest.param(
            "importlib-metadata",
            ["importlib-metadata=9.0"],
            ["importlib_metadata=9.0"],
            "importlib_metadata",
            "curated",
            id="an alias that is kept",
        ),
        pytest.param("ninja", [], ["ninja"], "ninja", "curated", id="a program that pip wraps"),
        pytest.param("pyqt4", [], ["pyqt"], "pyqt", "grayskull", id="grayskull, and it is there"),
        pytest.param("pyqt4", [], [], "pyqt", "guess", id="grayskull, and it is not there"),
        pytest.param("pyqt4", ["pyqt4"], [], "pyqt4", "guess", id="grayskull against the channel"),
        pytest.param("flit-core", ["flit_core"], [], "flit_core", "channel", id="another spelling than the table's"),
    ],
)
def test_the_channel_decides_with_the_tables(
    listing: MakeListing, project: str, python: list[str], other: list[str], package: str, mapped_by: MappedBy
) -> None:
    mapped = package_for(project, catalogue=listing(*python, other=other))

    assert (mapped.package, mapped.mapped_by) == (package, mapped_by)


def test_a_binary_project_is_the_package_of_its_stem(listing: MakeListing) -> None:
    mapped = package_for("foo-binary", catalogue=listing("foo"))
    assert (mapped.package, mapped.mapped_by, mapped.alternatives) == ("foo", "guess", ("foo-binary",))
    assert mapped.evidence.startswith("foo-binary is foo with its libraries inside, as its name says; ")
    assert package_for("foo-binary", catalogue=listing("foo", "foo-binary")).package == "foo-binary"
    assert package_for("foo-binary", catalogue=listing()).package == "foo-binary"
    assert {"foo", "foo-binary"} <= set(candidates("foo-binary"))


def test_a_workspace_name_beats_everything(listing: MakeListing) -> None:
    mapped = package_for(
        "Gfal2.Python", overrides={"gfal2_python": "my-gfal2"}, catalogue=listing("python-gfal2", "gfal2-python")
    )

    assert (mapped.project, mapped.package, mapped.mapped_by) == ("gfal2-python", "my-gfal2", "workspace")
    assert "my-gfal2" in candidates("gfal2-python", overrides={"gfal2_python": "my-gfal2"})


def test_a_guess_says_why() -> None:
    assert package_for("new-thing").evidence == "no table has it; no channel was queried"


def test_a_name_that_is_taken_is_named(listing: MakeListing) -> None:
    mapped = package_for("new-thing", catalogue=listing("py-new-thing", "python-new-thing", other=["new_thing"]))

    assert mapped.package == "python-new-thing"
    assert mapped.alternatives == ("new_thing", "py-new-thing")
    assert mapped.evidence == "the package new_thing is something else than this project"


def test_a_namesake_is_said_to_be_one(listing: MakeListing) -> None:
    assert package_for("bash").evidence == "the package bash is the shell"
    assert package_for("boa", catalogue=listing("boa")).evidence == (
        "here has a Python package boa; the package boa is a builder of conda packages"
    )


def test_a_contradiction_names_both(listing: MakeListing) -> None:
    mapped = package_for("graphviz", catalogue=listing("graphviz"))
    assert mapped.alternatives == ("python-graphviz",)
    assert mapped.evidence == (
        "here has a Python package graphviz; conda-forge's convention is python-graphviz: the package graphviz is the "
        "program and its C libraries; the channel has no python-graphviz"
    )


@pytest.mark.parametrize(
    ("project", "there", "package", "mapped_by"),
    [
        ("new-thing", [], "new-thing", "guess"),
        ("new-thing", ["new_thing"], "new_thing", "channel"),
        ("pyqt4", [], "pyqt", "grayskull"),
        ("graphviz", ["graphviz"], "python-graphviz", "curated"),
        ("uvicorn", [], "uvicorn", "curated"),
    ],
)
def test_absence_is_no_evidence_where_a_channel_could_not_be_read(
    listing: MakeListing, project: str, there: list[str], package: str, mapped_by: MappedBy
) -> None:
    mapped = package_for(project, catalogue=listing(*there, unread=("conda-forge",)))

    assert (mapped.package, mapped.mapped_by) == (package, mapped_by)


def test_what_the_embedded_snapshot_lacks_is_said_to_be_so() -> None:
    snapshot = Listing(as_of=date(2026, 8, 21))
    assert package_for("new-thing", catalogue=snapshot).evidence == (
        "no table has it; the embedded snapshot, a part of conda-forge, does not have it"
    )
    assert package_for("uvicorn", catalogue=snapshot).evidence == "conda-forge has uvicorn-standard, which requires it"


def test_spellings_normalise_to_the_project() -> None:
    assert spellings("Jaraco.functools_cache-x") == (
        "jaraco-functools-cache-x",
        "jaraco_functools_cache_x",
        "jaraco.functools.cache.x",
        "jaraco.functools-cache-x",
        "jaraco.functools_cache_x",
        "jaraco.functools_cache-x",
    )


@pytest.mark.parametrize(
    ("project", "extra", "package"),
    [
        ("uvicorn", "standard", "uvicorn-standard"),
        ("CacheControl", "filecache", "cachecontrol-with-filecache"),
        ("SQLAlchemy", "aiomysql", "sqlalchemy-with-aiomysql"),
        ("jsonschema", "format_nongpl", "jsonschema-with-format-nongpl"),
        ("starlette", "full", "starlette-full"),
        ("dask", "complete", "dask"),
        ("google-api-core", "grpc", "google-api-core-grpc"),
        ("black", "jupyter", "black-jupyter"),
        ("setuptools_scm", "toml", None),
        ("requests", "socks", None),
    ],
)
def test_packages_for_extras(project: str, extra: str, package: str | None) -> None:
    assert package_for_extra(project, extra) == package
    assert package is None or package in candidates(project)


def test_a_package_for_an_extra_must_be_in_the_channel(listing: MakeListing) -> None:
    assert package_for_extra("uvicorn", "standard", catalogue=listing("uvicorn")) is None
    assert package_for_extra("uvicorn", "standard", catalogue=listing(other=["uvicorn-standard"])) == "uvicorn-standard"
    assert package_for_extra("uvicorn", "standard", catalogue=listing(unread=("x",))) == "uvicorn-standard"


def test_the_package_that_is_more_than_a_projects_own() -> None:
    assert (whole_of("QtConsole"), whole_of("requests")) == (("qtconsole", ("pyqt",)), ("", ()))


def test_all_extras_of_a_project() -> None:
    assert extras_of("CacheControl") == {
        "filecache": "cachecontrol-with-filecache",
        "redis": "cachecontrol-with-redis",
    }
    assert extras_of("requests") == {}


def test_all_packages_of_a_project() -> None:
    assert packages_of("importlib_metadata") == ("importlib-metadata", "importlib_metadata")
    assert packages_of("typing.extensions") == ("typing_extensions", "typing-extensions")
    assert packages_of("matplotlib") == packages_of("requests") == ()


def test_import_names_come_from_grayskull() -> None:
    assert import_name_for("Backtrace") == "backtrace"
    assert import_name_for("opencv-python") == "cv2"
    assert import_name_for("no-such-project") is None


names = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,12}[A-Za-z0-9])?", fullmatch=True)


@given(project=names, there=st.sets(st.integers(0, 9)), python=st.booleans(), complete=st.booleans())
def test_the_answer_depends_on_the_normalised_name_alone(
    project: str, there: set[int], python: bool, complete: bool
) -> None:
    names = candidates(canonicalize_name(project))
    packages = {
        name: PackageInfo(name=name, versions=("1",), python=python, channel="here")
        for number, name in enumerate(names)
        if number in there
    }
    listing = Listing(packages=packages, unread=() if complete else ("there",))

    mapped = package_for(canonicalize_name(project), catalogue=listing)

    assert package_for(mapped.project, catalogue=listing) == mapped
    assert mapped.project == canonicalize_name(project)
    assert mapped.package in names
    assert mapped.package not in mapped.alternatives
    assert {package_for(spelling, catalogue=listing) for spelling in spellings(mapped.project)} == {mapped}


def _recipe_names(text: str) -> tuple[set[str], set[str]]:
    """Projects of the PyPI sources and outputs of a recipe (either format), read line by line."""
    variables: dict[str, str] = dict(re.findall(r"\{% *set +(\w+) *= *[\"']([^\"']+)[\"']", text))
    variables |= dict(re.findall(r"^  (\w+): *[\"']?([^\"'\s]+)[\"']?$", text, re.MULTILINE))

    def filled(match: re.Match[str]) -> str:
        value = variables.get(match[1], "?")
        if re.search(r"\[0\]|\[:1\]", match[0]):
            return value[0]
        value = value.lower() if "lower" in match[0] else value
        return value.replace("-", "_") if "replace" in match[0] else value

    text = re.sub(r"\$?\{\{ *(\w+)[^}]*\}\}", filled, text)
    files = re.findall(r"pypi\.(?:io|org)/packages/source/\S+/([^/\s]+)", text)
    projects: set[str] = {canonicalize_name(found[1]) for file in files if (found := re.match(r"([\w.-]+?)-\d", file))}
    outputs = set(re.findall(r"^\s*(?:- )?name: *[\"']?([a-z0-9._-]+)", text, re.MULTILINE))
    return projects, outputs


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")
def test_names_are_those_of_real_feedstocks() -> None:
    aside = {"pip", "setuptools", "wheel"}  # the sources that certifi bootstraps itself with
    wrong, seen = [], 0
    for path in sorted(SHARED.glob("feedstocks/*/recipe/*.yaml")):
        if path.name not in {"meta.yaml", "recipe.yaml"}:
            continue
        projects, outputs = _recipe_names(path.read_text(encoding="utf-8"))
        for project in projects - aside:
            seen += 1
            mapped = package_for(project)
            if mapped.package not in outputs:
                wrong.append((path.parts[-3], project, mapped.package, mapped.mapped_by))

    assert wrong == []
    assert seen > 45


def test_tables_know_packages_by_name() -> None:
    assert in_name_tables("python-annoy")
    assert not in_name_tables("no-such-package-at-all")
