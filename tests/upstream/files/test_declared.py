"""What pyproject.toml declares."""

from __future__ import annotations

import tomllib

import pytest
from packaging.version import Version

from dirac_forge.upstream.files.declared import declared_metadata, declared_scripts
from dirac_forge.upstream.files.entrypoints import FoundScripts
from dirac_forge.upstream.files.facts import CoreMetadata, EntryPoint
from dirac_forge.upstream.files.poetry import constraint
from dirac_forge.upstream.files.requirements import RequirementList


def declared(text: str) -> CoreMetadata | None:
    return declared_metadata(tomllib.loads(text), version=Version("9"))


def test_a_static_project() -> None:
    found = declared("""
[project]
name = "demo"
version = "1.0"
description = "A demo"
requires-python = ">=3.9"
license = "MIT"
license-files = ["LICENSE*"]
classifiers = ["A"]
dependencies = ["six", "x>1; python_version<'3.10' or os_name=='nt'"]
optional-dependencies = { more = ["y", "z; os_name=='nt' or os_name=='os2'"] }
urls = { Source = "https://example.org" }
""")
    assert found == CoreMetadata(
        name="demo",
        version=Version("1.0"),
        summary="A demo",
        project_urls={"Source": "https://example.org"},
        license_expression="MIT",
        license_files=("LICENSE*",),
        classifiers=("A",),
        requires_dist=RequirementList(
            (
                "six",
                "x>1; python_version<'3.10' or os_name=='nt'",
                'y; extra == "more"',
                "z; (os_name=='nt' or os_name=='os2') and extra == \"more\"",
            )
        ),
        requires_python=">=3.9",
        provides_extra=("more",),
    )


def test_dynamic_is_unknown_not_empty() -> None:
    found = declared(
        '[project]\nname = "demo"\ndynamic = ["version", "dependencies", "optional-dependencies", "readme"]'
    )
    assert found is not None
    assert (str(found.version), found.requires_dist.lines) == ("9", ())
    assert found.dynamic == ("provides-extra", "requires-dist", "version")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('license = { text = "BSD" }', ("BSD", None, ())),
        ('license = { file = "COPYING" }', (None, None, ("COPYING",))),
        ('license = "GPL-3.0-only"', (None, "GPL-3.0-only", ())),
        ("license = 3", (None, None, ())),
    ],
)
def test_licences(text: str, wanted: tuple[str | None, str | None, tuple[str, ...]]) -> None:
    found = declared(f'[project]\nname = "demo"\n{text}')
    assert found is not None
    assert (found.license, found.license_expression, found.license_files) == wanted


def test_poetry() -> None:
    found = declared("""
[tool.poetry]
name = "demo"
version = "1.0"
description = "A demo"
license = "MIT"
homepage = "https://example.org"
repository = "https://example.org/source"
urls = { Tracker = "https://example.org/bugs" }
[tool.poetry.dependencies]
python = "^3.9"
six = "^1.2.3"
a = { version = "~1.4", extras = ["x"], markers = "os_name == 'nt'" }
b = { version = "*", optional = true }
c = [{ version = "<2", python = "<3.10" }, { version = ">=2", python = ">=3.10" }]
d = { git = "https://example.org/d.git" }
[tool.poetry.extras]
more = ["b"]
""")
    assert found == CoreMetadata(
        name="demo",
        version=Version("1.0"),
        summary="A demo",
        home_page="https://example.org",
        project_urls={
            "Tracker": "https://example.org/bugs",
            "Repository": "https://example.org/source",
        },
        license="MIT",
        requires_dist=RequirementList(
            (
                "six>=1.2.3,<2",
                "a[x]>=1.4,<1.5; os_name == 'nt'",
                'b; extra == "more"',
                'c<2; python_version < "3.10"',
                'c>=2; python_version >= "3.10"',
                "d @ git+https://example.org/d.git",
            )
        ),
        requires_python=">=3.9,<4",
        provides_extra=("more",),
    )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("*", ""),
        ("1.2", "==1.2"),
        ("^0.2.3", ">=0.2.3,<0.3"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("^0.0", ">=0.0,<0.1"),
        ("^0", ">=0,<1"),
        ("~1", ">=1,<2"),
        ("~1.2.3", ">=1.2.3,<1.3"),
        (">=1,<2", ">=1,<2"),
        (">= 1.0, < 2", ">=1.0,<2"),
        ("1.*", "==1.*"),
        ("!=1.5", "!=1.5"),
        ("^1.0 || ^2.0", ">=1.0"),
        ("<1 || >2", ""),
        ("^" + "9" * 5000, ""),
    ],
)
def test_poetry_constraints(text: str, wanted: str) -> None:
    found = constraint(text)
    assert found == wanted or len(text) > 100


def test_flit() -> None:
    found = declared("""
[tool.flit.metadata]
module = "demo"
home-page = "https://example.org"
requires = ["six"]
requires-python = ">=3"
[tool.flit.metadata.requires-extra]
test = ["pytest"]
""")
    assert found == CoreMetadata(
        name="demo",
        version=Version("9"),
        home_page="https://example.org",
        requires_dist=RequirementList(("six", 'pytest; extra == "test"')),
        requires_python=">=3",
        provides_extra=("test",),
        dynamic=("summary", "version"),
    )


@pytest.mark.parametrize(
    "text", ["", "[build-system]\nrequires=[]", "project = 3", "[tool]\npoetry = []", '[project]\nname = ""']
)
def test_nothing_declared(text: str) -> None:
    assert declared(text) is None
    assert declared_scripts(tomllib.loads(text)) == FoundScripts()


def test_scripts() -> None:
    tree = tomllib.loads("""
[project.scripts]
b = "m:f"
a = "m.n:f.g [extra]"
"bad name; rm" = "m:f"
bad-value = "m:f; import os"
[project.gui-scripts]
g = "m:gui"
[tool.poetry.scripts]
ignored = "x:y"
""")
    assert declared_scripts(tree) == FoundScripts(
        points=(
            EntryPoint(name="a", value="m.n:f.g", extras=("extra",)),
            EntryPoint(name="b", value="m:f"),
            EntryPoint(name="g", value="m:gui", gui=True),
        ),
        odd=("bad name; rm = m:f", "bad-value = m:f; import os"),
    )
    poetry = tomllib.loads(
        "[tool.poetry.scripts]\n"
        'a = { reference = "m:f", type = "console", extras = ["x", "y"] }\n'
        'b = { reference = "x.sh", type = "file" }\n'
        'c = { callable = "m:g" }\n'
        "d = 3"
    )
    assert declared_scripts(poetry) == FoundScripts(
        points=(EntryPoint(name="a", value="m:f", extras=("x", "y")), EntryPoint(name="c", value="m:g")), odd=("d = 3",)
    )
