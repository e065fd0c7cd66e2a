"""CRAN."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dirac_forge.http import Http, UnreachableError
from dirac_forge.upstream.sources.cran import cran
from dirac_forge.upstream.sources.offers import UnreadTag
from dirac_forge.upstream.sources.origins import Origin
from dirac_forge.upstream.sources.tag_reasons import UnorderedName
from support.registries import said, serving
from support.server import dead_port


def test_cran_with_its_database() -> None:
    document = {"timeline": {"7.3-60": "2023-05-04T01:02:03+00:00", "7.3-61": None, "x": None, "archived": "2026"}}
    with serving({"/MASS/all": document}) as server, Http(cache=None) as http:
        origin = Origin(kind="cran", name="MASS", url="https://cran.r-project.org/src/contrib/MASS_7.3-60.tar.gz")
        found = cran(http, origin, database=server.url)
    assert list(said(found)) == ["7.3_60", "7.3_61"]
    assert found.offers[0].released == datetime(2023, 5, 4, 1, 2, 3, tzinfo=UTC)
    assert found.unread == (UnreadTag(reason=UnorderedName(text="x")),)


def test_cran_without_its_database() -> None:
    description = "Package: MASS\nVersion: 7.3-61\nDate/Publication: 2024-06-13 09:37:46 UTC\n"
    with serving({"/web/packages/MASS/DESCRIPTION": description}) as server, Http(cache=None) as http:
        origin = Origin(kind="cran", name="MASS", url=f"{server.url}/src/contrib/MASS_7.3-60.tar.gz")
        dead = f"http://127.0.0.1:{dead_port()}"
        found = cran(http, origin, database=dead)
        assert list(said(found)) == ["7.3_61"]
        assert found.offers[0].released == datetime(2024, 6, 13, 9, 37, 46, tzinfo=UTC)
        assert found.notes == (
            f"only CRAN's current version was seen: {dead}/MASS/all can't be reached: connection refused",
        )


def test_a_page_that_is_not_a_description_is_an_error() -> None:
    pages = {"/broken/all": "[]", "/web/packages/broken/DESCRIPTION": "x"}
    with serving(pages) as server, Http(cache=None) as http:
        origin = Origin(kind="cran", name="broken", url=f"{server.url}/src/contrib/x")
        with pytest.raises(UnreachableError, match="no DESCRIPTION of broken"):
            cran(http, origin, database=server.url)
