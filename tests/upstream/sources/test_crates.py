"""crates.io's index."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from dirac_forge.http import Http, UnreachableError
from dirac_forge.upstream.sources.crates import crates
from dirac_forge.upstream.sources.offers import UnreadTag
from dirac_forge.upstream.sources.origins import Origin
from dirac_forge.upstream.sources.tag_reasons import UnorderedName
from support.registries import said, serving


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
        found = crates(http, Origin(kind="cratesio", name=name, url="https://crates.io/x"), index=server.url)
    assert said(found) == {"1.0.0": ("", False), "1.0.1": ("yanked", False), "1.1.0rc1": ("", True)}
    assert found.offers[2].released == datetime(2026, 1, 2, tzinfo=UTC)
    assert found.unread == (UnreadTag(reason=UnorderedName(text="odd")),)


def test_a_broken_line_is_an_error() -> None:
    with (
        serving({"/br/ok/broken": "{"}) as server,
        Http(cache=None) as http,
        pytest.raises(UnreachableError, match="a line that is not JSON"),
    ):
        crates(http, Origin(kind="cratesio", name="broken", url=""), index=server.url)
