"""The real index, asked only with --online."""

from __future__ import annotations

import pytest
from packaging.specifiers import SpecifierSet

from dirac_forge.http import Http
from dirac_forge.store import Store
from dirac_forge.upstream.choice import Choice, choose
from dirac_forge.upstream.files.gather import gather, light
from dirac_forge.upstream.index.client import IndexClient
from support.facts import told

pytestmark = pytest.mark.online


@pytest.mark.parametrize(
    ("project", "version", "origin", "requirements", "scripts"),
    [
        ("DIRAC", "9.1.9", "dirac-9.1.9-py3-none-any.whl", 62, 196),
        ("diraccfg", "1.0.1", "diraccfg-1.0.1-py2.py3-none-any.whl", 3, 1),
        ("gfal2-python", "1.13.0", "PKG-INFO of gfal2-python-1.13.0.tar.gz", 0, 0),
        ("suds-jurko", "0.6", "PKG-INFO of suds-jurko-0.6.tar.bz2", 0, 0),
        ("MySQL-python", "1.2.5", "PKG-INFO of MySQL-python-1.2.5.zip", 0, 0),
    ],
)
def test_releases_that_stay_as_they_are(
    project: str, version: str, origin: str, requirements: int, scripts: int
) -> None:
    with Http(cache=None) as http:
        choice = choose(IndexClient(http).project(project), SpecifierSet(f"=={version}"))
        assert isinstance(choice, Choice)
        facts = gather(http, choice.release, Store(None))
        assert light(http, choice.release, Store(None)).metadata == facts.metadata
    assert (facts.metadata_from, len(facts.metadata.requires_dist), told(facts)) == (origin, requirements, ())
    points = facts.wheel.entry_points if facts.wheel else ()
    assert len(points) == scripts
    assert facts.sdist is not None
    assert facts.sdist.texts
