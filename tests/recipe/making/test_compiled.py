from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from dirac_forge.recipe.making.compiled import nature
from dirac_forge.recipe.making.hosts import build_requirements, relaxed_pin
from dirac_forge.recipe.making.system_libraries import system_libraries
from dirac_forge.recipe.making.tools import arch_tools
from dirac_forge.recipe.notes import NoteKind
from dirac_forge.upstream.files.facts import ReleaseFacts
from support.facts import facts

SETUPTOOLS: Mapping[str, object] = {
    "build-system": {"requires": ["setuptools"], "build-backend": "setuptools.build_meta"}
}
PURE, TAGGED = "py3-none-any", "cp312-cp312-manylinux_2_28_x86_64"
MESON: Mapping[str, object] = {"build-system": {"requires": ["meson-python"], "build-backend": "mesonpy"}}
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
            f"there are wheels for single platforms (demo-1.0-{TAGGED}.whl) and the sources compile by default",
        ),
        (
            [PURE, TAGGED],
            ["x.py"],
            "from mypyc.build import mypycify",
            True,
            "there is a wheel for any platform (demo-1.0-py3-none-any.whl), and compiling is optional",
        ),
        ([], ["x.c"], EXTENSION, False, "there are no wheels, and setup.py compiles"),
        ([], ["tests/x.c"], "", True, "there are no wheels, and the sources have nothing to compile"),
    ],
)
def test_noarch_or_not_with_the_reason(
    wheels: Sequence[str], members: Sequence[str], setup: str, noarch: bool, reason: str
) -> None:
    found = nature(facts("demo", wheels=wheels, sdist_members=members, texts={"setup.py": setup}, pyproject=SETUPTOOLS))
    assert (found.noarch, found.reason.text) == (noarch, reason)


@pytest.mark.parametrize(("members", "noarch"), [(["setup.py", "a.c"], False), (["setup.py", "a.py"], True)])
def test_a_setup_py_that_was_not_read_may_compile(members: Sequence[str], noarch: bool) -> None:
    found = nature(facts("demo", wheels=[], sdist_members=members, texts={}, pyproject=SETUPTOOLS))
    assert (found.noarch, found.reason.text) == (noarch, "there are no wheels, and setup.py could not be read")
    doubt = "noarch, because there are no wheels, and setup.py could not be read; check that nothing compiled is missed"
    assert [one.text for one in found.notes if one.kind == NoteKind.DOUBTFUL_NOARCH] == [doubt] * noarch


def test_without_an_sdist_a_compiled_package_is_for_a_person() -> None:
    found = nature(facts("demo", wheels=[TAGGED], sdist=False))
    assert not found.noarch
    assert [note.text for note in found.notes if note.level == "todo"] == [
        "there is no sdist to look at: fill in compilers, libraries and build requirements"
    ]


def test_wheels_for_windows_alone_are_skipped_elsewhere_without_an_sdist_too() -> None:
    assert nature(facts("demo", wheels=["cp312-cp312-win_amd64"], sdist=False)).only == "win"


WITHOUT_CLASSIFIER = (
    "warning: upstream has no wheels for {}, and no classifier names {}: add a skip if it can't be built there"
)
WITH_CLASSIFIER = "info: upstream has no wheels for {}, but a classifier names {}: it should build there"


