"""Core metadata from METADATA and PKG-INFO."""

from __future__ import annotations

import pytest
from packaging.version import Version

from dirac_forge.errors import InputError
from dirac_forge.upstream.files.facts import CoreMetadata
from dirac_forge.upstream.files.metadata import check_own, read_email
from dirac_forge.upstream.files.requirements import RequirementList
from support.archives import metadata as made
from support.facts import told


def read(text: str | bytes, *, sdist: bool = False) -> tuple[CoreMetadata, tuple[str, ...]]:
    reading = read_email(text.encode() if isinstance(text, str) else text, where="METADATA", sdist=sdist)
    return reading.metadata, told(reading)


def test_all_fields() -> None:
    found, problems = read(
        made(
            "Démo",
            "1.0",
            "Summary: Très simple",
            "Home-page: https://example.org",
            "Project-URL: Source, https://example.org/source",
            "Project-URL: Docs,https://example.org/a,b",
            "License-Expression: MIT",
            "License-File: LICENSE",
            "License-File: COPYING",
            "Classifier: Programming Language :: Python",
            "Requires-Dist: six",
            'Requires-Dist: x (>=1.0); extra == "more"',
            "Requires-Python: >=3.9",
            "Provides-Extra: more",
            "Import-Name: demo",
            "Import-Name: _demo ; private",
            "Requires-External: libffi (>=3)",
            "Dynamic: License-File",
            "X-Else: nothing",
        ),
        sdist=True,
    )
    assert problems == ()
    assert found == CoreMetadata(
        name="Démo",
        version=Version("1.0"),
        summary="Très simple",
        home_page="https://example.org",
        project_urls={"Source": "https://example.org/source", "Docs": "https://example.org/a,b"},
        license_expression="MIT",
        license_files=("LICENSE", "COPYING"),
        classifiers=("Programming Language :: Python",),
        requires_dist=RequirementList(("six", 'x (>=1.0); extra == "more"')),
        requires_python=">=3.9",
        provides_extra=("more",),
        import_names=("demo", "_demo ; private"),
        requires_external=("libffi (>=3)",),
        dynamic=("license-file",),
    )


def test_unknown_is_nothing_and_folded_text_is_unfolded() -> None:
    found, problems = read(
        "Metadata-Version: 1.1\r\nName: demo\r\nVersion: 1\r\nHome-page: UNKNOWN\r\nSummary: one\r\n  two\r\n"
        "License: Line one\r\n        \r\n        Line two\r\n       |Line three\r\nAuthor: Ünknown\r\n\r\nBody: 1"
    )
    assert (found.home_page, found.summary) == (None, "one two")
    assert found.license == "Line one\n\nLine two\nLine three"
    assert problems == ()


def test_a_wheel_has_nothing_dynamic() -> None:
    text = made("demo", "1", "Dynamic: Requires-Dist", metadata_version="2.2")
    assert read(text)[0].dynamic == ()
    assert read(text, sdist=True)[0].dynamic == ("requires-dist",)


def test_an_old_pkg_info_leaves_requirements_open() -> None:
    old = read(made("demo", "1", "Requires-Python: >=3", metadata_version="2.1"), sdist=True)[0]
    assert old.dynamic == ("provides-extra", "requires-dist")
    assert read(made("demo", "1", "Requires-Dist: six", metadata_version="1.2"), sdist=True)[0].dynamic == (
        "provides-extra",
        "requires-python",
    )
    assert read(made("demo", "1", metadata_version="2.2"), sdist=True)[0].dynamic == ()


def test_what_is_not_utf8_is_read_as_latin_1() -> None:
    found, problems = read(made("demo", "1", "Summary: caf\xe9", "Classifier: \xe9").encode("latin-1"))
    assert (found.summary, found.classifiers) == ("caf\xe9", ("\xe9",))
    assert problems == (
        "METADATA: classifier is not UTF-8 (read as Latin-1)",
        "METADATA: summary is not UTF-8 (read as Latin-1)",
    )


def test_doubled_and_odd_lines_are_problems() -> None:
    found, problems = read(
        "Name: demo\nVersion: 1\nSummary: a\nno field here\nVersion: 2\nRequires-Dist: six\n\nSummary: b"
    )
    assert (found.version, found.summary, found.requires_dist.lines) == (Version("1"), "a", ("six",))
    assert problems == (
        "METADATA has lines that are not fields (1)",
        "METADATA: version is given 2 times (the first is used)",
    )


def test_unreadable_requirements_are_problems() -> None:
    found, problems = read(made("demo", "1", "Requires-Dist: six >= ", "Requires-Dist: ok", "Requires-Python: 3.x"))
    assert found.requires_dist.lines == ("six >=", "ok")
    specifier = "'>=' is not a version specifier: expected clauses such as '>=1.2,<3' (PEP 508)"
    assert problems == (
        f"METADATA: 'six >=' is not a requirement: {specifier}",
        "METADATA: Requires-Python '3.x' can't be read",
    )


def test_metadata_with_an_unreadable_version_is_not_read() -> None:
    with pytest.raises(InputError, match=r"^its version 'one' can't be read$"):
        read(made("demo", "one"))


@pytest.mark.parametrize(
    "text", ["", "Name: demo\n", "Version: 1\n", "\nName: demo\nVersion: 1\n", "Name:\nVersion: 1\n"]
)
def test_without_name_and_version_there_is_nothing(text: str) -> None:
    with pytest.raises(InputError, match=r"^it has no "):
        read(text)


@pytest.mark.parametrize(
    ("name", "version", "reason"),
    [
        ("demo", "1.0", "it says that its project is 'demo', not demo-package"),
        ("demo-package", "1.1", "it says that its version is 1.1, not 1.0"),
    ],
)
def test_metadata_must_be_of_its_own_file(name: str, version: str, reason: str) -> None:
    found = CoreMetadata(name=name, version=Version(version))
    with pytest.raises(InputError) as raised:
        check_own(found, name="demo-package", version=Version("1.0"))
    assert raised.value.message == reason


@pytest.mark.parametrize(("name", "version"), [("Demo_Package", "1.0"), ("demo.package", "1"), ("demo", "1.0+local")])
def test_spellings_of_its_own_name_and_version_are_taken(name: str, version: str) -> None:
    project = "demo" if name == "demo" else "demo-package"
    check_own(CoreMetadata(name=name, version=Version(version)), name=project, version=Version("1.0"))
