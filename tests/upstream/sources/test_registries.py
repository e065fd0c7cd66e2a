"""CRAN, npm and crates.io, each with a small server in its place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dirac_forge.http import Http, NotFoundError, UnreachableError
from dirac_forge.upstream.sources import registries
from dirac_forge.upstream.sources.offers import Offers
from dirac_forge.upstream.sources.origins import Origin
from support.server import Answer, Asked, Server, dead_port


def serving(pages: Mapping[str, object]) -> Server:
    def answer(asked: Asked) -> Answer:
        page = pages.get(asked.path)
        if page is None:
            return Answer(status=404)
        return Answer(body=page.encode() if isinstance(page, str) else json.dumps(page).encode())

    return Server(answer)


def said(offers: Offers) -> dict[str, tuple[str, bool]]:
    return {str(offer.version): (offer.objection, offer.prerelease) for offer in offers.offers}


def test_npm(tmp_path: Path) -> None:
    document = {
        "dist-tags": {"latest": "1.2.0", "next": "2.0.0"},
        "time": {"1.2.0": "2026-03-04T05:06:07.000Z"},
        "versions": {
            "1.0.0": {},
            "1.1.0": {"deprecated": "use 1.2"},
            "1.2.0": {},
            "1.3.0-beta.2": {},
            "2.0.0": {},
            "oops": {},
        },
    }
    with serving({"/@scope/demo": document}) as server, Http(cache=None) as http:
        origin = Origin(kind="npm", name="@scope/demo", url=f"{server.url}/@scope/demo/-/demo-1.0.0.tgz")
        found = registries.npm(http, origin)
    assert said(found) == {
        "1.0.0": ("", False),
        "1.1.0": ("deprecated (use 1.2)", False),
        "1.2.0": ("", False),
        "1.3.0b2": ("newer than what npm calls latest (1.2.0)", True),
        "2.0.0": ("newer than what npm calls latest (1.2.0)", False),
    }
    assert found.unread == ("oops is no version that can be ordered",)
    assert found.offers[2].released == datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert found.offers[2].page == "https://www.npmjs.com/package/@scope/demo/v/1.2.0"


@pytest.mark.parametrize(
    ("name", "path"), [("a", "/1/a"), ("ab", "/2/ab"), ("abc", "/3/a/abc"), ("Serde", "/se/rd/serde")]
)
def test_crates(name: str, path: str) -> None:
    lines = [
        {"vers": "1.0.0", "yanked": False},
        {"vers": "1.0.1", "yanked": True},
        {"vers": "1.1.0-rc.1", "yanked": False, "pubtime": "2026-01-02T00:00:00Z"},
        {"vers": "odd"},
    ]
    text = "\n".join(json.dumps(line) for line in lines) + "\n\n"
    with serving({path: text}) as server, Http(cache=None) as http:
        found = registries.crates(http, Origin(kind="cratesio", name=name, url="https://crates.io/x"), index=server.url)
    assert said(found) == {"1.0.0": ("", False), "1.0.1": ("yanked", False), "1.1.0rc1": ("", True)}
    assert found.offers[2].released == datetime(2026, 1, 2, tzinfo=UTC)
    assert found.unread == ("odd is no version that can be ordered",)


def test_cran_with_its_database() -> None:
    document = {"timeline": {"7.3-60": "2023-05-04T01:02:03+00:00", "7.3-61": None, "x": None, "archived": "2026"}}
    with serving({"/MASS/all": document}) as server, Http(cache=None) as http:
        origin = Origin(kind="cran", name="MASS", url="https://cran.r-project.org/src/contrib/MASS_7.3-60.tar.gz")
        found = registries.cran(http, origin, database=server.url)
    assert list(said(found)) == ["7.3_60", "7.3_61"]
    assert found.offers[0].released == datetime(2023, 5, 4, 1, 2, 3, tzinfo=UTC)
    assert found.unread == ("x is no version that can be ordered",)


def test_cran_without_its_database() -> None:
    description = "Package: MASS\nVersion: 7.3-61\nDate/Publication: 2024-06-13 09:37:46 UTC\n"
    with serving({"/web/packages/MASS/DESCRIPTION": description}) as server, Http(cache=None) as http:
        origin = Origin(kind="cran", name="MASS", url=f"{server.url}/src/contrib/MASS_7.3-60.tar.gz")
        dead = f"http://127.0.0.1:{dead_port()}"
        found = registries.cran(http, origin, database=dead)
        assert list(said(found)) == ["7.3_61"]
        assert found.offers[0].released == datetime(2024, 6, 13, 9, 37, 46, tzinfo=UTC)
        assert found.notes == (
            f"only CRAN's current version was seen: {dead}/MASS/all can't be reached: connection refused",
        )


def test_what_is_not_there_and_what_is_nonsense_are_told_apart() -> None:
    pages = {
        "/broken": "<html>",
        "/list": [],
        "/br/ok/broken": "{",
        "/broken/all": "[]",
        "/web/packages/broken/DESCRIPTION": "x",
    }
    with serving(pages) as server, Http(cache=None) as http:
        with pytest.raises(NotFoundError):
            registries.npm(http, Origin(kind="npm", name="none", url=f"{server.url}/none/-/none-1.tgz"))
        for name in ("broken", "list"):
            with pytest.raises(UnreachableError, match="not what a registry says of a project"):
                registries.npm(http, Origin(kind="npm", name=name, url=f"{server.url}/{name}/-/x.tgz"))
        with pytest.raises(UnreachableError, match="a line that is no JSON"):
            registries.crates(http, Origin(kind="cratesio", name="broken", url=""), index=server.url)
        with pytest.raises(UnreachableError, match="no DESCRIPTION of broken"):
            registries.cran(
                http, Origin(kind="cran", name="broken", url=f"{server.url}/src/contrib/x"), database=server.url
            )
