"""The pages in a real browser, from disk: no errors, everything usable, nothing foreign runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dirac_forge.report.site.pages.migration import migration_page
from dirac_forge.report.site.rendering import ASSETS, Frame, asset, render
from dirac_forge.report.site.site import pages_of
from support.browser import Browser, missing
from support.site import made_documents, made_migration

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "everything is there")

ATTACK = """<img src=x onerror=alert(1)></script><script>alert(2)</script>"><svg onload=alert(3)>' onclick='alert(4)"""
URL = "javascript:alert(5)//https://example.org/"
PAGES = (
    "index.html",
    "targets/grid.html",
    "migrations/index.html",
    "migrations/lib2.html",
    "feedstocks/index.html",
    "feedstocks/a.html",
)
ROWS = "table[data-table=members] tbody tr"


def write(folder: Path, pages: dict[str, str]) -> Path:
    for name, text in {**pages, **{f"assets/{name}": asset(name) for name in ASSETS}}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def alone(document: dict[str, Any]) -> str:
    index: dict[str, Any] = {
        "made": "2026-01-05T14:03:00+00:00",
        "program": "dirac-forge",
        "unavailable": {},
        "as_of": None,
    }
    frame = Frame(title=document["migration"], root="", here="migrations", alone=True)
    page, nobody = migration_page(document), frozenset[str]()
    return render("migration.html", frame, page=page, index=index, feedstocks=nobody, targets=nobody)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    large = {"large.html": alone(made_migration(400, 6))}
    return write(tmp_path_factory.mktemp("site"), {**pages_of(made_documents()), **large})


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.mark.parametrize(
    ("page", "scheme"),
    [*((page, "light") for page in PAGES), *((page, "dark") for page in ("index.html", "migrations/lib2.html"))],
)
def test_page_has_no_errors_and_no_violations(browser: Browser, site: Path, page: str, scheme: str) -> None:
    assert browser.open(site / page, scheme=scheme, width=400 if scheme == "dark" else 1280) == "true"
    assert browser.do("said") == []
    assert browser.eval("document.documentElement.scrollWidth <= innerWidth")
    assert browser.do("axe") == []


def test_tables_filter_sort_and_keep_it_in_the_address(browser: Browser, site: Path) -> None:
    browser.open(site / "migrations/lib2.html")
    assert len(browser.texts(ROWS)) == 20
    browser.do("select", on=".filters label:has-text('state') select", value="done")
    done = browser.texts(f"{ROWS} th")
    assert browser.texts(".filters output") == [f"{len(done)} of 20 shown"]
    states = browser.eval(f"[...document.querySelectorAll('{ROWS}:not([hidden])')].map((each) => each.dataset.state)")
    assert states == ["done"] * len(done)
    browser.do("click", on="table[data-table=members] thead th:nth-child(4)")
    blocks = [int(text) for text in browser.texts(f"{ROWS} td:nth-child(4)")]
    assert blocks in (sorted(blocks), sorted(blocks, reverse=True))
    fragment = browser.eval("location.hash.slice(1)")
    browser.open(site / "migrations/lib2.html", fragment=fragment)
    assert browser.texts(f"{ROWS} td:nth-child(4)") == [str(each) for each in blocks]
    browser.do("fill", on=".filters input", text="no such member")
    assert browser.texts(ROWS) == []
    assert browser.do("said") == []


def test_graph_shows_what_is_before_and_after_a_member(browser: Browser, site: Path) -> None:
    browser.open(site / "migrations/lib2.html")
    assert len(browser.texts(".canvas .node")) == 20
    document = made_documents()["migrations/lib2.json"]
    edge = document["plan"]["edges"][3]
    number = [name for wave in document["plan"]["waves"] for name in wave].index(edge["child"])
    browser.do("click", on=f".canvas [data-node='{number}']")
    (said,) = browser.texts(".graph > .chosen")
    assert said.startswith(edge["child"])
    assert "Waits for (" in said
    assert edge["parent"] in said
    assert "host: " in said
    assert browser.eval("location.hash") == f"#node={edge['child']}"
    near = browser.texts(".canvas .node text")
    assert {edge["parent"], edge["child"]} <= set(near)
    assert len(near) < 20
    browser.open(site / "migrations/lib2.html", fragment=f"node={edge['child']}")
    assert browser.texts(".canvas .node text") == near
    browser.do("click", on="text=Show its row")
    assert browser.texts("tr.chosen th") == [edge["child"]]
    browser.do("click", on="[data-graph-clear]")
    assert len(browser.texts(".canvas .node")) == 20
    browser.do("click", on="[data-graph-hide-done]")
    states = [each["state"] for each in document["status"]["feedstocks"]]
    assert len(browser.texts(".canvas .node")) == 20 - states.count("done")
    assert browser.do("said") == []


