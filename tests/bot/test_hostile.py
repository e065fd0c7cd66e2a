"""Names, texts and files that want to do harm do nothing but fail, each for itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from dirac_forge.bot.release_lines import ReleaseLine
from dirac_forge.errors import InputError
from dirac_forge.pullrequest.feedstock_files import folder_of, full_name_of, kept
from dirac_forge.settings import Settings
from support.bots import TOKEN, Bots, recipe
from support.gits import commit

NAMES = [
    "-u",
    "--upload-pack=touch here",
    "../demo",
    "demo/../../x",
    "demo\nx",
    "demo x",
    "",
    "\x1b[31m",
    "Demo",
    ".git",
]
BRANCHES = ["-u", "--upload-pack=touch here", "a..b", "../x", "a\nb", "\x1b[31m", "a b", "x.lock", "refs/../x", "@{-1}"]


VERSIONS = [
    "2.0; touch here",
    "$(touch here)",
    "-u",
    "../../x",
    "2.0 @all #1",
    "2.0\x1b[2J",
    "v" * 3000,
    "2.0]",
    "a\nb",
]


@pytest.mark.parametrize("name", NAMES)
def test_names_that_no_feedstock_has(name: str) -> None:
    with pytest.raises(InputError):
        full_name_of(Settings(workspace=Path(), cache=Path()), name)


def test_names_of_feedstocks_and_branches(bot: Bots) -> None:
    bot.feedstock("demo", wanted="2.0")
    bot.lines += [ReleaseLine(name=name) for name in NAMES]
    bot.lines += [ReleaseLine(name="demo", branch=branch) for branch in BRANCHES]
    result = bot.run()
    assert [one.state for one in result.outcomes] == ["opened"]
    assert [one.state for one in result.looked] == ["read", *["failed"] * (len(NAMES) + len(BRANCHES))]
    nothing_else(bot)


def test_versions_from_upstream(bot: Bots) -> None:
    names = {f"f{number}": version for number, version in enumerate(VERSIONS)}
    for name, version in names.items():
        bot.feedstock(name, wanted=version)
    bot.feedstock("other", wanted="2.0")
    states = {one.identity.feedstock: one.state for one in bot.run().outcomes}
    assert states["other"] == "opened"
    assert set(states.values()) <= {"opened", "failed", "skipped"}
    for name in names:
        for pull in bot.github.pulls(f"conda-forge/{name}-feedstock"):
            assert pull.pull is not None
            assert pull.pull.head_ref.startswith("dirac-forge/bump/main/")
            assert len(pull.pull.head_ref) <= 100
            message = bot.github.git(f"bot/{name}-feedstock", "log", "-1", "--format=%B", pull.pull.head_sha)
            for text in (pull.title, message):
                assert "@all" not in text
                assert "\x1b" not in text
    nothing_else(bot)


def test_files_that_lead_elsewhere_are_not_read(bot: Bots, tmp_path: Path) -> None:
    demo = bot.feedstock("demo", wanted="2.0")
    secret = tmp_path / "secret"
    secret.write_text("context:\n  version: 1.0\n", encoding="utf-8")
    link = {"recipe/recipe.yaml": str(secret)}
    commit(bot.github.path(demo), dict(link), modes={"recipe/recipe.yaml": "120000"})
    result = bot.run()
    assert [(one.state, one.text) for one in result.looked] == [
        ("failed", f"{demo}: it has no recipe that is a UTF-8 file")
    ]


def test_patches_of_a_feedstock_are_at_hand() -> None:
    files = {"recipe/meta.yaml": "a", "recipe/p/x.patch": "b", "recipe/build.sh": "c", "x.patch": "d"}
    folder = folder_of("demo", "conda-forge/demo-feedstock", "main", files)
    assert (folder.given, folder.patches) == ({"recipe/meta.yaml": "a"}, {"recipe/p/x.patch": "b"})
    assert folder.beside == {"recipe/build.sh": "c"}


def test_files_beside_the_recipe_of_a_repository_are_looked_at_within_limits() -> None:
    files = {"recipe/meta.yaml": "a", "recipe/deep/x.sh": "b", "recipe/long.txt": "c" * 200_001, "conda-forge.yml": "d"}
    files |= {f"recipe/{number:03}.sh": "e" for number in range(300)}
    beside = folder_of("demo", "conda-forge/demo-feedstock", "main", files).beside
    assert list(beside) == [f"recipe/{number:03}.sh" for number in range(200)]


def test_only_what_decides_is_kept_of_a_feedstock() -> None:
    files = {
        "recipe/meta.yaml": "a",
        "recipe/recipe.yaml": "b",
        "recipe/build.sh": "c",
        "conda-forge.yml": "d",
        ".ci_support/linux.yaml": "e",
        ".ci_support/migrations/x.yaml": "f",
        ".ci_support/deep/er/x.yaml": "g",
        ".ci_support/README": "h",
    }
    assert list(kept(files)) == [
        "recipe/meta.yaml",
        "conda-forge.yml",
        ".ci_support/linux.yaml",
        ".ci_support/migrations/x.yaml",
    ]


def test_a_broken_configuration_and_a_huge_recipe_concern_one_feedstock_only(bot: Bots) -> None:
    broken = bot.feedstock("broken", wanted="2.0")
    huge = bot.feedstock("huge", wanted="2.0")
    bot.feedstock("fine", wanted="2.0")
    commit(bot.github.path(huge), {"recipe/recipe.yaml": recipe("huge") + "# x\n" * 2_000_000})
    commit(bot.github.path(broken), {"recipe/recipe.yaml": b"\xff\xfe\x00"})
    result = bot.run()
    assert {one.identity.feedstock: one.state for one in result.outcomes} == {"fine": "opened"}
    looked = {one.line.name: one.text for one in result.looked if one.state != "read"}
    assert looked["broken"] == "conda-forge/broken-feedstock: it has no recipe that is a UTF-8 file"
    assert "recipe/recipe.yaml exceeds the size limit for a file of a feedstock" in looked["huge"]


def nothing_else(bot: Bots) -> None:
    """No program was run, nothing was written elsewhere, and the token is nowhere."""
    assert not list(bot.folder.rglob("here"))
    written = {path.relative_to(bot.folder).parts[0] for path in bot.folder.iterdir()}
    assert written <= {"github", "clones", ".dirac-forge"}
    files = [path for path in bot.folder.rglob("*") if path.is_file() and bot.folder / "github" not in path.parents]
    assert not any(TOKEN.encode() in path.read_bytes() for path in files)
    assert not any(TOKEN in line for line in bot.log)
