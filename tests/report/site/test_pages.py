"""What pages say, from data files alone."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any

import pytest

from dirac_forge.migration.effects import TargetClosure, TargetEffect, Today
from dirac_forge.report.migration_effect import effect_json
from dirac_forge.report.site.badges import badges
from dirac_forge.report.site.feed import feed
from dirac_forge.report.site.pages.bars import bar_of
from dirac_forge.report.site.pages.feedstock import feedstock_page
from dirac_forge.report.site.pages.migration import migration_page
from dirac_forge.report.site.pages.target import target_page
from dirac_forge.report.site.rendering import ASSETS, Frame, asset, render
from dirac_forge.report.site.site import pages_of
from dirac_forge.report.site.words import parted
from support.site import elements, made_documents, made_migration


def test_bar_is_drawn_to_scale_and_said_in_words() -> None:
    bar = bar_of("linux-64", {"awaiting-pr": 1, "done": 3})
    assert [(part.state, part.start, part.width) for part in bar.segments] == [("done", 0, 75), ("awaiting-pr", 75, 25)]
    assert bar.words == "linux-64: 3 of 4 done (75 %); 3 done, 1 ready"
    assert bar_of("win-64", {}).percent == "—"


def test_long_text_is_parted_between_words() -> None:
    text = "word " * 60
    first, rest = parted(text)
    assert first + " " + rest == text
    assert parted("short") == ("short", "")


def test_tree_has_each_package_once() -> None:
    page = target_page(made_documents()["targets/grid.json"], {})
    (top,) = page.tree
    assert (top.name, [each.name for each in top.below]) == ("grid", ["python", "tool"])
    assert [each.also for each in top.below] == [(), ("python",)]
    assert [each["package"] for each in page.upstream] == ["grid", "python", "tool"]


def test_steps_tell_after_which_wave_a_target_is_installable() -> None:
    (step,) = migration_page(made_migration(20, 4)).steps
    assert (step.readiness, step.wave, len(step.members)) == ("after-members", 2, 3)
    document = made_migration(20, 4)
    (effect,) = document["targets"]
    (platform, closure), *_ = effect["closure"].items()
    effect["closure"] = {platform: closure, "other": closure}
    assert [step.platform for step in migration_page(document).steps] == [f"{platform}, other"]


def test_diff_has_its_reasons_in_the_margin() -> None:
    document = made_documents()["feedstocks/a.json"]
    (bump,) = document["bumps"]
    bump["edits"][0]["diff"] = (
        "--- a\n+++ b\n@@ -1,2 +1,3 @@\n-version: 1.0\n+version: 2.0\n-  - lib >=1\n+  - lib >=2\n-  - old\n"
    )
    bump["dependencies"] = {
        "added": [],
        "changed": [
            {"before": "lib >=1", "after": "lib >=2", "reason": "upstream's bound moved", "evidence": "lib>=2"}
        ],
        "removed": [{"before": "old", "after": "", "reason": "upstream dropped it", "evidence": ""}],
    }
    (part,) = feedstock_page(document).proposals
    assert [(line.text, line.reasons) for line in part.files[0].lines if line.reasons] == [
        ("+version: 2.0", ("1.0 → 2.0, released 2026-01-05",)),
        ("+  - lib >=2", ("upstream's bound moved: lib>=2",)),
        ("-  - old", ("upstream dropped it",)),
    ]


def test_pages_need_no_script_and_load_nothing_from_elsewhere() -> None:
    for path, page in pages_of(made_documents()).items():
        (policy,) = [each.attributes["content"] for each in elements(page, "meta", http_equiv=True)]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        sources = [each.attributes.get("src") or each.attributes.get("href", "") for each in elements(page)]
        assert [each for each in sources if each.startswith(("http:", "//"))] == []
        assert [each for each in elements(page) if each.attributes.keys() & {"style", "onclick", "onload"}] == []
        assert [
            each for each in elements(page, "script") if "src" not in each.attributes and "type" not in each.attributes
        ] == []
        heads = [[cell for cell in table.walk() if cell.tag == "th"] for table in elements(page, "table")]
        assert all("scope" in cell.attributes for cells in heads for cell in cells), path
        assert all(table.children[0].tag == "caption" for table in elements(page, "table")), path


CLOSURES: dict[str, TargetClosure] = {
    "already": TargetClosure(members=(), critical_path=()),
    "after wave 2": TargetClosure(members=("a", "b"), critical_path=("a", "b"), last_wave=2),
    "after what is built outside of the workspace": TargetClosure(members=(), critical_path=(), outside=("far",)),
    "after wave 1 and what is built outside of the workspace": TargetClosure(
        members=("a",), critical_path=("a",), outside=("far",), last_wave=1
    ),
    "not even after the last wave": TargetClosure(members=("a",), critical_path=("a",), proved=False),
    "unknown": TargetClosure(members=(), critical_path=(), proved=False, solved=False),
    "not today either": TargetClosure(members=(), critical_path=(), today=Today(feedstocks=(), installable=False)),
    "the migration does not change it": TargetClosure(
        members=(), critical_path=(), today=Today(feedstocks=(), touched=False)
    ),
}


@pytest.mark.parametrize("said", CLOSURES)
def test_when_a_target_is_installable_is_what_plan_says(said: str) -> None:
    effect = TargetEffect(target="grid", waves=(), closures={"linux-64": CLOSURES[said]})
    page = html_of({**made_migration(20, 4), "targets": [effect_json(effect)]})
    (section,) = elements(page, "section", aria_labelledby="targets")
    _, when, needs = (cell for cell in section.walk() if cell.tag == "td")
    assert when.text.strip() == said
    assert ("far. What it waits for is unknown." in needs.text) == bool(CLOSURES[said].outside)


def test_page_alone_has_everything_inside() -> None:
    page = html_of(made_migration(20, 4))
    assert elements(page, "link") == elements(page, "script", src=True) == []
    assert [each.text for each in elements(page, "script") if "type" not in each.attributes] == [
        asset(name) for name in ASSETS if name.endswith(".js")
    ]
    assert [each.attributes for each in elements(page, "a", href=True) if ".html" in each.attributes["href"]] == []


def html_of(document: Mapping[str, Any]) -> str:
    """Return the page of a migration as one file."""
    index: dict[str, Any] = {
        "made": "2026-01-05T14:03:00+00:00",
        "program": "dirac-forge",
        "unavailable": {},
        "as_of": None,
    }
    frame = Frame(title="lib2", root="", here="migrations", alone=True)
    nobody = frozenset[str]()
    return render(
        "migration.html", frame, page=migration_page(document), index=index, feedstocks=nobody, targets=nobody
    )


@pytest.mark.parametrize("attack", ["<script>alert(1)</script>", "</script><img src=x>", "' onclick='x", '" onload="x'])
def test_foreign_text_stays_text(attack: str) -> None:
    pages = pages_of(made_documents(lambda text: f"{text}{attack}", url=f"javascript:{attack}"))
    plain = pages_of(made_documents())
    for path, page in pages.items():
        count = len(elements(page))
        assert count - len(elements(plain[path])) in range(-4, 5), path  # links that are no links any more
        assert [each for each in elements(page) if {"onclick", "onload"} & each.attributes.keys()] == []
        for script in elements(page, "script", type="application/json"):
            json.loads(script.text)


def test_marks_that_turn_text_are_left_out() -> None:
    pages = pages_of(made_documents(lambda text: f"{text}\u202egnp.exe\u200b"))
    assert [path for path, page in pages.items() if "\u202e" in page or "\u200b" in page] == []


def test_feed_is_xml_with_stable_ids() -> None:
    documents = made_documents(lambda text: f"{text} <b>&")
    change = {"time": "2026-01-05T14:03:00+00:00", "kind": "version", "target": "grid", "platform": "linux-64"}
    documents["history.json"]["changes"] = [
        {**change, "python": python, "from": ["installable", "8 <&>"], "to": ["installable", "9"]}
        for python in ("3.12", "3.13")
    ]
    made = [feed(documents["history.json"], documents["site.json"], url="https://example.org/s") for _ in range(2)]
    assert made[0] == made[1]
    names = {"a": "http://www.w3.org/2005/Atom"}
    (entry,) = ET.fromstring(made[0]).findall("a:entry", names)
    assert entry.findtext("a:title", namespaces=names) == "grid: 2 changes"
    assert "grid on linux-64, Python 3.12: 8 <&> → 9" in (entry.findtext("a:content", namespaces=names) or "")


def test_badges_count_what_is_installable() -> None:
    made = badges(made_documents())
    texts = {name: next("".join(each.itertext()).strip() for each in ET.fromstring(svg)) for name, svg in made.items()}
    assert texts["grid.svg"] == "grid: installable 2/6, 2 unknown"
    assert texts["migration-lib2.svg"].startswith("lib2: ")