def test_graph_is_used_with_the_keyboard_alone(browser: Browser, site: Path) -> None:
    browser.open(site / "migrations/lib2.html")
    browser.eval("document.querySelector('.canvas .node[tabindex=\"0\"]').focus()")
    focused = "document.activeElement.getAttribute('aria-label')"
    moved = "document.querySelector('.canvas svg > g').getAttribute('transform')"
    first = browser.eval(focused)
    browser.do("press", keys=["ArrowRight"])
    second = browser.eval(focused)
    assert (", wave 1," in first, ", wave 2," in second) == (True, True)
    browser.do("press", keys=["Enter"])
    assert browser.eval(focused) == second
    assert browser.eval("location.hash") == f"#node={second.partition(',')[0]}"
    before = browser.eval(moved)
    browser.do("press", keys=["+"])
    assert browser.eval(moved) != before
    browser.do("press", keys=["Escape"])
    assert len(browser.texts(".canvas .node")) == 20
    assert browser.eval("location.hash") == ""


def test_large_graph_is_folded_and_shows_a_neighbourhood(browser: Browser, site: Path) -> None:
    browser.open(site / "large.html")
    boxes = browser.texts(".canvas .node")
    assert [box.partition(":")[0] for box in boxes] == [f"wave {wave}" for wave in range(1, 7)]
    assert "400 members are too many to draw" in browser.texts(".graph > .chosen")[0]
    browser.do("fill", on="[data-graph-find]", text="member-0399")
    browser.do("press", keys=["Enter"])
    assert "member-0399" in browser.texts(".canvas .node.chosen")[0]
    assert 1 < len(browser.texts(".canvas .node")) <= 61
    browser.do("click", on="[data-graph-clear]")
    browser.do("click", on=".canvas [data-fold='0']")
    assert browser.eval("location.hash") == "#wave=1"
    assert len(browser.texts(ROWS)) == len(made_migration(400, 6)["plan"]["waves"][0])


def test_print_leaves_out_what_needs_a_screen(browser: Browser, site: Path) -> None:
    browser.open(site / "migrations/lib2.html", media="print")
    assert browser.texts(".tools, .canvas, .filters, .theme") == []
    assert len(browser.texts(ROWS)) == 20


def test_foreign_text_is_text_and_nothing_runs(browser: Browser, tmp_path: Path) -> None:
    documents = made_documents(lambda text: f"{text} {ATTACK}", url=URL)
    folder = write(tmp_path, pages_of(documents))
    seen = 0
    for page in PAGES:
        assert browser.open(folder / page) == "true"
        browser.eval("document.querySelectorAll('details').forEach((each) => (each.open = true))")
        if page == "migrations/lib2.html":
            parent = documents["migrations/lib2.json"]["plan"]["edges"][0]["parent"]
            browser.do("fill", on="[data-graph-find]", text=parent)
            browser.do("press", keys=["Enter"])
        assert browser.do("said") == []
        assert (
            browser.eval("document.querySelectorAll('main script:not([type]), img, [onerror], [onload]').length") == 0
        )
        links = browser.eval("[...document.querySelectorAll('main a')].map((each) => each.href)")
        assert [link for link in links if not link.startswith("file:")] == []
        seen += browser.eval("document.body.innerText").count(ATTACK)
    assert seen > 20


def test_policy_refuses_what_would_get_past_the_escaping(browser: Browser, site: Path) -> None:
    browser.open(site / "index.html")
    browser.eval(
        "(() => { const made = document.createElement('script');"
        " try { made.text = 'window.ran = 1'; document.body.append(made) } catch {}"
        " try { document.body.innerHTML = '<img src=x onerror=\"window.ran = 1\">' } catch {}"
        " try { document.body.setAttribute('onclick', 'window.ran = 1'); document.body.click() } catch {} })()"
    )
    assert browser.eval("window.ran ?? null") is None
    assert browser.do("said") != []
