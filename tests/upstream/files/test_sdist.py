"""Source archives: formats, where metadata is from, texts, command-line modules."""

from __future__ import annotations

import hashlib
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from dirac_forge.http import HashMismatchError, Http
from dirac_forge.store import Store
from dirac_forge.upstream.files.facts import EntryPoint, SdistFacts, SourceModule
from dirac_forge.upstream.files.sdist import sdist_facts
from dirac_forge.upstream.index.client import IndexClient
from support.archives import metadata, sdist, tarball
from support.facts import told
from support.index import IndexFile, PackageIndex

SUFFIX = {"gz": "tar.gz", "bz2": "tar.bz2", "xz": "tar.xz", "zip": "zip", "": "tar"}


def read(content: bytes | IndexFile, kind: str = "gz", store: Store | None = None) -> SdistFacts:
    with PackageIndex({"demo": {f"demo-1.0.{SUFFIX[kind]}": content}}) as index, Http(cache=None) as http:
        (release,) = IndexClient(http, url=index.url).project("demo").releases
        assert release.sdist is not None
        return sdist_facts(http, release.sdist, store or Store(None), project="demo")


def test_what_modules_import_is_left_out_unless_asked_for(tmp_path: Path) -> None:
    files = {
        "setup.py": "import cffi\nimport setuptools\nsetuptools.setup()",
        "demo/__init__.py": "import argparse\n__path__ = __import__('pkgutil').extend_path(__path__, __name__)",
        "demo/plain/__init__.py": "import six",
        "demo/main.py": "import argparse\nargparse.ArgumentParser()",
        "demo/fast.pyx": "# distutils: language = c++\ncimport numpy",
        "backend/build.py": "import os\ndef build_wheel(): ...",
    }
    store = Store(tmp_path)
    with PackageIndex({"demo": {"demo-1.0.tar.gz": sdist("demo", "1.0", files)}}) as index, Http(cache=None) as http:
        (release,) = IndexClient(http, url=index.url).project("demo").releases
        assert release.sdist is not None
        some = [sdist_facts(http, release.sdist, store, project="demo", imports=False) for _ in range(2)]
        every = sdist_facts(http, release.sdist, store, project="demo")
        again = sdist_facts(http, release.sdist, store, project="demo")
        downloads = [path for path in index.lines() if path.endswith(".tar.gz")]
    assert some[0] == some[1] == replace(every, modules=some[0].modules, command_line_modules=frozenset())
    assert [module.path for module in some[0].modules] == ["demo/__init__.py", "demo/fast.pyx", "setup.py"]
    assert set(some[0].modules) < set(every.modules)
    assert again == every
    assert len(downloads) == 2


FILES: dict[str, str | bytes] = {
    "PKG-INFO": metadata("demo", "1.0", "Requires-Dist: six"),
    "pyproject.toml": (
        '[build-system]\nrequires = ["hatchling"]\n[project]\nname = "demo"\n[project.scripts]\nrun = "demo:main"\n'
    ),
    "LICENSE": "MIT\r\ntext",
    "demo/__init__.py": "import argparse\nargparse.ArgumentParser()",
    "demo/other.py": "x = 1",
    "tests/test_demo.py": "import argparse\nargparse.ArgumentParser()",
    "vendor/lib/COPYING.txt": "caf\xe9".encode("latin-1"),
    "a/b/c/d/LICENSE": "too deep",
    "src/Cargo.toml": "[package]",
    "src/deps.cmake": "find_package(ZLIB)",
    "src/huge.cmake": "#" * 600_000,
    "data/license.json": "{}",
    "logo.png": b"\x89PNG",
}


@pytest.mark.parametrize("kind", SUFFIX)
def test_every_format_says_the_same(kind: str) -> None:
    content = sdist("demo", "1.0", FILES, kind=kind)
    facts = read(content, kind)
    assert facts.problems == ()
    assert (facts.filename, facts.sha256) == (f"demo-1.0.{SUFFIX[kind]}", hashlib.sha256(content).hexdigest())
    assert facts.metadata is not None
    assert (facts.metadata_from, facts.metadata.requires_dist.lines) == ("PKG-INFO", ("six",))
    assert facts.members == tuple(sorted(FILES))
    kept = ["LICENSE", "pyproject.toml", "src/Cargo.toml", "src/deps.cmake", "vendor/lib/COPYING.txt"]
    assert sorted(facts.texts) == kept
    assert (facts.texts["LICENSE"], facts.texts["vendor/lib/COPYING.txt"]) == ("MIT\ntext", "caf\xe9")
    assert facts.command_line_modules == {"demo/__init__.py"}
    assert facts.entry_points == (EntryPoint(name="run", value="demo:main"),)
    assert facts.pyproject["build-system"] == {"requires": ["hatchling"]}


def test_a_hash_is_computed_where_the_index_has_none() -> None:
    content = sdist("demo", "1.0", FILES)
    assert read(IndexFile(content=content, sha256="")).sha256 == hashlib.sha256(content).hexdigest()


