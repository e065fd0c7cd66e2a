"""Texts of upstream for which a careless pattern takes hours."""

from __future__ import annotations

import pytest

from dirac_forge.recipe.licences.files import licence_files
from dirac_forge.recipe.licences.names import from_field, not_understood
from dirac_forge.recipe.making.compiled import nature
from dirac_forge.recipe.making.policy import policy_notes
from dirac_forge.recipe.making.system_libraries import system_libraries
from dirac_forge.recipe.making.trees import lacking_sources
from support.facts import facts


@pytest.mark.parametrize("text", ["-" * 300_000, '"' * 300_000, "( " * 150_000, "a." * 150_000])
def test_long_licence_fields_name_nothing(text: str) -> None:
    assert (from_field(text), not_understood(text)) == ((), ())


def test_what_an_exception_is_good_for_is_no_name() -> None:
    field = "GPL-2.0 - with the exception that MIT code may be linked"
    assert [term.name for term in from_field(field)] == ["GPL-2.0"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("**/" * 20 + "x", ()),
        ("**/LICENSE", ("LICENSE", "a/b/LICENSE")),
        ("a/**/LICENSE", ("a/b/LICENSE",)),
        ("**", None),
    ],
)
def test_patterns_of_licence_files_end(pattern: str, found: tuple[str, ...] | None) -> None:
    deep = "/".join("d" * 60)
    texts = {"LICENSE": "", "a/b/LICENSE": "", deep: ""}
    expected = tuple(sorted(texts)) if found is None else found or ("LICENSE",)
    assert licence_files([pattern], texts) == expected


@pytest.mark.parametrize(
    "text", ["\n" * 300_000, "pkgconfig" * 50_000, "\n " * 150_000, "swig_opts=" * 50_000, "x" * 500_000]
)
def test_long_build_files_name_nothing(text: str) -> None:
    assert dict(system_libraries({"setup.py": text}).packages) == {}
    texts = {"setup.py": f"from setuptools import Extension\nExtension({text}", ".gitmodules": text}
    made = facts("d", wheels=(), texts=texts, sdist_members=("a.c", "setup.py"), pyproject={})
    assert (nature(made).languages, nature(made).libraries) == (("c",), ())
    assert made.sdist is not None
    assert list(lacking_sources(made.sdist)) == []


def test_many_modules_are_looked_for_in_setup_py_at_once() -> None:
    names = [f"module{number}" for number in range(20_000)]
    setup = "\n".join(f"import {name}" for name in names[:10_000]) + "\nexec('tools/last.py')"
    texts = {"setup.py": setup, "last.py": "urlopen('x')", **{f"{name}.py": "git clone" for name in names}}
    told = [dict(note.facts)["path"] for note in policy_notes(texts, ())]
    assert told == ["last.py", *sorted(f"{name}.py" for name in names[:10_000])]