@pytest.mark.parametrize(
    ("systems", "classifiers", "told"),
    [
        ("linux macos", (), [WITHOUT_CLASSIFIER.format("Windows", "it")]),
        ("linux", (), [WITHOUT_CLASSIFIER.format("macOS and Windows", "them")]),
        ("win macos", (), [WITHOUT_CLASSIFIER.format("Linux", "it")]),
        ("win", (), [WITHOUT_CLASSIFIER.format("Linux and macOS", "them")]),
        ("win", ("Microsoft :: Windows", "Unix"), [WITH_CLASSIFIER.format("Linux and macOS", "them")]),
        ("win", ("POSIX",), [WITH_CLASSIFIER.format("Linux and macOS", "them")]),
        ("linux", ("OS Independent",), [WITH_CLASSIFIER.format("macOS and Windows", "them")]),
        (
            "linux",
            ("POSIX :: Linux", "MacOS :: MacOS X"),
            [WITHOUT_CLASSIFIER.format("Windows", "it"), WITH_CLASSIFIER.format("macOS", "it")],
        ),
        ("linux win macos", (), []),
    ],
)
def test_systems_without_wheels_are_to_be_checked_where_no_classifier_names_them(
    systems: str, classifiers: tuple[str, ...], told: list[str]
) -> None:
    tags = {"linux": TAGGED, "macos": "cp312-cp312-macosx_11_0_arm64", "win": "cp312-cp312-win_amd64"}
    made = facts("demo", wheels=[tags[system] for system in systems.split()], sdist_members=["a.c"])
    named = tuple(f"Operating System :: {name}" for name in classifiers)
    found = nature(replace(made, metadata=replace(made.metadata, classifiers=named)))
    assert [f"{note.level}: {note.text}" for note in found.notes if "no wheels for" in note.text] == told
    assert found.only == ""


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


@pytest.mark.parametrize(
    ("setup", "tool", "languages", "guessed"),
    [
        ("Extension('a', ['a.c'])", {}, ("c",), False),
        ("# 'b.cpp' is for tests\nExtension('a', ['a.c'])", {}, ("c",), False),
        ("Extension('a', ['a.c', 'b.cc'])", {}, ("c", "cxx"), False),
        ("Extension('a', ['a.c'] + glob('*.cpp'))", {}, ("c", "cxx"), False),
        ("", {"setuptools": {"ext-modules": [{"name": "a", "sources": ["a.c"]}]}}, ("c",), False),
        ("", {"setuptools": {"ext-modules": [{"name": "a", "sources": ["a.c", "b.cpp"]}]}}, ("c", "cxx"), False),
        ("Extension('a', ['a.c'] + [str(each) for each in Path('src').iterdir()])", {}, ("c", "cxx"), True),
        ("import lists\nExtension('a', ['a.c', *lists.MORE])", {}, ("c", "cxx"), True),
        ("setup(ext_modules=modules())", {}, ("c", "cxx"), True),
    ],
)
def test_a_compiler_of_cxx_is_asked_for_if_the_build_compiles_it(
    setup: str, tool: dict[str, object], languages: tuple[str, ...], guessed: bool
) -> None:
    members = ["a.c", "vendor/b.cc", "vendor/c.cpp", "vendor/d.cxx", "tests/e.cpp", "lists.py"]
    pyproject = {**SETUPTOOLS, "tool": tool}
    made = facts("demo", wheels=[TAGGED], sdist_members=members, texts={"setup.py": setup}, pyproject=pyproject)
    found = nature(made)
    assert found.languages == languages
    told = (
        "a C++ compiler, because the sdist has vendor/b.cc, vendor/c.cpp and 1 more, and no build file tells whether "
        "the build compiles them: check"
    )
    assert [one.text for one in found.notes if one.kind == NoteKind.CXX_GUESSED] == [told] * guessed


