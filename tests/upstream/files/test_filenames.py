"""What file names tell."""

from __future__ import annotations

import pytest
from packaging.version import Version

from dirac_forge.upstream.files.filenames import FileNames, wheel_tags


@pytest.mark.parametrize(
    ("project", "filename", "kind", "version"),
    [
        ("DIRAC", "DIRAC-7.2.0-py3-none-any.whl", "wheel", "7.2.0"),
        ("DIRAC", "dirac-9.1.9.tar.gz", "sdist", "9.1.9"),
        ("DIRAC", "DIRAC-v7r0.tar.gz", "sdist", "7.post0"),
        ("zope.interface", "zope.interface-5.0.0.tar.gz", "sdist", "5.0.0"),
        ("zope.interface", "zope_interface-8.0.tar.gz", "sdist", "8.0"),
        ("gfal2-python", "gfal2-python-1.11.0.post3.tar.gz", "sdist", "1.11.0.post3"),
        ("suds-jurko", "suds-jurko-0.6.tar.bz2", "sdist", "0.6"),
        ("MySQL-python", "MySQL-python-1.2.5.zip", "sdist", "1.2.5"),
        ("demo", "demo-1.0.tgz", "sdist", "1.0"),
        ("demo", "demo-1!2.0.dev3.tar.xz", "sdist", "1!2.0.dev3"),
        ("demo", "demo-1.0-2-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", "wheel", "1.0"),
        ("demo", "demo-1.0+local_1-py3-none-any.whl", "wheel", "1.0+local.1"),
        ("demo", "demo-1.0_1-py3-none-any.whl", "wheel", "1.0.post1"),
    ],
)
def test_version_and_kind_are_read(project: str, filename: str, kind: str, version: str) -> None:
    assert FileNames(project).read(filename) == (kind, Version(version))


@pytest.mark.parametrize(
    "filename",
    [
        "demo-2004d.tar.gz",
        "demo-extra-1.0.tar.gz",
        "other-1.0-py3-none-any.whl",
        "demo.tar.gz",
        "demo-1.0.whl",
        "demo-x-py3-none-any.whl",
    ],
)
def test_what_can_not_be_read_is_none(filename: str) -> None:
    assert FileNames("demo").read(filename) is None
    assert not FileNames.is_other(filename)


@pytest.mark.parametrize(
    "filename", ["demo-1.0.win32.exe", "demo-1.0-py2.7.egg", "demo-1.0.linux-x86_64.tar.gz", "demo-1.0.tar.gz.asc"]
)
def test_other_kinds_of_files_are_known(filename: str) -> None:
    assert FileNames("demo").read(filename) is None
    assert FileNames.is_other(filename)


def test_tags_are_taken_apart() -> None:
    tags = wheel_tags("demo-1.0-py2.py3-none-any.whl")
    assert tags == (("py2", "py3"), ("none",), ("any",))
    assert wheel_tags("nonsense.whl") == ((), (), ())
