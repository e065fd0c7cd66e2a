"""Libraries that a build links without naming them."""

from __future__ import annotations

import pytest

from dirac_forge.recipe.making.compiled import nature
from dirac_forge.recipe.making.hidden_libraries import library_places
from dirac_forge.recipe.notes import NoteKind
from support.facts import facts

TAGGED = "cp312-cp312-manylinux_2_28_x86_64"


@pytest.mark.parametrize(
    ("setup", "evidence"),
    [
        ("root = os.environ['ZOO_DIR']", "ZOO_DIR"),
        ("if 'ZOO_ROOT' in os.environ: pass", "ZOO_ROOT"),
        ("Extension('a', ['a.c'], library_dirs=[where()])", "library_dirs"),
        ("options['runtime_library_dirs'] = dirs", "runtime_library_dirs"),
    ],
)
def test_a_build_that_says_where_a_library_is_links_one(setup: str, evidence: str) -> None:
    assert library_places({"setup.py": setup}) == ("setup.py", evidence)
    found = nature(facts("demo", wheels=[TAGGED], sdist_members=["a.c"], texts={"setup.py": setup}, pyproject={}))
    told = [(note.level, note.text) for note in found.notes if note.kind == NoteKind.LIBRARY_ELSEWHERE]
    text = f"no known system library is named in the build files, but setup.py tells where one is ({evidence})"
    assert told == [("warning", f"{text}: check host")]


@pytest.mark.parametrize(
    "setup", ["library_dirs=[]", "# library_dirs=[x]", "os.environ['CFLAGS']", "library_dirs = None"]
)
def test_others_only_have_information(setup: str) -> None:
    assert library_places({"setup.py": setup}) == ("", "")
    found = nature(facts("demo", wheels=[TAGGED], sdist_members=["a.c"], texts={"setup.py": setup}, pyproject={}))
    assert [note.level for note in found.notes if note.kind == NoteKind.NO_LIBRARY_NAMED] == ["info"]


@pytest.mark.parametrize(
    ("name", "tool", "libraries"),
    [("PyQt5", "PyQt-builder>=1", ("qt-main",)), ("PyQt6-Zoo", "pyqt_builder", ("qt6-main",)), ("zoo", "sip", ())],
)
def test_pyqt_builder_runs_the_qmake_of_its_qt(name: str, tool: str, libraries: tuple[str, ...]) -> None:
    pyproject = {"build-system": {"requires": ["sip", tool], "build-backend": "sipbuild.api"}}
    texts = {"project.py": ""}
    found = nature(facts(name, wheels=[TAGGED], sdist_members=["a.cpp"], texts=texts, pyproject=pyproject))
    assert found.libraries == libraries
    told = [note.text for note in found.notes if note.kind == NoteKind.QT_FOR_QMAKE]
    text = "in host, because PyQt-builder runs its qmake: check that it is the Qt that upstream builds with"
    assert told == [f"{package} {text}" for package in libraries]
