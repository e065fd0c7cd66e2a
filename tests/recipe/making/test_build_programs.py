"""Programs that a build runs, wherever that is said."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from dirac_forge.recipe.making.compiled import Nature, nature
from dirac_forge.recipe.notes import NoteKind
from support.facts import facts

TAGGED = "cp312-cp312-manylinux_2_28_x86_64"
CMAKE: Mapping[str, object] = {
    "build-system": {"requires": ["scikit-build-core"], "build-backend": "scikit_build_core.build"}
}
MESON: Mapping[str, object] = {"build-system": {"requires": ["meson-python"], "build-backend": "mesonpy"}}


def built(texts: Mapping[str, str], pyproject: Mapping[str, object] | None = None) -> Nature:
    return nature(facts("demo", wheels=[TAGGED], sdist_members=["a.c", *texts], texts=texts, pyproject=pyproject or {}))


def told(found: Nature) -> list[str]:
    return [note.text for note in found.notes if note.kind == NoteKind.PROGRAMS_RUN]


def test_a_script_that_setup_py_runs_runs_programs() -> None:
    setup = "import subprocess, sys\nsubprocess.check_call([sys.executable, os.path.join('ffi', 'build.py')])"
    script = "import subprocess\nsubprocess.run(('cmake', '.'), check=True)\nsubprocess.run(['bison', 'x'])"
    found = built({"setup.py": setup, "ffi/build.py": script})
    assert found.programs == ("bison", "cmake", "make")
    assert told(found) == ["bison and cmake in build, because ffi/build.py runs them: check that a build gets there"]


def test_a_script_that_nothing_runs_does_not_count() -> None:
    found = built({"setup.py": "import sys", "ffi/build.py": "import subprocess\nsubprocess.run(['cmake'])"})
    assert (found.programs, told(found)) == ((), [])


def test_pkg_config_in_a_list_asks_for_a_library() -> None:
    setup = 'import subprocess\nflags = subprocess.check_output(["pkg-config", "--cflags", "libpcsclite"])'
    found = built({"setup.py": setup})
    assert (found.programs, found.libraries) == (("pkg-config",), ("pcsc-lite",))


@pytest.mark.parametrize(
    ("code", "programs"),
    [
        ("swig_add_library(demo LANGUAGE python)", ("cmake", "ninja", "swig")),
        ("find_package(SWIG 4 REQUIRED)", ("cmake", "ninja", "swig")),
        ("find_package(SWIG)", ("cmake", "ninja")),
        ("# swig_add_library(demo)", ("cmake", "ninja")),
        ("find_package(FLEX REQUIRED)\nbison_target(p p.y p.c)", ("bison", "cmake", "flex", "ninja")),
    ],
)
def test_programs_that_cmake_needs(code: str, programs: tuple[str, ...]) -> None:
    assert built({"CMakeLists.txt": f"project(demo C)\n{code}"}, CMAKE).programs == programs


def test_programs_that_meson_needs() -> None:
    code = "project('demo', 'c')\nfind_program('bison')\nfind_program('flex', required: false)\nfind_program('sed')"
    found = built({"meson.build": code}, MESON)
    assert found.programs == ("bison",)
    assert told(found) == ["bison in build, because meson.build runs it: check that a build gets there"]


def test_a_program_that_several_files_run_is_told_once() -> None:
    texts = {
        "CMakeLists.txt": "project(demo C)\nadd_subdirectory(a)\nfind_package(SWIG REQUIRED)",
        "a/CMakeLists.txt": "swig_add_library(a)\nflex_target(b)",
    }
    assert told(built(texts, CMAKE)) == [
        "swig in build, because CMakeLists.txt runs it: check that a build gets there",
        "flex in build, because a/CMakeLists.txt runs it: check that a build gets there",
    ]
