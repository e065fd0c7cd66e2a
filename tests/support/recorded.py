"""Recorded index answers (tests/data/recorded, written by tests/record.py), put where the tool looks for them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dirac_forge.http import Page
from dirac_forge.store import Store
from dirac_forge.upstream import blobs as kept
from dirac_forge.upstream.index.page import read_page

__all__ = ["FOLDER", "replay"]

FOLDER = Path(__file__).parents[1] / "data" / "recorded"


def replay(recorded: Mapping[str, Any], store: Store) -> dict[str, Any]:
    """Put recorded facts into `store` under the keys of their files; returns the page.

    Files and versions of earlier releases that were recorded with it are on the page too.
    """
    page = _stored(recorded, store)
    pages = [page, *(_stored(earlier, store) for earlier in recorded.get("earlier", ()))]
    return {**page, **{key: [each for part in pages for each in part[key]] for key in ("files", "versions")}}


def _stored(recorded: Mapping[str, Any], store: Store) -> dict[str, Any]:
    page: dict[str, Any] = recorded["page"]
    served = Page(
        url="https://pypi.org/simple/", headers={"content-type": "application/json"}, body=json.dumps(page).encode()
    )
    (release,) = read_page(served, page["name"]).releases
    for file in release.files:
        facts = recorded["wheel" if file.kind == "wheel" else "sdist"]
        key = kept.key_of(file)
        if facts is None or key is None or facts["filename"] != file.filename:
            continue
        blob = kept.dump(facts)
        for what in ("wheel", "wheel-metadata") if file.kind == "wheel" else ("sdist",):
            store.put(kept.kind(what), key, blob)
    return page
