"""Other projects whose sources come along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from dirac_forge.recipe.making.compiled import nature
from dirac_forge.recipe.making.subprojects import carried_projects, is_carried
from dirac_forge.recipe.notes import NoteKind
from support.facts import facts

PROJECT = "project(other C)"


@pytest.mark.parametrize(
    ("texts", "tops", "folders"),
    [
        ({"extern/zoo/CMakeLists.txt": "", "extern/zoo/sub/CMakeLists.txt": ""}, [], ["extern/zoo"]),
        ({"src/third_party/zoo/cmake/x.cmake": ""}, [], ["src/third_party/zoo"]),
        ({"extern/CMakeLists.txt": ""}, [], []),
        ({"lib/zoo/LICENSE": "other", "lib/zoo/CMakeLists.txt": PROJECT, "LICENSE": "own"}, [], ["lib/zoo"]),
        ({"lib/zoo/LICENSE": "other", "lib/zoo/build/meson.build": "project('zoo')"}, [], ["lib/zoo"]),
        ({"zoo/LICENSE": "other", "zoo/build/meson.build": "project('zoo')"}, [], []),
        ({"lib/zoo/LICENSE": "own", "lib/zoo/CMakeLists.txt": PROJECT, "LICENSE": "own\n"}, [], []),
        ({"lib/zoo/LICENSE": "other", "lib/zoo/CMakeLists.txt": "add_library(zoo)"}, [], []),
        ({"core/LICENSE": "other", "core/CMakeLists.txt": PROJECT}, ["core/CMakeLists.txt"], []),
        ({"tests/extern/zoo/CMakeLists.txt": ""}, [], []),
    ],
)
def test_projects_of_others_are_told_by_folder_and_licence(
    texts: Mapping[str, str], tops: Sequence[str], folders: Sequence[str]
) -> None:
    assert list(carried_projects(texts, tops)) == folders


def test_what_is_in_a_folder() -> None:
    assert is_carried("lib/zoo/a", ["lib/zoo"])
    assert not is_carried("lib/zoo", ["lib/zoo"])
    assert not is_carried("lib/zoology/a", ["lib/zoo"])


def test_what_only_they_look_for_is_told_once_and_not_in_host() -> None:
    texts = {
        "CMakeLists.txt": "project(demo C)\nfind_package(ZLIB)\nadd_subdirectory(extern/zoo)",
        "extern/zoo/CMakeLists.txt": "find_package(ZLIB)\nfind_package(Arrow)\nfind_package(Strange)",
        "extern/zoo/deps/libpng/CMakeLists.txt": "",
    }
    pyproject = {"build-system": {"requires": ["scikit-build-core"], "build-backend": "scikit_build_core.build"}}
    members = ["a.c", "extern/zoo/deps/libpng/png.c", *texts]
    tag = "cp312-cp312-manylinux_2_28_x86_64"
    found = nature(facts("demo", wheels=[tag], sdist_members=members, texts=texts, pyproject=pyproject))
    assert found.libraries == ("zlib",)
    assert [note.text for note in found.notes if note.kind == NoteKind.CARRIED_PROJECTS] == [
        (
            "the sdist has sources of other projects (extern/zoo), and only their build files look for libarrow and "
            "Strange: add to host what a build of them uses"
        )
    ]


def test_many_files_with_unknown_names_are_one_note() -> None:
    texts = {f"{at}/CMakeLists.txt": f"find_package(Strange{at})" for at in range(4)}
    tag = "cp312-cp312-manylinux_2_28_x86_64"
    found = nature(facts("demo", wheels=[tag], sdist_members=["a.c", *texts], texts=texts))
    unknown = (NoteKind.UNKNOWN_LIBRARIES, NoteKind.UNKNOWN_IN_FILES)
    assert [note.text for note in found.notes if note.kind in unknown] == [
        (
            "0/CMakeLists.txt, 1/CMakeLists.txt and 2 more look for Strange0, Strange1, Strange2, Strange3, whose "
            "packages are not known: add to host those that are used"
        )
    ]