@pytest.mark.parametrize(
    ("requires", "members", "setup", "languages"),
    [
        (["setuptools", "cffi"], ["make.py"], "setup(cffi_modules=['make.py:ffi'])", ("c",)),
        (["setuptools", "setuptools-rust"], ["Cargo.toml"], "", ("c", "rust")),
        (["setuptools"], ["a.i"], "Extension('_a', ['a.i'], swig_opts=['-py3', '-c++'])", ("c", "cxx")),
        (["setuptools", "cffi"], ["make.py"], "setup()", ()),
    ],
)
def test_sources_that_the_build_makes_are_compiled(
    requires: list[str], members: list[str], setup: str, languages: tuple[str, ...]
) -> None:
    pyproject = {"build-system": {"requires": requires, "build-backend": "setuptools.build_meta"}}
    made = facts("demo", wheels=[], sdist_members=members, texts={"setup.py": setup}, pyproject=pyproject)
    found = nature(made)
    assert (found.noarch, found.languages) == (not languages, languages)
    assert not [note for note in found.notes if note.level == "todo"]


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
        ("setup.py", "name = 'rdkafka' if unix else 'librdkafka'\nExtension('x', libraries=[name])", ["librdkafka"]),
        ("setup.py", "LIBS = ['pq']\nMORE = LIBS + ['ssl']\nsetup(libraries=MORE)", ["libpq", "openssl"]),
        ("setup.py", "libraries = []\nlibraries.append('ct')", ["freetds"]),
        ("setup.py", "a = b\nb = a\nsetup(libraries=[a])", []),
        ("demo/_build.py", "paths = {'libraries': ['git2'], 'library_dirs': []}", []),
        ("pygit2/_build.py", "paths = {'libraries': ['git2'], 'library_dirs': []}", ["libgit2"]),
        ("subprojects/x/CMakeLists.txt", "find_package(ZLIB REQUIRED)", []),
        ("cextern/x/CMakeLists.txt", "find_package(ZLIB REQUIRED)", []),
        ("setup.py", "extra_link_args=['-lz']", ["zlib"]),
        ("setup.py", "for name in ['mysqlclient', 'zq9']: run(f'pkg-config --exists {name}')", ["mysql-devel"]),
        ("setup.py", "os.popen('curl-config --libs')", ["libcurl"]),
        ("setup.py", "if find_file(self, 'x') and _find_library_file(self, 'xcb'): link('xcb')", ["libxcb"]),
        ("meson.build", "dep = dependency('openblas', required: true)", ["libblas", "libcblas", "liblapack"]),
        ("CMakeLists.txt", "find_package(ZLIB REQUIRED)", ["zlib"]),
        ("CMakeLists.txt", "pkg_check_modules(KRB REQUIRED krb5-gssapi)", ["krb5"]),
        ("CMakeLists.txt", "find_package(Kerberos5)", ["krb5"]),
        ("CMakeLists.txt", "find_package(Readline)", ["readline"]),
        ("CMakeLists.txt", "find_package(libuuid)", ["libuuid"]),
        ("CMakeLists.txt", "find_package(Boost COMPONENTS filesystem)", ["libboost-devel"]),
        ("CMakeLists.txt", 'find_package(Boost COMPONENTS "python3${MINOR}")', ["libboost-python-devel"]),
        ("CMakeLists.txt", "find_package(\n  Boost REQUIRED\n  COMPONENTS numpy)", ["libboost-python-devel"]),
        ("meson.build", "dependency('boost', modules: ['python3'])", ["libboost-python-devel"]),
        ("setup.py", "Extension('x', ['x.cc'], libraries=['boost_python312'])", ["libboost-python-devel"]),
        ("Cargo.toml", '[dependencies]\nopenssl-sys = "0.9"\n', ["openssl"]),
        ("README.md", "libraries=['ssl']", []),
    ],
)
def test_libraries_that_build_files_name(path: str, text: str, packages: list[str]) -> None:
    assert system_libraries({path: text}).packages == dict.fromkeys(packages, path)


FIRST_ONE = """\
def find():
    for name in ["mysqlclient", "mariadb", "libmariadb"]:
        if os.system(f"pkg-config --exists {name}") == 0:
            return name
"""


def test_of_libraries_that_are_tried_in_turn_the_first_is_in_host() -> None:
    text = f"{FIRST_ONE}\nsetup(ext_modules=[Extension('x', ['x.c'], libraries=['ssl', 'mariadbclient'])])"
    found = nature(
        facts("demo", wheels=[TAGGED], sdist_members=["x.c"], texts={"setup.py": text}, pyproject=SETUPTOOLS)
    )
    assert found.libraries == ("mysql-devel", "openssl")
    assert [note.text for note in found.notes if "host" in note.text] == [
        "openssl in host, because setup.py names it: check that it is used, and its run_exports",
        (
            "mysql-devel in host, because setup.py takes the first of mysqlclient, mariadb, libmariadb that is there "
            "(mariadb-connector-c would do, too): check that it is used, and its run_exports"
        ),
    ]
    alone = "for name in ['ssl', 'openssl']:\n    if find_library_file(dirs, name):\n        break"
    assert system_libraries({"setup.py": alone}).choices == ()


