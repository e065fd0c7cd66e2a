import pytest

from dirac_forge.recipe.making.policy import policy_notes

FETCHED = """
FetchContent_Declare(Zeta GIT_REPOSITORY https://example.org/zeta.git GIT_TAG v1)
FetchContent_Declare(
  alpha
  URL https://example.org/alpha.tar.gz
)
FetchContent_Declare(inside SOURCE_DIR ${CMAKE_SOURCE_DIR}/inside)
FetchContent_Declare(googletest URL https://example.org/googletest.tar.gz)
# ExternalProject_Add(old URL https://example.org/old.tar.gz)
"""
REFUSED = "during the build, which conda-forge does not accept"
DOWNLOADS = f"can download files {REFUSED}: add their sources to the recipe"
NATIVE = "builds for the CPU of the build machine only (-march=native): switch that off or patch it out"


def told(texts: dict[str, str], read: set[str]) -> list[str]:
    return [note.text for note in policy_notes(texts, read)]


def test_projects_that_cmake_downloads_are_told() -> None:
    texts = {"CMakeLists.txt": FETCHED, "other/CMakeLists.txt": FETCHED}
    assert told(texts, {"CMakeLists.txt", "unread.cmake"}) == [
        f"CMakeLists.txt can download alpha, Zeta {REFUSED}: add their packages to host, or their sources to the recipe"
    ]


def test_one_project_that_cmake_downloads_has_one_package() -> None:
    text = "ExternalProject_Add(zeta\n  GIT_REPOSITORY https://example.org/zeta.git)"
    assert told({"cmake/deps.cmake": text}, {"cmake/deps.cmake"}) == [
        f"cmake/deps.cmake can download zeta {REFUSED}: add its package to host, or its source to the recipe"
    ]


@pytest.mark.parametrize(
    ("setup", "expected"),
    [
        ("urllib.request.urlretrieve(URL, path)", [f"setup.py {DOWNLOADS}"]),
        ("check_call(['git', 'clone', URL])", [f"setup.py {DOWNLOADS}"]),
        ("# urlopen(URL)\nurl = 'https://example.org'", []),
        ("flags = ['-O3', '-march=native']", [f"setup.py {NATIVE}"]),
        ("flags = ['-O3']  # no -march=native", []),
    ],
)
def test_what_setup_py_does_is_told(setup: str, expected: list[str]) -> None:
    assert told({"setup.py": setup}, set()) == expected


def test_build_files_of_examples_and_tests_are_left_out() -> None:
    assert told({"tests/CMakeLists.txt": FETCHED}, {"tests/CMakeLists.txt"}) == []


@pytest.mark.parametrize(
    ("setup", "told_of"),
    [
        ("script = os.path.join('scripts', 'build_driver.py')", True),
        ("from scripts.build_driver import main", True),
        ("import build_driver", True),
        ("# scripts/build_driver.py", False),
        ("build_drivers = []", False),
    ],
)
def test_downloads_of_what_setup_py_runs_are_told(setup: str, told_of: bool) -> None:
    texts = {"setup.py": setup, "scripts/build_driver.py": "urllib.request.urlopen(url)"}
    assert told(texts, set()) == ([f"scripts/build_driver.py {DOWNLOADS}"] if told_of else [])


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ('CPMAddPackage("gh:fmtlib/fmt#7.1.3")', "fmt"),
        ('CPMAddPackage("gh:nlohmann/json@3.9.1")', "json"),
        ('CPMFindPackage("https://example.org/zeta.git@1.0")', "zeta"),
        ("CPMAddPackage(\n  NAME alpha\n  GITHUB_REPOSITORY a/alpha\n)", "alpha"),
        ("FetchContent_Populate(beta URL https://example.org/beta.tar.gz)", "beta"),
        ("ExternalProject_Add(gamma SVN_REPOSITORY https://example.org/gamma)", "gamma"),
    ],
)
def test_projects_that_other_calls_of_cmake_download_are_told(call: str, name: str) -> None:
    assert told({"CMakeLists.txt": call}, {"CMakeLists.txt"}) == [
        f"CMakeLists.txt can download {name} {REFUSED}: add its package to host, or its source to the recipe"
    ]


def test_subprojects_of_meson_that_are_only_wrapped_are_told() -> None:
    texts = {"meson.build": "subproject('zeta')\nsubproject('alpha')\nsubproject('inside')\n# subproject('old')"}
    members = [
        "subprojects/zeta.wrap",
        "subprojects/alpha.wrap",
        "subprojects/alpha/meson.build",
        "subprojects/old.wrap",
        "subprojects/inside/meson.build",
    ]
    assert [note.text for note in policy_notes(texts, {"meson.build"}, members)] == [
        f"meson.build can download zeta {REFUSED}: add its package to host, or its source to the recipe"
    ]


@pytest.mark.parametrize(
    ("path", "text", "downloads"),
    [
        ("CMakeLists.txt", "file(DOWNLOAD https://example.org/a.tar.gz a.tar.gz)", True),
        ("cmake/get.cmake", 'execute_process(COMMAND "${GIT_EXECUTABLE}" clone https://example.org/a)', True),
        ("CMakeLists.txt", "add_custom_command(COMMAND curl -LO https://example.org/a)", True),
        ("CMakeLists.txt", 'target_link_libraries(a curl)\nmessage(FATAL_ERROR "run git clone")', False),
        ("meson.build", "run_command('wget', '-q', url)", True),
        ("meson.build", "dependency('curl', 'wget')", False),
        ("setup.py", "os.system('curl -LO https://example.org/a')", True),
        ("setup.py", "check_call(['wget', 'https://example.org/a'])", True),
        ("setup.py", "Extension('a', libraries=['curl', 'z'])", False),
    ],
)
def test_files_that_a_build_downloads_are_told(path: str, text: str, *, downloads: bool) -> None:
    assert told({path: text}, {path}) == ([f"{path} {DOWNLOADS}"] if downloads else [])
