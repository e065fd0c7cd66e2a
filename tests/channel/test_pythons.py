from __future__ import annotations

import pytest

from dirac_forge.channel.pythons import missing_limit, python_build


@pytest.mark.parametrize(
    ("name", "version", "build", "told", "expected"),
    [
        ("python", "3.11.15", "h1_0_cpython", (), ("python_abi 3.11.* *_cp311",)),
        ("python", "3.14.6", "h1_0_cp314t", (), ("python_abi 3.14.* *_cp314t",)),
        ("python", "3.9.18", "0_73_pypy", (), ("python_abi 3.9.*",)),
        ("python", "3.13.1", "h1_0_cp313", ("libzlib", "python_abi 3.13.* *_cp313"), ()),
        ("python", "strange", "0", (), ()),
        ("python_abi", "3.11", "4_cp311", (), ("python 3.11.*",)),
        ("python_abi", "3.14", "8_cp314t", (), ("python 3.14.* *_cp314t",)),
        ("python_abi", "3.11", "4_cp311", ("python 3.11.* *_cpython",), ()),
        ("python-gfal2", "1.13", "py311_0", (), ()),
    ],
)
def test_python_and_its_abi_limit_each_other(
    name: str, version: str, build: str, told: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    assert missing_limit(name, version, build, told) == expected


def test_the_line_of_a_python_names_its_pythons_and_its_abi() -> None:
    line = python_build("3.11.15", "h1_0_cpython")
    assert line is not None
    assert (line.python_spec, line.abi_spec) == ("python 3.11.* *_cpython", "python_abi 3.11.* *_cp311")
    assert line.has_abi("3.11", "4_cp311")
    assert not line.has_abi("3.10", "4_cp310")
    assert not line.has_abi("3.11", "1_pypy311_pp73")