def test_libraries_of_projects_that_are_built_along_are_named() -> None:
    texts = {
        "meson.build": "subdir('extern')",
        "extern/meson.build": "freetype = dependency('freetype2')\nqhull = dependency('qhull_r', required: false)",
        "deps/other/meson.build": "dependency('zlib')",
    }
    found = nature(facts("demo", wheels=[TAGGED], sdist_members=["a.c", *texts], texts=texts, pyproject=MESON))
    assert (found.libraries, found.programs) == (("freetype", "qhull"), ("pkg-config",))


def test_build_files_of_tools_tests_and_what_is_not_reached_do_not_count() -> None:
    texts = {
        "meson.build": "subdir('src')",
        "src/meson.build": "dependency('zlib')",
        "vendored-meson/meson/run/meson.build": "dependency('sdl2')",
        "tools/manual tests/1 x/meson.build": "dependency('libpng')",
        "src/other/CMakeLists.txt": "find_package(Atomics)",
    }
    given = facts("demo", wheels=[TAGGED], sdist_members=["a.c", *texts], texts=texts, pyproject=MESON)
    found = nature(given)
    assert found.libraries == ("zlib",)
    assert [note.kind for note in found.notes if note.level == "warning"] == [
        NoteKind.LINKED_LIBRARIES,
        NoteKind.NO_WHEELS_FOR,
    ]
    loose = nature(replace_texts(given, {**texts, "meson.build": "subdir(where)"}))
    assert loose.libraries == ("zlib",)
    assert "src/other/CMakeLists.txt looks for Atomics, whose package is not known: add it to host if it is used" in [
        note.text for note in loose.notes
    ]


def replace_texts(given: ReleaseFacts, texts: Mapping[str, str]) -> ReleaseFacts:
    assert given.sdist is not None
    return replace(given, sdist=replace(given.sdist, texts=texts))


def test_build_files_that_were_not_read_are_told_and_nothing_is_said_of_their_libraries() -> None:
    members = ["a.c", "meson.build", "far/meson.build"]
    found = nature(
        facts("demo", wheels=[TAGGED], sdist_members=members, texts={"meson.build": "subdir('far')"}, pyproject=MESON)
    )
    assert [note.text for note in found.notes if "library" in note.text or "libraries" in note.text] == [
        "could not read far/meson.build: look there for libraries, and add them to host"
    ]


@pytest.mark.parametrize(
    ("project", "languages"),
    [
        ("project(demo)", ("c", "cxx")),
        ("project(demo VERSION 1.0)", ("c", "cxx")),
        ("project(demo C)", ("c",)),
        ("project(demo CXX C)", ("c", "cxx")),
        ("project(demo VERSION 1.0 LANGUAGES C)", ("c",)),
        ('project(demo LANGUAGES CXX VERSION 1.0 DESCRIPTION "a port from Fortran")', ("c", "cxx")),
        ("# project(demo)\nproject(demo C)\nenable_language(Fortran)", ("c", "fortran")),
        ("project(demo C)\nadd_subdirectory(deps/zlib)", ("c", "cxx")),
        ('project(demo C)\ncheck_language("Fortran")\nif(FOUND)\nenable_language(Fortran)\nendif()', ("c",)),
        ("project(demo NONE)", ("c",)),
    ],
)
def test_languages_that_cmake_enables(project: str, languages: tuple[str, ...]) -> None:
    texts = {
        "CMakeLists.txt": project,
        "deps/zlib/CMakeLists.txt": "project(zlib LANGUAGES C CXX)",
        "unused/CMakeLists.txt": "project(unused LANGUAGES Fortran)",
    }
    made = facts("demo", wheels=[TAGGED], sdist_members=["a.c", *texts], texts=texts, pyproject=SETUPTOOLS)
    assert nature(made).languages == languages


