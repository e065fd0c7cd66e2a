"""The table of libraries."""

from __future__ import annotations

import pytest

from dirac_forge.recipe.making.library_tables import ONLY_ON, discovered, libraries


@pytest.mark.parametrize(
    ("name", "package"),
    [("blosc", "blosc"), ("fuse", "libfuse"), ("fuse3", "libfuse3"), ("libisal", "isa-l"), ("libzip", "libzip")],
)
def test_packages_are_called_as_conda_forges_feedstocks_build_them(name: str, package: str) -> None:
    assert discovered(name) == (package,)


SUITESPARSE = ("amd", "btf", "camd", "ccolamd", "cholmod", "colamd", "klu", "ldl", "rbio", "spqr", "umfpack")


@pytest.mark.parametrize("name", SUITESPARSE)
def test_all_libraries_of_a_collection_are_its_package(name: str) -> None:
    assert libraries("linked")[name] == discovered(name.upper()) == ("suitesparse",)


def test_systems_are_those_of_packages_in_the_table() -> None:
    kinds = ("linked", "discovered", "program", "crate", "header")
    packages = {package for kind in kinds for named in libraries(kind).values() for package in named}
    assert ONLY_ON.keys() <= packages
