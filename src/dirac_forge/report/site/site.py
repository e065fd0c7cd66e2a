"""The whole site: data files, pages, feed, badges and assets, as files by path."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dirac_forge.report.site.badges import badges
from dirac_forge.report.site.documents import documents_of, migration_document
from dirac_forge.report.site.feed import feed
from dirac_forge.report.site.history import days_in_state
from dirac_forge.report.site.inputs import MigrationFacts, SiteInputs
from dirac_forge.report.site.links import slug
from dirac_forge.report.site.pages.feedstock import feedstock_page
from dirac_forge.report.site.pages.home import home_page, migration_rows, since_yesterday
from dirac_forge.report.site.pages.migration import migration_page
from dirac_forge.report.site.pages.target import target_page
from dirac_forge.report.site.rendering import ASSETS, Frame, asset, render
from dirac_forge.report.site.schema import site_schema
from dirac_forge.values import dataclass

Documents = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """The files, and what is in them."""

    files: Mapping[str, bytes]
    pages: int
    targets: tuple[str, ...]
    migrations: tuple[str, ...]
    feedstocks: tuple[str, ...]
    unavailable: Mapping[str, str]


def site_of(inputs: SiteInputs, *, url: str = "") -> Site:
    """Return the site; `url` is its public address, for the feed, or "" if it has none."""
    documents = documents_of(inputs)
    index = documents["site.json"]
    pages = pages_of(documents)
    texts = {
        **pages,
        **{f"data/{path}": _text(document) for path, document in documents.items()},
        "data/schema.json": _text(site_schema()),
        "feed.xml": feed(documents["history.json"], index, url=url),
        **{f"badges/{path}": text for path, text in badges(documents).items()},
        **{f"assets/{name}": asset(name) for name in (*ASSETS, "LICENCES.txt")},
    }
    return Site(
        files={path: text.encode("utf-8", errors="replace") for path, text in texts.items()},
        pages=len(pages),
        targets=tuple(each["target"] for each in index["targets"]),
        migrations=tuple(each["migration"] for each in index["migrations"]),
        feedstocks=tuple(each["feedstock"] for each in index["feedstocks"]),
        unavailable=index["unavailable"],
    )


def _text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


def pages_of(documents: Documents) -> dict[str, str]:
    """Return the HTML pages that these data files make, by path."""
    index, history = documents["site.json"], documents["history.json"]
    since = since_yesterday(history)
    targets = [documents[each["data"]] for each in index["targets"]]
    rows = migration_rows(documents["migrations.json"])
    feedstocks = {each["feedstock"] for each in index["feedstocks"]}
    shared = {"index": index, "feedstocks": feedstocks, "targets": {each["target"] for each in targets}}
    pages = {
        "index.html": render(
            "home.html", Frame(title="Overview", root="", here="home"), page=home_page(documents, targets), **shared
        ),
        "migrations/index.html": render(
            "migrations.html",
            Frame(title="Migrations", root="../", here="migrations"),
            rows=rows,
            unavailable=documents["migrations.json"].get("unavailable", ""),
            **shared,
        ),
        "feedstocks/index.html": render(
            "feedstocks.html",
            Frame(title="Feedstocks", root="../", here="feedstocks"),
            rows=[documents[each["data"]] for each in index["feedstocks"]],
            **shared,
        ),
    }
    for document in targets:
        name = document["target"]
        pages[f"targets/{slug(name)}.html"] = render(
            "target.html",
            Frame(title=name, root="../", here="home"),
            page=target_page(document, since.by_cell),
            **shared,
        )
    for row in rows:
        document = documents[f"migrations/{slug(row.name)}.json"]
        days = days_in_state(history, row.name) if len(history["runs"]) > 1 else {}
        pages[f"migrations/{slug(row.name)}.html"] = render(
            "migration.html",
            Frame(title=row.name, root="../", here="migrations"),
            page=migration_page(document, days),
            **shared,
        )
    for each in index["feedstocks"]:
        pages[f"feedstocks/{slug(each['feedstock'])}.html"] = render(
            "feedstock.html",
            Frame(title=each["feedstock"], root="../", here="feedstocks"),
            page=feedstock_page(documents[each["data"]]),
            **shared,
        )
    return pages


def migration_html(facts: MigrationFacts, *, made: str, program: str) -> str:
    """Return the page of one migration as one file that needs nothing else."""
    return render(
        "migration.html",
        Frame(title=facts.migration.name, root="", here="migrations", alone=True),
        page=migration_page(migration_document(facts)),
        index={"made": made, "program": program, "unavailable": {}, "as_of": None},
        feedstocks=frozenset(),
        targets=frozenset(),
    )
