from __future__ import annotations

import pytest

from dirac_forge.channel.virtual import PLATFORMS, known_platform, virtual_packages
from dirac_forge.errors import InputError


def shown(platform: str, **overrides: str) -> list[str]:
    return [str(package) for package in virtual_packages(platform, overrides)]


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("linux-64", ["__archspec 1 x86_64", "__glibc 2.28", "__linux 4.18", "__unix 0"]),
        ("linux-aarch64", ["__archspec 1 aarch64", "__glibc 2.28", "__linux 4.18", "__unix 0"]),
        ("linux-riscv64", ["__archspec 1 riscv64", "__glibc 2.39", "__linux 4.18", "__unix 0"]),
        ("osx-64", ["__archspec 1 x86_64", "__osx 11.0", "__unix 0"]),
        ("osx-arm64", ["__archspec 1 m1", "__osx 11.0", "__unix 0"]),
        ("win-64", ["__archspec 1 x86_64", "__win 10.0"]),
        ("linux-s390x", ["__glibc 2.28", "__linux 4.18", "__unix 0"]),
        ("emscripten-wasm32", ["__emscripten 0", "__unix 0"]),
    ],
)
def test_a_machine_has_what_conda_forge_needs_at_least(platform: str, expected: list[str]) -> None:
    assert shown(platform) == expected


def test_a_workspace_sets_raises_and_takes_away() -> None:
    assert shown("linux-64", __glibc="2.17", __cuda="12.9", __archspec="1 x86_64_v3", __linux="") == [
        "__archspec 1 x86_64_v3",
        "__cuda 12.9",
        "__glibc 2.17",
        "__unix 0",
    ]


def test_a_microarchitecture_by_its_name() -> None:
    assert "__archspec 1 x86_64_v3" in shown("linux-64", __archspec="x86_64_v3")


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("glibc", "2.17", "the name of a virtual package starts with two underscores"),
        ("__glibc", "old one", None),
    ],
)
def test_what_is_no_virtual_package_is_named(name: str, text: str, problem: str | None) -> None:
    if problem is None:
        # A build string may be any word, so only the version is looked at.
        with pytest.raises(InputError, match="__glibc = '!!' is not a virtual package"):
            virtual_packages("linux-64", {name: "!!"})
        return
    with pytest.raises(InputError) as caught:
        virtual_packages("linux-64", {name: text})
    assert caught.value.message == f"virtual-packages.linux-64: {name} = {text!r} is not a virtual package: {problem}"


def test_every_platform_of_conda_forge_is_known() -> None:
    assert [known_platform(platform) for platform in PLATFORMS] == list(PLATFORMS)


@pytest.mark.parametrize(("platform", "meant"), [("linux64", "linux-64"), ("osx-arm", "osx-arm64"), ("noarch", None)])
def test_an_unknown_platform_is_an_error_with_the_nearest(platform: str, meant: str | None) -> None:
    with pytest.raises(InputError) as caught:
        known_platform(platform)
    assert caught.value.message == f"{platform!r} is not a platform that packages can be installed on"
    assert caught.value.hint is not None
    assert (f"Did you mean {meant}?" in caught.value.hint) == (meant is not None)
