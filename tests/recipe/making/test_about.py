import pytest
from packaging.version import Version

from dirac_forge.recipe.making.about import links_of, summary_of
from dirac_forge.upstream.files.facts import CoreMetadata


def metadata(home: str | None = None, summary: str | None = None, **urls: str) -> CoreMetadata:
    return CoreMetadata(name="Demo", version=Version("1"), home_page=home, summary=summary, project_urls=urls)


REPO = "https://github.com/example/demo"


@pytest.mark.parametrize(
    ("given", "links"),
    [
        (metadata(REPO), (REPO, REPO, None)),
        (
            metadata(Homepage="https://demo.org", Source=REPO, Documentation="https://docs.org"),
            ("https://demo.org", REPO, "https://docs.org"),
        ),
        (metadata(**{"Source Code": REPO, "Read the Docs": "https://d.org"}), (REPO, REPO, "https://d.org")),
        (metadata(**{"Bug Tracker": f"{REPO}/issues"}), (None, None, None)),
        (metadata(Source="https://example.org/about", Code=REPO), (REPO, REPO, None)),
        (metadata(Homepage="https://demo.org", Repository=f"{REPO}.git"), ("https://demo.org", REPO, None)),
        (metadata(REPO, Funding="https://github.com/sponsors/someone"), (REPO, REPO, None)),
        (metadata(Funding="https://github.com/sponsors/a", Code="https://github.com/orgs/a"), (None, None, None)),
        (
            metadata(Home="https://gitlab.com/groups/a", Source="https://gitlab.com/explore/a"),
            ("https://gitlab.com/groups/a", None, None),
        ),
        (metadata(Other="https://github.com/example/other", Homepage=REPO), (REPO, REPO, None)),
        (metadata("UNKNOWN"), (None, None, None)),
        (
            metadata("javascript:alert(1)", Homepage="https://user:secret@demo.org/"),
            (None, None, None),
        ),
        (metadata("https://demo.org/{{ x }}"), (None, None, None)),
        (metadata("https://[broken"), (None, None, None)),
    ],
)
def test_links(given: CoreMetadata, links: tuple[str | None, str | None, str | None]) -> None:
    assert links_of(given) == links


@pytest.mark.parametrize(
    ("given", "summary"),
    [
        ("Does one thing.", "Does one thing."),
        ("two\nlines \x1b[31m and\tmore", "two lines [31m and more"),
        ("UNKNOWN", ""),
        ("TODO", ""),
        (None, ""),
        ("x" * 1000, "x" * 299 + "…"),
        ("A first sentence, e.g. this. " + "And then much more, " * 30, "A first sentence, e.g. this."),
    ],
)
def test_a_summary_is_one_line_of_printable_text(given: str | None, summary: str) -> None:
    assert summary_of(metadata(summary=given)) == summary
