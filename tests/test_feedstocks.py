"""The recipes in feedstocks/ are what the tool makes of the recorded index answers, to the byte."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from dirac_forge.cli import main
from dirac_forge.store import Store
from support.index import PackageIndex
from support.lint import lint
from support.recorded import FOLDER, replay
from support.rendered import PLATFORMS, load_v1
from support.server import Answer

ROOT = Path(__file__).parents[1]
PROJECTS = {
    "db12": "DB12",
    "dirac-cwl": "dirac-cwl",
    "dirac-forge": str(ROOT),
    "dirac-grid": "DIRAC",
    "diraccfg": "diraccfg",
    "diracx": "diracx",
    "lhcbdirac": "LHCbDIRAC",
    "signurlarity": "signurlarity",
    "webappdirac": "WebAppDIRAC",
}
TOLD_BY_THE_RECIPE = {
    "dirac-forge": ["R-019 no hash"],
    "webappdirac": ["R-028 a wheel as source"],
}
"""What the linter says and a comment of the recipe explains."""
FEEDSTOCKS = sorted(path.name for path in (ROOT / "feedstocks").iterdir() if path.is_dir())


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server of the recorded pages, and a cache with the facts of their files."""
    cache = tmp_path_factory.mktemp("cache")
    pages = {}
    for path in FOLDER.glob("*.json"):
        page = replay(json.loads(path.read_text(encoding="utf-8")), Store(cache))
        headers = {"Content-Type": "application/vnd.pypi.simple.v1+json", "Cache-Control": "max-age=600"}
        pages[f"/simple/{path.stem}/"] = Answer(headers=headers, body=json.dumps(page).encode())
    with PackageIndex({name.split("/")[2]: {} for name in pages}, failures=pages) as served:
        yield served.url, cache


def test_every_feedstock_is_made_by_the_tool() -> None:
    assert sorted(PROJECTS) == FEEDSTOCKS


@pytest.mark.parametrize("feedstock", FEEDSTOCKS)
def test_recorded_answers_make_the_same_feedstock(
    feedstock: str, index: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, cache = index
    monkeypatch.setenv("DIRAC_FORGE_CACHE", str(cache))
    arguments = [
        "recipe",
        PROJECTS[feedstock],
        "--deps",
        "none",
        "--output",
        str(tmp_path / "made"),
        "--index-url",
        url,
        *(["--as-published"] if feedstock == "dirac-forge" else []),
    ]
    assert main([*arguments, "--workspace", str(ROOT), "--channel", "embedded", "-q"]) == 0
    for path in ("recipe/recipe.yaml", "conda-forge.yml"):
        made = (tmp_path / "made" / feedstock / path).read_text(encoding="utf-8")
        assert made == (ROOT / "feedstocks" / feedstock / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("feedstock", FEEDSTOCKS)
def test_the_linter_has_nothing_to_say(feedstock: str) -> None:
    folder = ROOT / "feedstocks" / feedstock
    text, config = (folder / path for path in ("recipe/recipe.yaml", "conda-forge.yml"))
    found = lint(text.read_text(encoding="utf-8"), config.read_text(encoding="utf-8"))
    assert [problem.partition(":")[0] for problem in found] == TOLD_BY_THE_RECIPE.get(feedstock, [])


@pytest.mark.parametrize("feedstock", FEEDSTOCKS)
def test_rattler_build_renders_it_for_every_platform(feedstock: str) -> None:
    text = (ROOT / "feedstocks" / feedstock / "recipe" / "recipe.yaml").read_text(encoding="utf-8")
    for platform in PLATFORMS:
        assert load_v1(text, platform)
