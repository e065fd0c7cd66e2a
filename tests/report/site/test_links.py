"""Names of files, and which foreign URLs become links."""

from __future__ import annotations

import re

import pytest

from dirac_forge.report.site.links import slug, web_url


@pytest.mark.parametrize(
    "name", ["dirac-grid", "python3.12", "_openmp_mutex", "a" * 500, "../../etc/passwd", "Ä", "con", ""]
)
def test_slug_is_a_plain_file_name(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,90}", slug(name))


def test_slugs_of_different_names_differ() -> None:
    names = ["a", "A", "a/b", "a-b", "a b", "index", "..", "."]
    assert len({slug(name) for name in names}) == len(names)
    assert slug("dirac-grid") == "dirac-grid"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "https:",
        "//example.org",
        "https://a b/",
        "https://exam\u202eple.org/",
        None,
    ],
)
def test_other_than_web_addresses_are_no_links(url: object) -> None:
    assert web_url(url) == ""


def test_web_address_loses_its_credentials() -> None:
    assert web_url("https://me:secret@example.org/x?a=1") == "https://***@example.org/x?a=1"
