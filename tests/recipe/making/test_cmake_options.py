"""What CMake reads if nobody turns an option on."""

from __future__ import annotations

import pytest

from dirac_forge.recipe.making.cmake_options import by_default

OPTIONS = 'option(USE_GPU "GPUs" OFF)\noption(USE_X "X")\noption(USE_Y "Y" ON)\n'


def kept(code: str, **more: str) -> str:
    """Return what is left of code after its options."""
    texts = {"CMakeLists.txt": OPTIONS + code, **{name.replace("__", "."): text for name, text in more.items()}}
    return by_default(texts)["CMakeLists.txt"].removeprefix(OPTIONS).strip()


@pytest.mark.parametrize(
    ("code", "left"),
    [
        ("if(USE_GPU)\n  find_package(Boost)\nendif()", ""),
        ("if(USE_X AND UNIX)\n  find_package(Boost)\nendif(USE_X)", ""),
        ("if(UNIX AND USE_X)\n  a()\nelse()\n  b()\nendif()", "b()"),
        ("if(USE_GPU)\n  if(UNIX)\n    a()\n  endif()\n  b()\nelseif(UNIX)\n  c()\nendif()\nd()", "c()\n\nd()"),
        ("if(UNIX)\n  a()\nelseif(USE_GPU)\n  b()\nendif()", "a()"),
    ],
)
def test_blocks_of_options_that_are_off_are_left_out(code: str, left: str) -> None:
    assert kept(code).replace("  ", "") == left.replace("  ", "")


@pytest.mark.parametrize(
    "condition", ["USE_Y", "NOT USE_GPU", "USE_GPU OR UNIX", "UNIX", "DEFINED USE_GPU", "USE_GPU STREQUAL OFF"]
)
def test_other_conditions_stay(condition: str) -> None:
    assert "find_package(Boost)" in kept(f"if({condition})\n  find_package(Boost)\nendif()")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("setup__py", "cmake_args=['-DUSE_GPU=ON']"),
        ("pyproject__toml", "cmake.define.USE_GPU = true"),
        ("build_backend__py", 'flags = {"USE_GPU": "ON"}'),
        ("other__cmake", "set(USE_GPU ON CACHE BOOL x)"),
    ],
)
def test_an_option_that_the_build_names_may_be_on(name: str, text: str) -> None:
    assert "find_package(Boost)" in kept("if(USE_GPU)\n  find_package(Boost)\nendif()", **{name: text})


def test_folders_that_only_such_a_block_adds_are_not_read() -> None:
    texts = {
        "CMakeLists.txt": f"{OPTIONS}if(USE_GPU)\nadd_subdirectory(gpu)\nendif()\nadd_subdirectory(core)",
        "gpu/CMakeLists.txt": "",
        "gpu/deep/x.cmake": "",
        "gpu/kernel.py": "",
        "core/CMakeLists.txt": "",
    }
    assert set(by_default(texts)) == {"CMakeLists.txt", "gpu/kernel.py", "core/CMakeLists.txt"}


def test_without_options_nothing_changes() -> None:
    texts = {"CMakeLists.txt": "# a comment\nif(UNIX)\nendif()", "setup.py": ""}
    assert by_default(texts) == texts
    assert by_default({"a.cmake": f"{OPTIONS}if(USE_GPU"})["a.cmake"] == f"{OPTIONS}if(USE_GPU"
