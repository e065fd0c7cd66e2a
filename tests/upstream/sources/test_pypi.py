"""Releases on a package index."""

from __future__ import annotations

from datetime import UTC, datetime

from packaging.version import Version

from dirac_forge.upstream.index.project import Project, Release, ReleaseFile
from dirac_forge.upstream.sources.known import origin_of
from dirac_forge.upstream.sources.offers import Offers
from dirac_forge.upstream.sources.pypi import from_project


def said(offers: Offers) -> dict[str, str]:
    return {str(offer.version): offer.objection for offer in offers.offers}


def release(text: str, *, kind: str = "sdist", yanked: str | None = None) -> Release:
    filename = f"demo-{text}.tar.gz" if kind == "sdist" else f"demo-{text}-py3-none-any.whl"
    file = ReleaseFile(
        filename=filename,
        url=f"https://example.com/{filename}",
        kind=kind,  # type: ignore[arg-type]
        version=Version(text),
        requires_python=">=3.13" if text == "1.3" else None,
        yanked=yanked,
        uploaded=datetime(2026, 5, 1, tzinfo=UTC),
    )
    return Release(project="demo", version=Version(text), files=(file,))


def test_an_index_offers_what_is_newer_and_says_what_is_wrong_with_it() -> None:
    origin = origin_of("https://pypi.org/packages/source/d/demo/demo-1.0.tar.gz", "1.0")
    assert origin is not None
    project = Project(
        name="demo",
        releases=(
            release("0.9"),
            release("1.0"),
            release("1.1", yanked="broken"),
            release("1.2", kind="wheel"),
            release("1.3"),
        ),
    )
    found = from_project(origin, project, pythons=("3.11", "3.12"), after=Version("1.0"))
    assert said(found) == {
        "1.0": "",
        "1.1": "yanked (broken)",
        "1.2": "it has no sdist, which the recipe is built from",
        "1.3": "needs Python >=3.13, the channel has 3.11 to 3.12",
    }
    assert found.offers[0].released == datetime(2026, 5, 1, tzinfo=UTC)