@pytest.mark.parametrize(("project", "asks"), [("project(demo LANGUAGES C CXX)", False), ("project(demo NONE)", True)])
def test_compilers_are_asked_for_if_neither_sources_nor_build_files_tell_them(project: str, asks: bool) -> None:
    texts = {"CMakeLists.txt": project}
    made = facts("demo", wheels=[TAGGED], sdist_members=["demo.in", *texts], texts=texts, pyproject=SETUPTOOLS)
    assert [one.kind for one in nature(made).notes if one.level == "todo"] == [NoteKind.NO_SOURCES] * asks


def test_libraries_in_files_that_cmake_includes_are_named() -> None:
    texts = {
        "CMakeLists.txt": "include(cmake/deps.cmake)",
        "cmake/deps.cmake": "find_package(ZLIB)",
        "cmake/FindJPEG.cmake": "pkg_check_modules(JPEG libjpeg)",
    }
    made = facts("demo", wheels=[TAGGED], sdist_members=["a.c", *texts], texts=texts, pyproject=SETUPTOOLS)
    assert nature(made).libraries == ("zlib",)


def test_libraries_that_setup_py_looks_for_and_nobody_knows_are_told() -> None:
    lines = (
        "find_library_file(dirs, 'zq9')",
        "find_library_file(self, 'libzq9_static')",
        "win32 and find_library_file('q')",
    )
    assert system_libraries({"setup.py": "\n".join(lines)}).unknown == {"zq9": "setup.py"}


@pytest.mark.parametrize(
    ("libraries", "unknown"),
    [
        (["zq9", "ssl"], ["zq9"]),
        (["m", "pthread", "ws2_32", "kernel32", "python3.12", "stdc++"], []),
        (["libssl", "libxml2_a", "zlib", "z.lib"], []),
        (["ours"], []),
    ],
)
def test_libraries_that_the_linker_is_asked_for_and_nobody_knows_are_told(
    libraries: list[str], unknown: list[str]
) -> None:
    texts = {
        "setup.py": "setup(libraries=[('ours', {'sources': ['ours.c']})], cffi_modules=['gears/_build.py:ffi'])",
        "gears/_build.py": f"ffi.set_source('x', '', libraries={libraries})",
    }
    assert system_libraries(texts).unknown == dict.fromkeys(unknown, "gears/_build.py")


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
        (
            {},
            {"setup.cfg": "[options]\nsetup_requires =\n    cffi>=1,<2; python_version<'3.13'\n    numpy\n"},
            ("setuptools", "cffi>=1,<2; python_version<'3.13'", "numpy"),
        ),
        ({}, {"setup.cfg": "[options]\nsetup_requires = cffi>=1,<2; numpy\n"}, ("setuptools", "cffi>=1,<2", "numpy")),
        ({}, {"setup.py": "NEEDS = ['cython', 'pbr']\nsetup(setup_requires=NEEDS)"}, ("setuptools", "cython", "pbr")),
        ({}, {"setup.py": "import numpy\nsetup(include_dirs=[numpy.get_include()])"}, ("setuptools", "numpy")),
        ({"build-system": {"requires": ["pbr"], "build-backend": "pbr.build"}}, {}, ("pbr", "setuptools")),
        (
            {"build-system": {"requires": ["setuptools"], "build-backend": "hooks", "backend-path": ["own"]}},
            {
                "own/hooks.py": "def build_wheel(*a): ...\n"
                "def get_requires_for_build_wheel(settings=None):\n"
                "    'Say what is needed.'\n    return [] if pure(settings) else ['Cython ~= 3.0']\n"
            },
            ("setuptools", "Cython ~= 3.0"),
        ),
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