def test_another_file_is_refused() -> None:
    with pytest.raises(HashMismatchError):
        read(IndexFile(content=sdist("demo", "1.0", FILES), sha256="00" * 32))


def test_what_was_read_is_read_once(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with PackageIndex({"demo": {"demo-1.0.tar.gz": sdist("demo", "1.0", FILES)}}) as index, Http(cache=None) as http:
        (release,) = IndexClient(http, url=index.url).project("demo").releases
        assert release.sdist is not None
        first = sdist_facts(http, release.sdist, store, project="demo")
        index.forget()
        assert sdist_facts(http, release.sdist, store, project="demo") == first
        assert index.lines() == []


SETUP = "from setuptools import setup\nsetup(name='demo', version='1.0', install_requires=['py'], py_modules=['x'])"
CFG = "[metadata]\nname = demo\n[options]\ninstall_requires = cfg\n[options.entry_points]\nconsole_scripts = c = d:e\n"


@pytest.mark.parametrize(
    ("files", "source", "requires", "dynamic"),
    [
        ({"PKG-INFO": metadata("demo", "1.0"), "setup.py": SETUP}, "PKG-INFO", (), ()),
        (
            {"PKG-INFO": metadata("demo", "1.0", metadata_version="1.1"), "setup.py": SETUP},
            "PKG-INFO",
            ("py",),
            ("requires-python",),
        ),
        (
            {
                "PKG-INFO": metadata("demo", "1.0", metadata_version="2.1"),
                "demo.egg-info/PKG-INFO": "",
                "demo.egg-info/requires.txt": "egg>=1\n\n[:os_name=='nt']\nwin\n\n[x:os_name=='nt' or a]\nboth\n[y]\n",
            },
            "PKG-INFO",
            ("egg>=1", "win; os_name=='nt'", "both; (os_name=='nt' or a) and extra == \"x\""),
            ("requires-python",),
        ),
        (
            {"PKG-INFO": metadata("demo", "1.0", metadata_version="2.1"), "demo.egg-info/PKG-INFO": ""},
            "PKG-INFO",
            (),
            ("requires-python",),
        ),
        (
            {
                "PKG-INFO": metadata("demo", "1.0", "Dynamic: Requires-Dist", metadata_version="2.2"),
                "setup.py": "from setuptools import setup\nsetup(install_requires=read())",
            },
            "PKG-INFO",
            (),
            ("requires-dist",),
        ),
        (
            {"pyproject.toml": '[project]\nname = "demo"\ndependencies = ["toml"]', "setup.py": SETUP},
            "pyproject.toml",
            ("toml",),
            (),
        ),
        ({"setup.cfg": CFG, "setup.py": "from setuptools import setup\nsetup()"}, "setup.cfg", ("cfg",), ()),
        ({"setup.py": SETUP}, "setup.py", ("py",), ()),
        ({"src/demo.egg-info/PKG-INFO": metadata("demo", "1.0", "Requires-Dist: e")}, "PKG-INFO", ("e",), ()),
    ],
)
def test_where_metadata_is_from(
    files: dict[str, str], source: str, requires: tuple[str, ...], dynamic: tuple[str, ...]
) -> None:
    facts = read(sdist("demo", "1.0", files))
    assert facts.metadata is not None
    assert (facts.metadata_from, facts.metadata.requires_dist.lines, facts.metadata.dynamic) == (
        source,
        requires,
        dynamic,
    )


def test_nothing_says_anything() -> None:
    facts = read(sdist("demo", "1.0", {"Makefile": "", "setup.py": "print 'python 2'"}))
    assert (facts.metadata, facts.metadata_from) == (None, None)
    assert told(facts) == ("setup.py of demo-1.0.tar.gz can't be read: it is not Python that can be parsed",)


def test_lies_are_left_out() -> None:
    files = {
        "PKG-INFO": metadata("other", "1.0"),
        "pyproject.toml": '[project]\nname = "demo"\nversion = "2.0"',
        "setup.py": SETUP,
    }
    facts = read(sdist("demo", "1.0", files))
    assert facts.metadata_from == "setup.py"
    assert told(facts) == (
        "PKG-INFO of demo-1.0.tar.gz is left out: it says that its project is 'other', not demo",
        "pyproject.toml of demo-1.0.tar.gz is left out: it says that its version is 2.0, not 1.0",
    )


def test_entry_points_by_trust() -> None:
    egg = {"demo.egg-info/entry_points.txt": "[console_scripts]\negg = e:f\n"}
    assert [point.name for point in read(sdist("demo", "1.0", egg)).entry_points] == ["egg"]
    assert [point.name for point in read(sdist("demo", "1.0", {**egg, "setup.cfg": CFG})).entry_points] == ["c"]


def test_entry_points_that_cannot_be_read_hide_none_that_can_be() -> None:
    odd = {"setup.py": "setup(entry_points='run = a:b')"}
    egg = {"demo.egg-info/entry_points.txt": "[console_scripts]\negg = e:f\n"}
    facts = read(sdist("demo", "1.0", {**odd, **egg}))
    assert ([point.name for point in facts.entry_points], told(facts)) == (["egg"], ())
    assert told(read(sdist("demo", "1.0", odd))) == (
        "setup.py of demo-1.0.tar.gz can't be read: MissingSectionHeaderError",
    )


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("setup.cfg", "setup_requires = x", "MissingSectionHeaderError"),
        ("setup.py", "print 'python 2'", "it is not Python that can be parsed"),
        ("pyproject.toml", "[", "Invalid"),
        ("setup.cfg", "[options]\0", "it is not text"),
    ],
)
def test_a_build_file_that_cannot_be_read_is_a_problem_beside_whole_metadata(path: str, text: str, why: str) -> None:
    facts = read(sdist("demo", "1.0", {"PKG-INFO": metadata("demo", "1.0"), path: text}))
    assert facts.metadata_from == "PKG-INFO"
    (problem,) = told(facts)
    assert problem.startswith(f"{path} of demo-1.0.tar.gz can't be read: {why}")


