"""Known vulnerabilities of releases, from the index's JSON API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from dirac_forge.errors import UnknownError
from dirac_forge.http import Http
from dirac_forge.upstream.index.vulnerabilities import NoSuchReleaseError, Vulnerability, VulnerabilityLookup
from support.server import Answer, Asked, Server

PATH = "/pypi/demo/1.0/json"


def looked_up(tmp_path: Path, answers: Mapping[str, Answer]) -> tuple[Vulnerability, ...]:
    def answer(asked: Asked) -> Answer:
        return answers.get(asked.path, Answer(status=404))

    with Server(answer) as server, Http(cache=tmp_path) as http:
        return VulnerabilityLookup(http, f"{server.url}/simple/")("demo", "1.0")


def test_advisories_that_were_not_withdrawn(tmp_path: Path) -> None:
    entries = [
        {"id": "GHSA-1", "aliases": ["PYSEC-1", "CVE-2026-1"], "link": "https://osv.dev/GHSA-1", "withdrawn": None},
        {"id": "GHSA-2", "aliases": [], "withdrawn": "2026-01-01T00:00:00Z"},
        {"id": "PYSEC-3"},
    ]
    body = json.dumps({"info": {}, "vulnerabilities": entries}).encode()
    first, second = looked_up(tmp_path, {PATH: Answer(body=body)})
    assert (first.name, first.link) == ("CVE-2026-1", "https://osv.dev/GHSA-1")
    assert second == Vulnerability(id="PYSEC-3")
    assert second.name == "PYSEC-3"


def test_release_without_a_page(tmp_path: Path) -> None:
    with pytest.raises(NoSuchReleaseError):
        looked_up(tmp_path, {})


@pytest.mark.parametrize("body", [b"{}", b"[]", b"<html>", b'{"vulnerabilities": [1]}', b'{"vulnerabilities": [{}]}'])
def test_nonsense_is_unknown(tmp_path: Path, body: bytes) -> None:
    with pytest.raises(UnknownError, match="no list of vulnerabilities"):
        looked_up(tmp_path, {PATH: Answer(body=body)})
