"""Real recipes moved to a next version: no build has a file at a new URL that an old hash checks.

Some of them, chosen by a fixed seed; all with DIRAC_FORGE_TESTS=whole.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.proposals.recipe_builds import builds_of
from dirac_forge.recipe.editing.edit import finish, outputs_of, start, version_of
from dirac_forge.upstream.sources.probes import next_versions
from support.samples import sampled

SHARED = Path(__file__).parents[3] / "shared" / "conda-forge" / "feedstocks"


def fake_hashes(url: str) -> dict[str, str]:
    return {name: hashlib.new(name, url.encode()).hexdigest() for name in ("sha256", "sha1", "md5")}


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not here")
def test_no_build_has_a_new_url_with_an_old_hash() -> None:
    moved = 0
    for place in sampled(SHARED.iterdir(), 8):
        folder = FeedstockFolder(place.name, place)
        path, text = folder.exact_recipe()
        settings, unbuilt = builds_of(folder.read())
        for to in next_versions(version_of(text, path=path, settings=settings))[:1]:
            draft = start(text, path=path, to=to, settings=settings, unbuilt=unbuilt)
            after = finish(draft, {url: fake_hashes(s.urls[0]) for s in draft.moved for url in s.urls})
            old, new = (outputs_of(each, path=path, settings=settings) for each in (text, after))
            sources = [
                pair
                for (_, was), (_, now) in zip(old, new, strict=True)
                for a, b in zip(was, now, strict=True)
                for pair in zip(a.sources, b.sources, strict=True)
            ]
            for a, b in sources:
                assert a.url == b.url or not {a.sha256, a.sha1, a.md5} & {b.sha256, b.sha1, b.md5} - {None}
            moved += 1
    assert moved >= 6