def test_a_large_licence_is_a_problem_but_no_unread_build_file() -> None:
    facts = read(sdist("demo", "1.0", {"LICENSE": "x" * 600_000, "setup.py": "x" * 600_000}))
    assert [(problem.kind, problem.about) for problem in facts.problems] == [
        ("too-large", "LICENSE of demo-1.0.tar.gz"),
        ("unread", "setup.py of demo-1.0.tar.gz"),
    ]


def test_configure_scripts_tell_what_they_look_for() -> None:
    script = "AC_CHECK_LIB([bz2], [main])"
    files = {"deps/x/configure.ac": script, "configure.ac": script, "big/configure": "x" * 3_000_000}
    facts = read(sdist("demo", "1.0", files))
    assert facts.configured == {"configure.ac": ("bz2",), "deps/x/configure.ac": ("bz2",)}
    assert facts.texts["configure.ac"] == script
    assert [(problem.kind, problem.about) for problem in facts.problems] == [
        ("unread", "big/configure of demo-1.0.tar.gz")
    ]


def test_many_configure_scripts_are_not_all_looked_into() -> None:
    files = {f"{number}/configure": "x" * 2_000_000 for number in range(10)}
    facts = read(sdist("demo", "1.0", files))
    assert list(facts.configured) == [f"{number}/configure" for number in range(8)]
    assert [problem.about for problem in facts.problems] == [
        "8/configure of demo-1.0.tar.gz",
        "9/configure of demo-1.0.tar.gz",
    ]


def test_of_a_large_module_the_beginning_is_read() -> None:
    facts = read(sdist("demo", "1.0", {"demo/large.py": f"import click\n{'x = 1' * 100_000}\nimport requests\n"}))
    assert facts.modules == (SourceModule(path="demo/large.py", imports=("click",), cut=True),)


def test_a_crate_that_can_not_be_read_is_no_crate_that_says_nothing() -> None:
    pyproject = '[build-system]\nrequires = ["maturin"]\nbuild-backend = "maturin"\n'
    broken = read(sdist("demo", "1.0", {"pyproject.toml": pyproject, "Cargo.toml": "[package\n"}))
    (problem,) = broken.problems
    assert (problem.kind, problem.about) == ("unread", "Cargo.toml of demo-1.0.tar.gz")
    other = read(sdist("demo", "1.0", {"pyproject.toml": "", "Cargo.toml": "[package\n"}))
    assert other.problems == ()


def test_arguments_of_setup() -> None:
    facts = read(sdist("demo", "1.0", {"setup.py": SETUP, "setup.cfg": "[options]\npackages = find:\npy_modules = y"}))
    assert facts.setup["py_modules"] == ["x"]
    assert facts.setup["packages"] is None


def test_archives_without_a_single_top_folder() -> None:
    flat = read(tarball({"./setup.py": SETUP, "demo.py": ""}))
    assert (flat.members, flat.metadata_from) == (("demo.py", "setup.py"), "setup.py")
    beside = read(tarball({"demo-1.0/setup.py": SETUP, "pax_global_header": "", "._demo-1.0": ""}))
    assert (beside.members, beside.metadata_from) == (("setup.py",), "setup.py")
    assert told(beside) == ("demo-1.0.tar.gz: files outside of demo-1.0/ are left out",)


def test_long_names_of_both_dialects() -> None:
    name = "demo-1.0/" + "/".join(["folder" * 10] * 6) + "/\xe4\xf6\xfc.txt"
    for dialect in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
        facts = read(tarball({name: "x", "demo-1.0/setup.py": SETUP}, dialect=dialect))
        assert facts.members == (name.removeprefix("demo-1.0/"), "setup.py")
        assert facts.metadata_from == "setup.py"
