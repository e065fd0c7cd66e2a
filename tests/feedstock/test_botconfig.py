"""The `bot:` section of conda-forge.yml."""

from __future__ import annotations

import pytest

from dirac_forge.feedstock.botconfig import Bot, Nvidia, VersionUpdates
from dirac_forge.feedstock.condaforgeyml import ForgeConfigError, parse_forge_config

KEYS = (
    "abi_migration_branches, automerge, check_solvable, inspection, remake_prs_with_conflicts, run_deps_from_wheel, "
    "update_static_libs, version_updates"
)


def read(text: str) -> Bot:
    return parse_forge_config(text, path="conda-forge.yml").bot


def test_every_key() -> None:
    bot = read(
        """
bot:
  automerge: migration
  check_solvable: false
  inspection: update-grayskull
  abi_migration_branches: [v1.x, '2']
  run_deps_from_wheel: true
  update_static_libs: true
  remake_prs_with_conflicts: false
  version_updates:
    random_fraction_to_keep: 0.1
    exclude: ['08.14', 1.10]
    sources: [RawURL, pypi, pypi]
    skip: true
    even_odd_versions: true
    allowed_tag_globs: 'python-*'
    use_curl: true
    nvidia: {compute_subdir: cublas, json_name: libcublas}
"""
    )
    assert (
        bot.model_dump()
        == Bot(
            automerge="migration",
            check_solvable=False,
            inspection="update-grayskull",
            abi_migration_branches=("v1.x", "2"),
            run_deps_from_wheel=True,
            update_static_libs=True,
            remake_prs_with_conflicts=False,
            version_updates=VersionUpdates(
                random_fraction_to_keep=0.1,
                exclude={"08.14": 12, "1.10": 12},
                sources=("rawurl", "pypi"),
                skip=True,
                even_odd_versions=True,
                allowed_tag_globs=("python-*",),
                use_curl=True,
                nvidia=Nvidia(compute_subdir="cublas", json_name="libcublas"),
            ),
        ).model_dump()
    )
    assert (bot.lines["inspection"], bot.version_updates.lines["skip"]) == (5, 14)


@pytest.mark.parametrize(
    "text", ["", "bot:\n", "bot: {}\n", "bot: {automerge: null, version_updates: {exclude: null}}\n"]
)
def test_what_is_not_said_is_as_the_bot_has_it(text: str) -> None:
    assert read(text).model_dump() == Bot().model_dump()


@pytest.mark.parametrize(
    ("inspection", "expected"),
    [
        ("update-all", "update"),
        ("update-source", "update"),
        ("hint", "report"),
        ("hint-grayskull", "report"),
        ("disabled", "off"),
        ("null", None),
    ],
)
def test_inspection_says_what_becomes_of_requirements(inspection: str, expected: str | None) -> None:
    assert read(f"bot: {{inspection: {inspection}}}\n").dependencies == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("bot: true\n", "1: bot: expected a table, got 'true'"),
        ("bot:\n  automerg: true\n", "2: unknown key 'bot.automerg'; did you mean 'automerge'?"),
        ("bot:\n  zzz: 1\n", f"2: unknown key 'bot.zzz'; expected one of {KEYS}"),
        (
            "bot:\n  automerge: yes please\n",
            "2: bot.automerge: expected true, false, version or migration, got 'yes please'",
        ),
        ("bot:\n  check_solvable: 1\n", "2: bot.check_solvable: expected true or false, got '1'"),
        (
            "bot:\n  inspection: update-graysull\n",
            (
                "2: bot.inspection: expected 'hint', 'hint-all', 'hint-source', 'hint-grayskull', 'update-all', "
                "'update-source', 'update-grayskull' or 'disabled', got 'update-graysull'"
            ),
        ),
        ("bot:\n  abi_migration_branches: v1\n", "2: bot.abi_migration_branches: expected a list, got 'v1'"),
        ("bot:\n  version_updates: [a]\n", "2: bot.version_updates: expected a table, got a list"),
        (
            "bot:\n  version_updates:\n    excludes: []\n",
            "3: unknown key 'bot.version_updates.excludes'; did you mean 'exclude'?",
        ),
        ("bot:\n  version_updates:\n    exclude: [{}]\n", "3: bot.version_updates.exclude[0]: expected a version"),
        (
            "bot:\n  version_updates:\n    random_fraction_to_keep: 2\n",
            "3: bot.version_updates.random_fraction_to_keep: expected a number from 0 to 1, got '2'",
        ),
        (
            "bot:\n  version_updates:\n    allowed_tag_globs: {}\n",
            "3: bot.version_updates.allowed_tag_globs: expected a list, got a table",
        ),
        (
            "bot:\n  version_updates:\n    nvidia: {json: x}\n",
            "3: unknown key 'bot.version_updates.nvidia.json'; did you mean 'json_name'?",
        ),
        (
            "bot:\n  version_updates:\n    nvidia: {json_name: [x]}\n",
            "3: bot.version_updates.nvidia.json_name: expected a string, got a list",
        ),
    ],
)
def test_what_the_bot_does_not_know_is_an_error_with_line_and_nearest_key(text: str, message: str) -> None:
    with pytest.raises(ForgeConfigError) as error:
        read(text)
    assert str(error.value) == f"conda-forge.yml:{message}"


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ForgeConfigError) as error:
        read("bot:\n  version_updates: {sources: [pyp]}\n  skip: true\n")
    assert str(error.value) == (
        "conda-forge.yml:2: bot.version_updates.sources[0]: expected 'cran', 'cratesio', 'github', 'githubreleases', "
        "'gittags', 'incrementalpharawurl', 'librariesio', 'npm', 'nvidia', 'pypi', 'rawurl' or 'rosdistro', "
        f"got 'pyp'\nconda-forge.yml:3: unknown key 'bot.skip'; expected one of {KEYS}"
    )
