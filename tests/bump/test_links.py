"""Where people read about a release."""

from __future__ import annotations

from packaging.version import Version

from dirac_forge.bump.links import project_links, with_links
from dirac_forge.bump.proposal import ProjectLink
from dirac_forge.upstream.files.facts import CoreMetadata


def links(**urls: str) -> dict[str, str]:
    named = {label.replace("_", " "): url for label, url in urls.items()}
    return {
        link.title: link.url for link in project_links(CoreMetadata(name="x", version=Version("1"), project_urls=named))
    }


def test_labels_are_read_as_pypi_reads_them() -> None:
    assert links(Release_Notes="https://a/n", Source_Code="https://a/s", Homepage="https://a") == {
        "changelog": "https://a/n",
        "repository": "https://a/s",
    }
    assert links(Changes="https://a/c", Changelog="https://a/l") == {"changelog": "https://a/l"}


def test_what_is_no_address_on_the_web_is_left_out() -> None:
    assert links(Changelog="javascript:alert(1)", Source="https://a/ <b>") == {}
    assert links() == {}


def test_what_is_known_already_stays() -> None:
    known = (ProjectLink(title="repository", url="https://a"),)
    more = (ProjectLink(title="repository", url="https://b"), ProjectLink(title="changelog", url="https://c"))
    assert with_links(known, more) == (known[0], more[1])