@pytest.mark.parametrize(
    ("line", "relaxed"),
    [
        ("hatchling ==1.33.0", "hatchling>=1.33.0"),
        ("mypy==2.3.1; python_version > '3'", 'mypy>=2.3.1; python_version > "3"'),
        ("numpy==2.0.*", "numpy==2.0.*"),
        ("cython>=3,<4", "cython>=3,<4"),
        ("setuptools >=46.4<63", "setuptools >=46.4<63"),
    ],
)
def test_exact_pins_of_tools_are_relaxed(line: str, relaxed: str) -> None:
    assert relaxed_pin(line) == relaxed


BACKEND = {"build-system": {"requires": ["setuptools"], "build-backend": "hooks", "backend-path": ["own"]}}
COMPILES = "from Cython.Build import cythonize\ndef build_wheel(*a): cythonize('x.pyx')\n"


def test_an_in_tree_backend_that_compiles_is_not_noarch() -> None:
    made = facts(
        "demo", wheels=[PURE, TAGGED], sdist_members=["x.pyx"], pyproject=BACKEND, texts={"own/hooks.py": COMPILES}
    )
    assert not nature(made).noarch


def test_setup_py_that_compiles_only_when_asked_is_noarch_without_doubt() -> None:
    setup = "import os\nif os.getenv('DEMO_C', '0') == '1':\n    ext_modules = [Extension('x', ['x.c'])]\n"
    found = nature(facts("demo", wheels=[PURE, TAGGED], sdist_members=["x.c"], pyproject={}, texts={"setup.py": setup}))
    assert (found.noarch, found.notes) == (True, ())


@pytest.mark.parametrize(
    ("wheels", "setup", "classifiers", "only"),
    [
        (["cp312-cp312-win_amd64"], EXTENSION, (), ""),
        (["cp312-cp312-win_amd64"], EXTENSION, ("Operating System :: Microsoft :: Windows",), "win"),
        (["cp312-cp312-win_amd64"], EXTENSION, ("Operating System :: OS Independent",), ""),
        ([TAGGED], EXTENSION, ("Operating System :: POSIX :: Linux",), "linux"),
        ([TAGGED], EXTENSION, ("Operating System :: POSIX :: Linux", "Operating System :: MacOS"), ""),
        ([], "setup(ext_modules=[Extension('x', ['x.c'], extra_link_args=['-framework', 'Cocoa'])])", (), "osx"),
        ([TAGGED], EXTENSION, (), ""),
    ],
)
def test_one_system_only(wheels: Sequence[str], setup: str, classifiers: tuple[str, ...], only: str) -> None:
    made = facts("demo", wheels=wheels, sdist_members=["x.c"], pyproject=SETUPTOOLS, texts={"setup.py": setup})
    assert nature(replace(made, metadata=replace(made.metadata, classifiers=classifiers))).only == only


@pytest.mark.parametrize(
    ("tags", "floor"),
    [
        (["cp39-abi3-manylinux_2_28_x86_64", "cp39-abi3-win_amd64"], "3.9"),
        (["cp39-abi3-manylinux_2_28_x86_64", "cp313-cp313t-manylinux_2_28_x86_64"], "3.9"),
        (["cp39-abi3-manylinux_2_28_x86_64", "cp312-cp312-win_amd64"], ""),
        ([TAGGED], ""),
    ],
)
def test_wheels_for_the_stable_abi_tell_the_oldest_python(tags: Sequence[str], floor: str) -> None:
    assert nature(facts("demo", wheels=tags, sdist_members=["a.c"])).abi3 == floor


@pytest.mark.parametrize(
    ("requires", "texts", "programs"),
    [
        (["scikit-build-core"], {}, ("cmake", "ninja")),
        (["setuptools"], {"setup.py": "run(['cmake', '.'])"}, ("cmake", "make")),
        (["setuptools"], {"setup.py": "run(['cmake', '-G', 'Ninja'])"}, ("cmake", "ninja")),
        (["setuptools"], {}, ()),
    ],
)
def test_cmake_brings_what_it_drives(requires: list[str], texts: Mapping[str, str], programs: tuple[str, ...]) -> None:
    pyproject = {"build-system": {"requires": requires, "build-backend": "x"}}
    found = nature(facts("demo", wheels=[TAGGED], sdist_members=["a.c"], pyproject=pyproject, texts=texts))
    assert found.programs == programs


