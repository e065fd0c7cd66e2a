import pytest

from dirac_forge.recipe.making.build_files import build_files


def test_meson_is_followed_into_subdirs_and_subprojects() -> None:
    texts = {
        "meson.build": "subdir('extern')\nsubproject('gmain',)\nsubproject('zlib')\n# subdir('old')",
        "extern/meson.build": "subdir('agg')",
        "extern/agg/meson.build": "",
        "subprojects/gmain/meson.build": "subproject('inner')",
        "subprojects/inner/meson.build": "",
        "old/meson.build": "",
    }
    found = build_files(texts, [*texts, "subprojects/zlib.wrap"])
    assert found.read == {*texts} - {"old/meson.build"}
    assert found.unread == ()


@pytest.mark.parametrize("folder", ["deps/geo", "${CMAKE_CURRENT_SOURCE_DIR}/deps/geo", '"deps/geo" EXCLUDE_FROM_ALL'])
def test_cmake_is_followed_into_subdirectories(folder: str) -> None:
    texts = {
        "CMakeLists.txt": f"add_subdirectory({folder})",
        "deps/geo/CMakeLists.txt": "",
        "deps/b/CMakeLists.txt": "",
    }
    assert build_files(texts, texts).read == {"CMakeLists.txt", "deps/geo/CMakeLists.txt"}


def test_cmake_begins_where_setup_py_says() -> None:
    texts = {"setup.py": 'setup(cmake_source_dir="native")', "native/CMakeLists.txt": "", "b/CMakeLists.txt": ""}
    assert build_files(texts, texts).read == {"native/CMakeLists.txt"}


def test_files_whose_text_is_not_at_hand_are_named() -> None:
    found = build_files({"meson.build": "subdir('deep')"}, ["meson.build", "deep/meson.build"])
    assert found.unread == ("deep/meson.build",)


def test_a_folder_that_leads_back_is_read_once() -> None:
    texts = {"meson.build": "subdir('a')", "a/meson.build": "subdir('..')"}
    assert build_files(texts, texts).read == {*texts}


@pytest.mark.parametrize(
    ("text", "included"),
    [
        ("include(cmake/deps.cmake)", "cmake/deps.cmake"),
        ("include(${PROJECT_SOURCE_DIR}/cmake/deps.cmake)", "cmake/deps.cmake"),
        ("include( ${CMAKE_CURRENT_LIST_DIR}/deps.cmake )", "native/deps.cmake"),
        ("include(deps)", "cmake/deps.cmake"),
        ("include(deps OPTIONAL)", "native/cmake/deps.cmake"),
        ("# include(deps)", ""),
        ("include(GNUInstallDirs)", ""),
    ],
)
def test_cmake_is_followed_into_what_it_includes(text: str, included: str) -> None:
    texts = {"CMakeLists.txt": "add_subdirectory(native)", "native/CMakeLists.txt": text, "other.cmake": ""}
    texts |= {included: "add_subdirectory(geo)"} if included else {}
    expected = {"CMakeLists.txt", "native/CMakeLists.txt"} | ({included} if included else set())
    assert build_files(texts, texts).read == expected


def test_an_included_file_that_was_not_read_is_named() -> None:
    texts = {"CMakeLists.txt": "include(cmake/deps.cmake)"}
    assert build_files(texts, [*texts, "cmake/deps.cmake", "cmake/other.cmake"]).unread == ("cmake/deps.cmake",)


@pytest.mark.parametrize(
    ("name", "text", "complete"),
    [
        ("meson.build", "subdir('a')", True),
        ("meson.build", "subdir('a b')", True),
        ("meson.build", "foreach each : ['a']\n  subdir(each)\nendforeach", False),
        ("CMakeLists.txt", "add_subdirectory(a)", True),
        ("CMakeLists.txt", "add_subdirectory(${WHERE})", False),
        ("CMakeLists.txt", "add_subdirectory(missing)", False),
        ("CMakeLists.txt", "# add_subdirectory(missing)", True),
        ("setup.py", "", False),
    ],
)
def test_all_is_known_if_each_folder_is_named(name: str, text: str, complete: bool) -> None:
    texts = {name: text, f"a/{name}": "", f"a b/{name}": ""}
    assert build_files(texts, texts).complete is complete


@pytest.mark.parametrize(
    "settings",
    ['[tool.scikit-build.cmake]\nsource-dir = "python"', '[tool.scikit-build]\ncmake.source-dir = "./python"'],
)
def test_cmake_begins_where_pyproject_says(settings: str) -> None:
    texts = {"pyproject.toml": settings, "python/CMakeLists.txt": "", "other/CMakeLists.txt": ""}
    assert build_files(texts, texts).read == {"python/CMakeLists.txt"}


@pytest.mark.parametrize(
    ("setup", "begun"),
    [
        ("check_call(['cmake', f'-S{folder}'])", {"pkg/lib/CMakeLists.txt", "pkg/lib/dft/CMakeLists.txt"}),
        ("setup(ext_modules=[CMakeExtension('a')])", {"pkg/lib/CMakeLists.txt", "pkg/lib/dft/CMakeLists.txt"}),
        ("# ['cmake', folder]", set()),
        ("setup()", set()),
    ],
)
def test_cmake_that_setup_py_runs_begins_at_the_outermost_project(setup: str, begun: set[str]) -> None:
    texts = {
        "setup.py": setup,
        "pkg/lib/CMakeLists.txt": "project(pkg)\nadd_subdirectory(dft)",
        "pkg/lib/dft/CMakeLists.txt": "",
        "pkg/lib/old/CMakeLists.txt": "project(old)",
        "pkg/parts/CMakeLists.txt": "add_library(parts)",
        "deps/zeta/CMakeLists.txt": "project(zeta)",
        "tests/CMakeLists.txt": "project(tests)",
    }
    assert build_files(texts, texts).read == begun


def test_cmake_that_setup_py_runs_begins_at_the_top_if_there_is_a_project() -> None:
    texts = {"setup.py": "['cmake', '.']", "CMakeLists.txt": "project(a)", "b/CMakeLists.txt": "project(b)"}
    assert build_files(texts, texts).read == {"CMakeLists.txt"}
