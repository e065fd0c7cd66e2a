from __future__ import annotations

from io import BytesIO

import pytest

from dirac_forge.upstream.files.archive import ArchiveMember
from dirac_forge.upstream.files.contents import Reader
from dirac_forge.upstream.files.headers import has_header

GPL = b"""/* x.c
 * This is free software under the terms of the GNU General Public
 * License as published; either version 2, or (at your option) any later version. */
int x;
"""
WORDS = (
    "/ x.c This is free software under the terms of the GNU General Public License as published; either version 2, or "
    "(at your option) any later version. / int x;"
)


def test_equal_headers_are_kept_once_and_those_of_others_not_at_all() -> None:
    reader = Reader("p-1.tar.gz")
    files = {
        "p-1/src/a.c": GPL,
        "p-1/src/b.c": GPL,
        "p-1/p/c.py": b"# SPDX-License-Identifier: GPL-2.0-or-later\nimport os\n",
        "p-1/src/d.c": b"int main;",
        "p-1/vendor/x/e.c": GPL.replace(b"2", b"3"),
        "p-1/tests/f.c": GPL.replace(b"2", b"3"),
        "p-1/src/deep.c": b" " * 5000 + GPL.replace(b"2", b"3"),
    }
    for name, data in files.items():
        reader.add(ArchiveMember(name=name, size=len(data), read=BytesIO(data).read))
    assert reader.contents().headers == {
        "src/a.c": WORDS,
        "p/c.py": "SPDX-License-Identifier: GPL-2.0-or-later import os",
    }


def test_what_c_includes_and_modules_that_download_are_kept() -> None:
    reader = Reader("p-1.tar.gz")
    files = {
        "p-1/src/a.c": b'#include <zlib.h>\n  #  include <sasl/sasl.h>\n#include "own.h"\n',
        "p-1/src/d.c": b"// #include <no.h>\nx #include <no.h>\n",
        "p-1/src/b.c": b"#include <zlib.h>\n",
        "p-1/vendor/x/c.c": b"#include <png.h>\n",
        "p-1/scripts/build_driver.py": b"import urllib.request\nurllib.request.urlopen(url)\n",
        "p-1/scripts/other.py": b"import urllib.request\nurllib.request.urlopen(url)\n",
    }
    for name, data in files.items():
        reader.add(ArchiveMember(name=name, size=len(data), read=BytesIO(data).read))
    contents = reader.contents()
    assert contents.includes == {"zlib.h": "src/a.c", "sasl/sasl.h": "src/a.c"}
    assert [*contents.texts] == ["scripts/build_driver.py"]


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("Requirements/dev.txt", True),
        ("requirements/a/dev.txt", False),
        ("a/b/c/d/e/f/meson.build", True),
        ("a/b/c/d/e/f/g/meson.build", False),
        ("src/p.egg-info/requires.txt", True),
        ("src/p.egg-info/SOURCES.txt", False),
        ("a/b/c/UNLICENSE", True),
        ("LICENCES/MIT.txt", True),
        ("p/copyright.py", False),
        ("a/b/c/d/LICENSE", False),
        ("PATENTS", True),
    ],
)
def test_texts_that_decide_something_are_kept(path: str, kept: bool) -> None:
    reader = Reader("p-1.tar.gz")
    reader.add(ArchiveMember(name=f"p-1/{path}", size=1, read=BytesIO(b"x").read))
    assert [*reader.contents().texts] == ([path] if kept else [])


@pytest.mark.parametrize(
    ("path", "own"),
    [
        ("src/a.c", True),
        ("p/a.PY", True),
        ("a.txt", False),
        ("third_party/a.c", False),
        ("vendored-meson/meson/a.py", False),
        ("manual tests/4 standalone binaries/a.c", False),
        ("docs/conf.py", False),
        ("contests/a.c", True),
        ("vendors.py", True),
    ],
)
def test_headers_are_those_of_the_projects_own_sources(path: str, own: bool) -> None:
    assert has_header(path) is own