def test_build_files_that_list_languages_know_better_than_file_names() -> None:
    meson = {"meson.build": "project('demo', 'c', 'cython')\nadd_languages('cpp')"}
    pyproject = {"build-system": {"requires": ["meson-python"], "build-backend": "mesonpy"}}
    made = facts("demo", wheels=[TAGGED], sdist_members=["x.f90", "a.c"], pyproject=pyproject, texts=meson)
    assert nature(made).languages == ("c", "cxx")


def test_headers_that_sources_include_tell_of_libraries_that_setup_py_does_not_name() -> None:
    includes = {"sasl/sasl.h": "Modules/a.c", "ldap.h": "Modules/a.c", "zlib.h": "src/z.c", "stdio.h": "Modules/a.c"}
    text = EXTENSION.replace("['x.c']", "['x.c'], libraries=['ldap']")
    members = ["a.c", "src/zlib/zlib.h"]
    given = facts("demo", wheels=[TAGGED], sdist_members=members, texts={"setup.py": text}, pyproject=SETUPTOOLS)
    assert given.sdist is not None
    found = nature(replace(given, sdist=replace(given.sdist, includes=includes)))
    assert found.libraries == ("openldap",)
    assert [note.text for note in found.notes if note.kind == NoteKind.INCLUDED_LIBRARY] == [
        (
            "Modules/a.c includes sasl/sasl.h, and no build file names the library: add cyrus-sasl to host if that "
            "part is compiled"
        )
    ]
    meson = replace(given.sdist, includes=includes, texts={"meson.build": ""}, members=("meson.build",))
    kinds = {note.kind for note in nature(replace(given, sdist=meson)).notes}
    assert NoteKind.INCLUDED_LIBRARY not in kinds


def test_a_library_that_no_table_knows_is_told() -> None:
    texts = {"meson.build": "project('demo', 'c')\ndependency('libstrange')"}
    found = nature(facts("demo", wheels=[TAGGED], sdist_members=["a.c"], texts=texts))
    assert "meson.build looks for libstrange, whose package is not known: add it to host if it is used" in [
        note.text for note in found.notes
    ]


def test_mpi_is_a_choice_of_variants_and_told_once() -> None:
    texts = {"CMakeLists.txt": "find_package(MPI REQUIRED)", "meson.build": "dependency('mpi')"}
    notes = nature(facts("demo", wheels=[TAGGED], sdist_members=["a.c"], texts=texts)).notes
    assert [note.text for note in notes if note.kind in (NoteKind.MPI, NoteKind.UNKNOWN_LIBRARIES)] == [
        (
            "CMakeLists.txt looks for MPI, which conda-forge has in variants: build one package for each (mpi in a "
            "conda_build_config.yaml, `mpi` in host), or without it, see "
            "https://conda-forge.org/docs/maintainer/knowledge_base/#message-passing-interface-mpi"
        )
    ]


def test_cython_compiles_python_modules_too() -> None:
    pyproject = {"build-system": {"requires": ["setuptools", "cython"], "build-backend": "setuptools.build_meta"}}
    texts = {"setup.py": "ext_modules = [Extension('x', sources=['x.py'])]"}
    found = nature(facts("demo", wheels=[PURE, TAGGED], sdist_members=["x.py"], texts=texts, pyproject=pyproject))
    assert (found.noarch, found.languages) == (False, ("c",))


def test_wheels_for_every_python_on_a_platform_are_told() -> None:
    tags = ["py3-none-manylinux_2_28_x86_64", "py2.py3-none-win_amd64"]
    told = [note.text for note in nature(facts("demo", wheels=tags, sdist_members=["a.c"])).notes]
    assert any(text.startswith("its wheels are for every Python 3 (py3-none)") for text in told)
    told = [note.text for note in nature(facts("demo", wheels=[*tags, TAGGED], sdist_members=["a.c"])).notes]
    assert not any(text.startswith("its wheels are for every Python 3") for text in told)


