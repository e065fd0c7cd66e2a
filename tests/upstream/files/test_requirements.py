"""Requirements as they are declared."""

from __future__ import annotations

import pickle

import pytest
from packaging.specifiers import SpecifierSet

from dirac_forge.errors import InputError
from dirac_forge.upstream.files.requirements import (
    RequirementList,
    exactly,
    parse_requirement,
    read_specifiers,
    with_marker,
)


def test_with_marker_ends_a_url_with_a_blank() -> None:
    assert with_marker("a @ https://example.org/a.zip", "", "x") == 'a @ https://example.org/a.zip ; extra == "x"'
    assert with_marker("a>=1", "", "x") == 'a>=1; extra == "x"'


def test_a_requirement_keeps_its_line() -> None:
    requirement = parse_requirement("Six (>=1,<3) ; extra == 'a'")
    assert str(requirement) == 'Six<3,>=1; extra == "a"'
    assert requirement.line == "Six (>=1,<3) ; extra == 'a'"
    assert requirement.standard
    copy = pickle.loads(pickle.dumps(requirement))
    assert (copy, copy.line) == (requirement, requirement.line)


def test_what_only_old_tools_accept_is_read_and_marked() -> None:
    requirement = parse_requirement("foo >= 3.6.*")
    assert (str(requirement), requirement.standard) == ("foo>=3.6", False)
    assert read_specifiers("(>=v1.0)") == SpecifierSet(">=1.0")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "!!!",
        "x >=",
        "x===$(id)",
        "x===..",
        "x===^1.*",
        "x===1.0|9",
        "x; " + "(" * 200 + "os_name == 'a'",
        "x==" + "9" * 5000,
        "x" * 60_000,
    ],
)
def test_broken_lines_are_problems(line: str) -> None:
    found = RequirementList(("six", line))
    assert [requirement.name for requirement in found] == ["six"]
    assert len(found.problems) == 1


def test_of_endless_requirements_the_first_are_read() -> None:
    found = RequirementList(tuple(f"p{number}" for number in range(6000)))
    assert len(found.readable) == 5000
    assert found.problems == ("6000 requirements: only the first 5000 are read",)


def test_exactly_one_version() -> None:
    assert exactly("1.0") == SpecifierSet("==1.0")
    for text in ("latest", "{{ x }}", "9" * 5000, "9e"):
        with pytest.raises(InputError, match="is not a version as PEP 440 has them"):
            exactly(text)
