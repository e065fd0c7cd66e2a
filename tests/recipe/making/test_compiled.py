from collections.abc import Mapping, Sequence

import pytest

from dirac_forge.recipe.making.compiled import nature
from dirac_forge.recipe.making.hosts import build_requirements
from dirac_forge.recipe.making.system_libraries import system_libraries
from support.facts import facts

SETUPTOOLS: Mapping[str, object] = {
    "build-system": {"requires": ["setuptools"], "build-backend": "setuptools.build_meta"}
}
PURE, TAGGED = "py3-none-any", "cp312-cp312-manylinux_2_28_x86_64"
EXTENSION = "from setuptools import Extension, setup\nsetup(ext_modules=[Extension('x', ['x.c'])])"


@pytest.mark.parametrize(
    ("wheels", "members", "setup", "noarch", "reason"),
    [
        ([PURE], ["x.c"], EXTENSION, True, "its only wheels are for any platform (demo-1.0-py3-none-any.whl)"),
        ([TAGGED], ["x.c"], EXTENSION, False, f"its wheels are for single platforms (demo-1.0-{TAGGED}.whl)"),
        (
            [PURE, TAGGED],
            ["x.c"],
            EXTENSION,
            False,
            f"there are wheels for single platforms (demo-1.0-{TAGGED}.whl) and the sdist compiles by default",
        ),
        (
            [PURE, TAGGED],
            ["x.py"],
            "from mypyc.build import mypycify",
            True,
            "there is a wheel for any platform (demo-1.0-py3-none-any.whl), and compiling is optional",
        ),
        ([], ["x.c"], EXTENSION, False, "there are no wheels, and setup.py compiles"),
        ([], ["tests/x.c"], "", True, "there are no wheels, and the sdist has nothing to compile"),
    ],
)
def test_noarch_or_not_with_the_reason(
    wheels: Sequence[str], members: Sequence[str], setup: str, noarch: bool, reason: str
) -> None:
    found = nature(facts("demo", wheels=wheels, sdist_members=members, texts={"setup.py": setup}, pyproject=SETUPTOOLS))
    assert (found.noarch, found.reason) == (noarch, reason)


def test_without_an_sdist_a_compiled_package_is_for_a_person() -> None:
    found = nature(facts("demo", wheels=[TAGGED], sdist=False))
    assert not found.noarch
    assert [note.level for note in found.notes] == ["todo"]


def test_systems_without_wheels_are_told() -> None:
    found = nature(facts("demo", wheels=[TAGGED, "cp312-cp312-macosx_11_0_arm64"], sdist_members=["a.c"]))
    assert "upstream has no wheels for Windows: add a skip if it can't be built there" in [n.text for n in found.notes]


@pytest.mark.parametrize(
    ("members", "requires", "languages"),
    [
        (["a.pyx"], ["Cython"], ("c",)),
        (["a.cpp", "b.c"], ["pybind11"], ("c", "cxx")),
        (["a.f90"], ["meson-python"], ("c", "fortran")),
        (["a.f90", "b.c"], ["setuptools"], ("c",)),
        (["src/lib.rs"], ["maturin"], ("c", "rust")),
        (["src/lib.rs", "x.c"], ["setuptools"], ("c",)),
        (["docs/a.cpp", "x.c"], ["setuptools"], ("c",)),
    ],
)
def test_compilers_follow_sources_and_tools(
    members: Sequence[str], requires: list[str], languages: tuple[str, ...]
) -> None:
    pyproject = {"build-system": {"requires": requires, "build-backend": "x"}}
    assert nature(facts("demo", wheels=[TAGGED], sdist_members=members, pyproject=pyproject)).languages == languages


def test_swig_and_pkg_config_are_programs_of_the_build() -> None:
    texts = {"setup.py": "setup(swig_opts=['-c++']); subprocess.run(['pkg-config', '--libs', 'libcurl']); swig"}
    found = nature(facts("demo", wheels=[TAGGED], sdist_members=["a.i"], texts=texts, pyproject=SETUPTOOLS))
    assert (found.programs, found.libraries) == (("pkg-config", "swig"), ("libcurl",))


@pytest.mark.parametrize(
    ("path", "text", "packages"),
    [
        ("setup.py", "Extension('x', libraries=['ssl', 'crypto', 'm'])", ["openssl"]),
        ("setup.py", "libraries = [\n  'xml2',\n  'xslt',\n]", ["libxml2-devel", "libxslt"]),
        ("setup.py", "# libraries=['ssl']", []),
        ("setup.py", "extra_link_args=['-lz']", ["zlib"]),
        ("setup.py", "for name in ['mysqlclient', 'mariadb']: run(f'pkg-config --exists {name}')", ["mysql-devel"]),
        ("setup.py", "os.popen('curl-config --libs')", ["libcurl"]),
        ("meson.build", "dep = dependency('openblas', required: true)", ["openblas"]),
        ("CMakeLists.txt", "find_package(ZLIB REQUIRED)", ["zlib"]),
        ("CMakeLists.txt", "pkg_check_modules(KRB REQUIRED krb5-gssapi)", ["krb5"]),
        ("Cargo.toml", '[dependencies]\nopenssl-sys = "0.9"\n', ["openssl"]),
        ("README.md", "libraries=['ssl']", []),
    ],
)
def test_libraries_that_build_files_name(path: str, text: str, packages: list[str]) -> None:
    assert system_libraries({path: text}) == dict.fromkeys(packages, path)


@pytest.mark.parametrize(
    ("pyproject", "texts", "requires"),
    [
        ({"build-system": {"requires": ["hatchling"], "build-backend": "hatchling.build"}}, {}, ("hatchling",)),
        ({}, {}, ("setuptools",)),
        (
            {},
            {"setup.py": "import os\nsetup(setup_requires=['setuptools_scm', 'pytest-runner', 'wheel'])"},
            ("setuptools", "setuptools_scm"),
        ),
        ({}, {"setup.cfg": "[options]\nsetup_requires =\n    cffi>=1\n    wheel\n"}, ("setuptools", "cffi>=1")),
        ({}, {"setup.py": "setup(setup_requires=compute())"}, ("setuptools",)),
        ({}, {"setup.py": "setup(setup_requires=["}, ("setuptools",)),
        ({"build-system": {"requires": "nonsense"}}, {"setup.cfg": "[[["}, ("setuptools",)),
    ],
)
def test_build_requirements(
    pyproject: Mapping[str, object], texts: Mapping[str, str], requires: tuple[str, ...]
) -> None:
    sdist = facts("demo", pyproject=pyproject, texts=texts).sdist
    assert sdist is not None
    assert build_requirements(sdist).lines == requires
