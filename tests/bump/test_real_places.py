"""Real bumps: the tag or file that people took next is found from the recipe before."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from dirac_forge.bump.release_sources import places_of
from dirac_forge.bump.releases import Newest, newest
from dirac_forge.bump.rules import Rules
from dirac_forge.feedstock.botconfig import VersionUpdates
from dirac_forge.recipe.editing.edit import Setting, version_of
from dirac_forge.upstream.sources.git import from_tags
from dirac_forge.upstream.sources.known import origin_of

BUMPS = Path(__file__).parents[2] / "../shared/conda-forge/bumps"
SETTINGS: list[Setting] = [("linux-64", {}), ("win-64", {}), ("osx-64", {})]


@pytest.mark.skipif(not BUMPS.is_dir(), reason="the real bumps are not here")
def test_the_next_tag_and_the_next_file() -> None:
    counted: Counter[str] = Counter()
    for feedstock in sorted(BUMPS.iterdir()):
        for folder in sorted(path for path in feedstock.iterdir() if path.is_dir())[-2:] if feedstock.is_dir() else ():
            case = json.loads((folder / "case.json").read_text(encoding="utf-8"))
            text, path = (folder / "before.yaml").read_text(encoding="utf-8"), Path(case["recipe"]).name
            version, wanted = version_of(text, path=path, settings=SETTINGS), case["new_version"]
            places = places_of(text, path=path, version=version, settings=SETTINGS, updates=VersionUpdates())
            assert isinstance(places, tuple), folder
            first = places[0]
            counted[first.origin.kind] += 1
            if first.origin.tag:
                tags = [origin.tag for url in case["urls"] if (origin := origin_of(url, wanted)) and origin.tag]
                found = newest(
                    version,
                    [from_tags(first.origin, dict.fromkeys([first.origin.tag, *tags], ""), version)],
                    rules=Rules(),
                )
                assert isinstance(found, Newest), folder
                assert found.version == wanted, folder
            elif first.origin.kind == "url":
                assert set(first.urls(wanted)) & set(case["urls"]), folder
    assert set(counted) == {"pypi", "github", "gitlab", "url"}
