from __future__ import annotations

from typing import Literal

import pytest

from dirac_forge.channel.records import Record, RunExports
from dirac_forge.check.toolchain import hardly_exports, toolchain_exports


@pytest.mark.parametrize(
    ("name", "spec", "exports"),
    [
        ("gcc_linux-64", "15.*", ("libgcc >=15",)),
        ("gxx_linux-aarch64", "14.*", ("libstdcxx >=14", "libgcc >=14")),
        ("gfortran_linux-64", "14.*", ("libgfortran", "libgfortran5 >=14.3.0", "libgcc >=14")),
        ("gfortran_osx-arm64", "14.*", ("libgfortran", "libgfortran5 >=14.3.0")),
        ("clang_osx-64", "21.*", ()),
        ("clangxx_osx-arm64", "21.*", ("libcxx >=21",)),
        ("sysroot_linux-64", "2.17.*", ("__glibc >=2.17,<3.0.a0",)),
        ("sysroot_linux-aarch64", "2.17.*", ()),
        ("sysroot_linux-aarch64", "2.28.*", ("__glibc >=2.28,<3.0.a0",)),
        ("macosx_deployment_target_osx-arm64", "11.0.*", ("__osx >=11.0",)),
        ("vs2022_win-64", "", ("vc >=14.3,<15", "vc14_runtime >=14.44.35208", "ucrt >=10.0.20348.0")),
        ("go-nocgo_linux-64", "", ()),
        ("cross-python_linux-aarch64", "", ()),
    ],
)
def test_compilers_and_the_c_library(name: str, spec: str, exports: tuple[str, ...]) -> None:
    found = toolchain_exports(name, spec)
    assert found is not None
    assert (found.strong, found.weak) == (exports, ())


def test_cross_python_exports_the_python_that_it_is_for() -> None:
    found = toolchain_exports("cross-python_linux-aarch64", "", python="python 3.12.* *_cpython")
    assert found == RunExports(strong=("python 3.12.* *_cpython",))


@pytest.mark.parametrize("name", ["cmake", "cuda-nvcc_linux-64", "zlib", "gcc_zos-z"])
def test_nothing_is_guessed_of_others(name: str) -> None:
    assert toolchain_exports(name, "") is None


@pytest.mark.parametrize(
    ("name", "noarch", "hardly"),
    [
        ("pip", "python", True),
        ("anything", "python", True),
        ("pybind11-abi", "generic", False),
        ("cython", None, True),
        ("hatchling", None, True),
        ("numpy", None, False),
    ],
)
def test_what_hardly_exports_anything(name: str, noarch: Literal["python", "generic"] | None, *, hardly: bool) -> None:
    record = Record(name=name, version="1", build="0", subdir="noarch" if noarch else "linux-64", noarch=noarch)
    assert hardly_exports(name, record) == hardly
    assert hardly_exports(name, None) == (name in {"pip", "cython", "hatchling"})
