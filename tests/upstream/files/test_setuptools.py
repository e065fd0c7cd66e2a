"""Literals of setup.py and setup.cfg."""

from __future__ import annotations

import pytest
from packaging.version import Version

from dirac_forge.upstream.files.facts import CoreMetadata, EntryPoint
from dirac_forge.upstream.files.requirements import RequirementList, with_marker
from dirac_forge.upstream.files.setuptools import from_setup_cfg, from_setup_py
from support.facts import told

SETUP = """
import os
from setuptools import setup, find_packages, Extension

HERE = os.path.dirname(__file__)
VERSION = "1.0"
REQUIRES = ["six>=1", "x"] + ["y"]
CHANGED = ["a"]
CHANGED.append("b")
EXTRAS = dict(test=["pytest"])
EXTRAS_MORE = {"docs": "sphinx\\nfuro", **EXTRAS, ":python_version<'3'": ["enum34"]}

if __name__ == "__main__":
    setup(
        name="demo",
        version=VERSION,
        description="A "
                    "demo",
        long_description=open("README").read(),
        install_requires=REQUIRES,
        tests_require=CHANGED,
        extras_require=EXTRAS_MORE,
        python_requires=">=3",
        classifiers="A\\nB".split("\\n"),
        packages=find_packages(),
        py_modules=["demo"],
        package_dir={"": "src"},
        ext_modules=[Extension("x", ["x.c"])],
        entry_points={
            "console_scripts": ["demo = demo:main [x]", "evil\\nx = os:system"],
            "gui_scripts": ["g=demo:gui"],
        },
    )
"""


def test_setup_py() -> None:
    said = from_setup_py(SETUP.encode(), where="setup.py")
    assert said.problems == ()
    assert said.fields["py_modules"] == ["demo"]
    assert said.fields["package_dir"] == {"": "src"}
    assert {key for key, value in said.fields.items() if value is None} == {
        "long_description",
        "tests_require",
        "packages",
        "ext_modules",
    }
    assert said.scripts.points == (
        EntryPoint(name="demo", value="demo:main", extras=("x",)),
        EntryPoint(name="g", value="demo:gui", gui=True),
    )
    assert said.scripts.odd == ("evil\nx = os:system",)
    assert said.metadata(name="DEMO", version=Version("9")) == CoreMetadata(
        name="demo",
        version=Version("1.0"),
        summary="A demo",
        classifiers=("A", "B"),
        requires_dist=RequirementList(
            (
                "six>=1",
                "x",
                "y",
                'sphinx; extra == "docs"',
                'furo; extra == "docs"',
                'pytest; extra == "test"',
                "enum34; python_version<'3'",
            )
        ),
        requires_python=">=3",
        provides_extra=("docs", "test"),
    )


@pytest.mark.parametrize(
    "source",
    [
        "setup(name='demo', install_requires=read('requirements.txt'))",
        "r = []\nfor x in y: r += [x]\nsetup(name='demo', install_requires=r)",
        "r = ['a']\nif w:\n    r = ['b']\nsetup(name='demo', install_requires=r)",
        "r = ['a']\nr = ['b']\nsetup(name='demo', install_requires=r)",
        "r = ['a']\nr[0] = x\nsetup(name='demo', install_requires=r)",
        "setup(name='demo', **read())",
        "a = b\nb = a\nsetup(name='demo', install_requires=a)",
        "setup(name='demo', install_requires=[*x])",
        "setup(name='demo', install_requires=['a'] * 10**9)",
        "try:\n    setup(name='demo', install_requires=['a'])\nexcept E:\n    setup(name='demo', install_requires=x)",
    ],
)
def test_what_is_computed_is_unknown(source: str) -> None:
    said = from_setup_py(source.encode(), where="setup.py")
    found = said.metadata(name="demo", version=Version("9"))
    assert found is not None
    assert found.requires_dist.lines == ()
    assert "requires-dist" in found.dynamic


def test_keyword_dictionaries_and_two_calls() -> None:
    source = (
        b"kw = dict(name='demo', install_requires=['a'])\ntry:\n    setup(ext_modules=x, **kw)\nexcept E: setup(**kw)"
    )
    said = from_setup_py(source, where="setup.py")
    assert said.fields == {"ext_modules": None, "name": "demo", "install_requires": ["a"]}


def test_other_functions_of_that_name_are_not_meant() -> None:
    source = b"import setuptools\nlogs.setup(name='x')\nsetup()\nsetuptools.setup(name='demo')\n"
    assert from_setup_py(source, where="setup.py").fields == {"name": "demo"}


@pytest.mark.parametrize("source", ["", "print('x')", "setup()", "setup(cmdclass={})"])
def test_nothing_said(source: str) -> None:
    assert from_setup_py(source.encode(), where="setup.py").metadata(name="demo", version=Version("9")) is None


def test_python_2_is_a_problem() -> None:
    assert told(from_setup_py(b"print 'x'", where="setup.py")) == (
        "setup.py can't be read: it is not Python that can be parsed",
    )


CFG = """
[metadata]
name = demo
version = attr: demo.__version__
description-file = README
summary = A demo, 100%% pure
license_file = LICENSE
project_urls =
    Source = https://example.org
    Docs = https://example.org/docs
classifiers =
    A
    # not this
    B
[options]
packages = find:
python_requires = >=3
install_requires =
    six
    x>1; python_version < "3"
[options.extras_require]
test = pytest; os_name == "nt"
    tox
[options.entry_points]
console_scripts =
    demo = demo:main
    bad = demo
[bdist_wheel]
universal = 1
"""


def test_setup_cfg() -> None:
    said = from_setup_cfg(CFG, where="setup.cfg")
    assert said.fields["packages"] is None
    assert said.scripts.points == (EntryPoint(name="demo", value="demo:main"),)
    assert said.metadata(name="DEMO", version=Version("9")) == CoreMetadata(
        name="demo",
        version=Version("9"),
        summary="A demo, 100%% pure",
        project_urls={"Source": "https://example.org", "Docs": "https://example.org/docs"},
        license_files=("LICENSE",),
        classifiers=("A", "B"),
        requires_dist=RequirementList(
            (
                "six",
                'x>1; python_version < "3"',
                'pytest; os_name == "nt" and extra == "test"',
                'tox; extra == "test"',
            )
        ),
        requires_python=">=3",
        provides_extra=("test",),
        dynamic=("version",),
    )


def test_broken_setup_cfg_is_a_problem() -> None:
    assert told(from_setup_cfg("x = 1", where="setup.cfg")) == ("setup.cfg can't be read: MissingSectionHeaderError",)


@pytest.mark.parametrize(
    ("requirement", "marker", "extra", "wanted"),
    [
        ("six", "", "", "six"),
        ("six ; a == '1'", "", "x", "six; a == '1' and extra == \"x\""),
        ("six; a or b", "c or d", "x", 'six; (a or b) and (c or d) and extra == "x"'),
        ("six", "c or d", "", "six; c or d"),
    ],
)
def test_markers_are_joined(requirement: str, marker: str, extra: str, wanted: str) -> None:
    assert with_marker(requirement, marker, extra) == wanted