@pytest.mark.parametrize(
    ("name", "package"),
    [("hdf5_hl", "hdf5"), ("fftw3f_threads", "fftw"), ("lapacke", "liblapacke"), ("boost_thread", "libboost-devel")],
)
def test_all_libraries_of_a_package_lead_to_it(name: str, package: str) -> None:
    found = system_libraries({"setup.py": f"Extension('x', libraries=[{name!r}])"})
    assert (found.packages, found.unknown) == ({package: "setup.py"}, {})


def test_a_library_of_some_systems_is_in_host_there() -> None:
    names = ["iconv", "ncurses", "z"]
    texts = {"setup.py": EXTENSION.replace("['x.c']", f"['x.c'], libraries={names}")}
    found = nature(facts("demo", wheels=[TAGGED], sdist_members=["x.c"], texts=texts, pyproject=SETUPTOOLS))
    _, host = arch_tools("demo", [], found)
    assert [(line.name, line.when.v1 if line.when else "") for line in host] == [
        ("python", ""),
        ("pip", ""),
        ("libiconv", "not linux"),
        ("ncurses", "not win"),
        ("zlib", ""),
    ]
    (told,) = (note.text for note in found.notes if note.kind == NoteKind.LINKED_LIBRARIES)
    assert told == (
        "libiconv (if not linux), ncurses (if not win), zlib in host, because setup.py names them: check that they are "
        "used, and their run_exports"
    )


RUNS_CONFIGURE = "subprocess.check_call(['./configure'], cwd=os.path.join('vendored', 'thing'))\n"


def configuring(configured: Mapping[str, tuple[str, ...]], setup: str = RUNS_CONFIGURE) -> list[str]:
    text = f"import subprocess\n{setup}{EXTENSION}".replace("['x.c']", "['x.c'], libraries=['z']")
    members = ["x.c", "vendored/thing/part/p.c"]
    given = facts("demo", wheels=[TAGGED], sdist_members=members, texts={"setup.py": text}, pyproject=SETUPTOOLS)
    assert given.sdist is not None
    sdist = replace(given.sdist, configured=configured, includes={"bzlib.h": "vendored/thing/a.c"})
    found = nature(replace(given, sdist=sdist))
    assert found.libraries == ("zlib",)
    return [note.text for note in found.notes if "vendored/" in note.text]


def test_what_configure_looks_for_is_told() -> None:
    names = ("bz2", "curl", "m", "part", "strange", "z")
    assert configuring({"vendored/thing/configure": names, "vendored/thing/configure.ac": ("bz2",)}) == [
        (
            "vendored/thing/configure, which setup.py may run, looks for bz2, curl: add bzip2, libcurl to host, but "
            "for what is switched off there"
        ),
        (
            "vendored/thing/configure, which setup.py may run, looks for strange, whose package is not known: add to "
            "host what is used"
        ),
    ]


def test_configure_scripts_that_setup_py_does_not_run_are_not_told() -> None:
    included = (
        "vendored/thing/a.c includes bzlib.h, and no build file names the library: add bzip2 to host if that part is "
        "compiled"
    )
    assert configuring({"vendored/other/configure": ("curl",), "vendored/thing/configure": ("z",)}) == [included]
    assert configuring({"vendored/thing/configure": ("curl",)}, "def configure():\n    pass\n") == [included]


def test_build_modules_that_can_not_be_parsed_are_told() -> None:
    texts = {"setup.py": EXTENSION, "old_build.py": "print 'libraries'", "other.py": "print 'nothing'"}
    found = nature(facts("demo", wheels=[TAGGED], sdist_members=["x.c"], texts=texts, pyproject=SETUPTOOLS))
    assert [note.text for note in found.notes if note.kind == NoteKind.UNREAD_BUILD_FILES] == [
        "could not read old_build.py: look there for libraries, and add them to host"
    ]
