"""npm's registry."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dirac_forge.http import Http, NotFoundError, UnreachableError
from dirac_forge.upstream.sources.npm import npm
from dirac_forge.upstream.sources.offers import UnreadTag
from dirac_forge.upstream.sources.origins import Origin
from dirac_forge.upstream.sources.tag_reasons import UnorderedName
from support.registries import said, serving


def test_npm() -> None:
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
        found = npm(http, origin)
    assert said(found) == {
        "1.0.0": ("", False),
        "1.1.0": ("deprecated (use 1.2)", False),
        "1.2.0": ("", False),
        "1.3.0b2": ("newer than what npm calls latest (1.2.0)", True),
        "2.0.0": ("newer than what npm calls latest (1.2.0)", False),
    }
    assert found.unread == (UnreadTag(reason=UnorderedName(text="oops")),)
    assert found.offers[2].released == datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert found.offers[2].page == "https://www.npmjs.com/package/@scope/demo/v/1.2.0"


def test_a_missing_project_and_a_broken_answer_are_told_apart() -> None:
    with serving({"/broken": "<html>", "/list": []}) as server, Http(cache=None) as http:
        with pytest.raises(NotFoundError):
            npm(http, Origin(kind="npm", name="none", url=f"{server.url}/none/-/none-1.tgz"))
        for name in ("broken", "list"):
            with pytest.raises(UnreachableError, match="not a registry's page of a project"):
                npm(http, Origin(kind="npm", name=name, url=f"{server.url}/{name}/-/x.tgz"))
