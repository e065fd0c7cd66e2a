"""conda-forge.yml."""

from __future__ import annotations

import pytest

from dirac_forge.feedstock.condaforgeyml import ForgeConfig, ForgeConfigError, parse_forge_config


def platforms(text: str) -> dict[str, str]:
    return {one.platform: one.build_platform for one in parse_forge_config(text, path="conda-forge.yml").platforms}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {"linux-64": "linux-64", "osx-64": "osx-64", "win-64": "win-64"}),
        (
            "build_platform: {osx_arm64: osx_64}\nprovider: {linux_aarch64: default}\n",
            {
                "linux-64": "linux-64",
                "linux-aarch64": "linux-aarch64",
                "osx-64": "osx-64",
                "osx-arm64": "osx-64",
                "win-64": "win-64",
            },
        ),
        ("provider:\n  win: null\n  osx_64: None\n", {"linux-64": "linux-64"}),
        (
            "provider: {linux: null}\nbuild_platform: {linux_aarch64: linux_64}\n",
            {"osx-64": "osx-64", "win-64": "win-64"},
        ),
        (
            "provider: {linux_ppc64le: default}\nbuild_platform: {linux_ppc64le: linux_64}\n",
            {"linux-64": "linux-64", "linux-ppc64le": "linux-64", "osx-64": "osx-64", "win-64": "win-64"},
        ),
    ],
)
def test_platforms(text: str, expected: dict[str, str]) -> None:
    assert platforms(text) == expected


def test_bot_and_noarch() -> None:
    config = parse_forge_config(
        "bot:\n  automerge: version\n  abi_migration_branches: [v1.x, 2]\nnoarch_platforms: [linux_64, win]\n",
        path="conda-forge.yml",
    )
    assert config.bot.automerge == "version"
    assert config.bot.abi_migration_branches == ("v1.x", "2")
    assert config.noarch_platforms == ("linux-64", "win-64")
    assert parse_forge_config("", path="x") == ForgeConfig()


@pytest.mark.parametrize("text", ["", "{}\n", "[]\n", "# nothing\n"])
def test_a_file_without_settings_is_one(text: str) -> None:
    assert parse_forge_config(text, path="conda-forge.yml") == ForgeConfig()


def test_unknown_keys_are_problems_with_line_and_nearest() -> None:
    config = parse_forge_config("bot: {}\nbuild_platfrom: {}\nzzz: 1\n", path="conda-forge.yml")
    assert [key.message("conda-forge.yml") for key in config.unknown] == [
        "conda-forge.yml:2: build_platfrom is not a key of conda-forge.yml; the nearest one is build_platform",
        "conda-forge.yml:3: zzz is not a key of conda-forge.yml",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n", "conda-forge.yml:1: expected a mapping of settings"),
        ("bot: {}\nprovider: azure\n", "conda-forge.yml:2: provider: expected a table, got 'azure'"),
        ("a: b: c\n", "conda-forge.yml:1: mapping values are not allowed in this context"),
    ],
)
def test_what_is_no_configuration(text: str, message: str) -> None:
    with pytest.raises(ForgeConfigError) as error:
        parse_forge_config(text, path="conda-forge.yml")
    assert str(error.value) == message


def test_a_key_that_is_there_twice_is_refused() -> None:
    text = "bot:\n  version_updates: {skip: true}\nos_version: {}\nbot:\n  automerge: true\n  automerge: false\n"
    with pytest.raises(ForgeConfigError) as error:
        parse_forge_config(text, path="conda-forge.yml")
    assert str(error.value).splitlines() == [
        "conda-forge.yml:4: bot appears twice: remove one",
        "conda-forge.yml:6: bot.automerge appears twice: remove one",
    ]


def test_unknown_platforms_are_named_with_their_lines() -> None:
    text = "provider: {linux_64: default,\n  linux_arch64: default}\nbuild_platform:\n  osx_arm46: osx_64\n"
    unknown = parse_forge_config(text, path="conda-forge.yml").unknown
    assert [(key.line, key.key, key.nearest) for key in unknown] == [
        (2, "provider.linux_arch64", "provider.linux_aarch64"),
        (4, "build_platform.osx_arm46", "build_platform.osx_arm64"),
    ]
