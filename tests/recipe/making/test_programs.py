"""Programs that setup.py runs."""

from __future__ import annotations

import pytest

from dirac_forge.recipe.making.programs import run_programs
from dirac_forge.recipe.making.toolchain import toolchain
from support.facts import facts


@pytest.mark.parametrize(
    ("text", "programs"),
    [
        ("subprocess.check_call([os.environ.get('MAKE', 'make')] + targets)", ("make",)),
        ("subprocess.run(['autoreconf', '-i'])\nsubprocess.check_output('gmake -s', shell=True)", ("autoconf", "make")),
        ("command = ['cmake', folder]\nsubprocess.Popen(command)", ("cmake",)),
        ("import os\nos.system(f'make -C {folder}')", ("make",)),
        ("class Build(build_ext):\n    def run(self):\n        self.spawn(('swig', '-c++'))", ("swig",)),
        ("subprocess.run([sys.executable, 'make'])\nsubprocess.run(make)\nmake = make", ()),
        ("subprocess.run(f'{tool} make')\nsubprocess.run(['./configure'])\nsubprocess.run('')", ()),
        ("print('make')", ()),
        ("subprocess.run(['make', '-C', 'docs', 'html'])\nos.system('make clean')", ()),
        ("subprocess.run(['make'", ()),
    ],
)
def test_programs_that_the_python_of_a_build_runs(text: str, programs: tuple[str, ...]) -> None:
    assert run_programs(text) == programs


def test_what_setup_py_runs_is_in_build_with_a_note() -> None:
    text = "subprocess.check_call(['make'])\nsetup(ext_modules=[Extension('a', ['a.c'])])"
    sdist = facts("demo", texts={"setup.py": text}, sdist_members=["a.c"], pyproject={}).sdist
    assert sdist is not None
    found = toolchain(sdist)
    assert found.programs == ("make",)
    assert found.notes[0].text == "make in build, because setup.py runs it: check that a build gets there"


def test_a_program_that_a_requirement_names_is_not_told() -> None:
    text = "subprocess.check_call(['cmake', '.'])\nsetup(ext_modules=[Extension('a', ['a.c'])])"
    required = {"build-system": {"requires": ["setuptools", "cmake"]}}
    sdist = facts("demo", texts={"setup.py": text}, sdist_members=["a.c"], pyproject=required).sdist
    assert sdist is not None
    assert not [told for told in toolchain(sdist).notes if "runs it" in told.text]


def test_what_an_in_tree_backend_runs_is_in_build_too() -> None:
    backend = {"build-system": {"requires": ["setuptools"], "build-backend": "hooks", "backend-path": ["own"]}}
    text = "def build_wheel(*a):\n    subprocess.run(['make'])\n    subprocess.run(['nasm'])\n"
    sdist = facts("demo", texts={"own/hooks.py": text}, sdist_members=["a.c"], pyproject=backend).sdist
    assert sdist is not None
    assert toolchain(sdist).notes[0].text == (
        "make and nasm in build, because the in-tree build backend runs them: check that a build gets there"
    )
