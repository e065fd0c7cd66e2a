"""`dirac-forge report`: the numbers on its pages are those of the commands' JSON."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dirac_forge.cli import main
from dirac_forge.report.site.schema import site_schema
from support.site import elements, fill_ledger, make_workspace


class Made:
    """A workspace, and the site that was made of it."""

    def __init__(self, root: Path) -> None:
        self.root = make_workspace(root)
        fill_ledger(root / ".dirac-forge/ledger.sqlite")

    def run(self, *arguments: str) -> int:
        options = ("--workspace", str(self.root), "--pinning", str(self.root / "pinning"), "--offline", "-q")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DIRAC_FORGE_CACHE", str(self.root.parent / "cache"))
            return main([*arguments, *options])

    def page(self, path: str) -> str:
        return (self.root / "site" / path).read_text(encoding="utf-8")

    def data(self, path: str) -> Any:
        return json.loads(self.page(f"data/{path}"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    site = Made(tmp_path_factory.mktemp("report") / "workspace")
    assert site.run("report", "--output", str(site.root / "site")) == 0
    return site


def printed(made: Made, capsys: pytest.CaptureFixture[str], *command: str) -> Any:
    capsys.readouterr()
    made.run(*command, "--json")
    return json.loads(capsys.readouterr().out)


def test_data_files_follow_the_schema(made: Made) -> None:
    folder = made.root / "site/data"
    documents = {
        path.relative_to(folder).as_posix(): json.loads(path.read_text(encoding="utf-8"))
        for path in folder.rglob("*.json")
        if path.name != "schema.json"
    }
    assert {"site.json", "check.json", "targets/grid.json", "migrations/lib2.json", "feedstocks/a.json"} <= set(
        documents
    )
    jsonschema.validate(documents, site_schema(), cls=jsonschema.Draft202012Validator)
    assert made.data("schema.json") == site_schema()


def test_targets_are_those_of_check(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    results = printed(made, capsys, "check")["results"]
    assert made.data("check.json")["results"] == results
    expected = Counter(each["status"] for each in results)
    assert expected == {"installable": 2, "not-installable": 2}
    for path in ("index.html", "targets/grid.html"):
        page = made.page(path)
        cells = elements(page, "td", data_status=True)
        assert Counter(cell.attributes["data-status"] for cell in cells) == expected
        (caption,) = [table.children[0] for table in elements(page, "table", data_target="grid")]
        assert " ".join(caption.text.split()) == "grid: installable in 2 of 4 combinations"
    (no,) = elements(made.page("targets/grid.html"), "details", id="no-1")
    assert "osx-64 (Python 3.11, 3.12): not installable" in no.text
    (cause,) = results[-1]["causes"]
    assert cause["text"] in no.text
    assert [step.text for step in no.walk() if step.tag == "li" and not step.children][:2] == cause["chain"]


def test_packages_of_a_target_are_those_that_check_counts(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    results = printed(made, capsys, "check")["results"]
    packages = made.data("targets/grid.json")["packages"]
    assert max(each["packages"] for each in results) == len(packages) - len(
        [each for each in packages if len(each["versions"]) > 1 and each["name"] not in ("python", "python_abi")]
    )
    branches = elements(made.page("targets/grid.html"), "li", id=True)
    assert {each.attributes["id"] for each in branches} == {f"p-{each['name']}" for each in packages}


def test_migration_is_that_of_plan_and_status(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    plan = printed(made, capsys, "migrate", "plan", "lib2", "--target", "grid")
    status = printed(made, capsys, "migrate", "status", "lib2")
    data = made.data("migrations/lib2.json")
    assert {**data["plan"], "targets": data["targets"]} == plan
    assert data["status"] == status
    page = made.page("migrations/lib2.html")
    rows = {row.attributes["data-name"]: row for row in elements(page, "tr", data_name=True)}
    assert {name: row.attributes["data-state"] for name, row in rows.items()} == {
        each["feedstock"]: each["state"] for each in status["feedstocks"]
    }
    counts = {each.attributes["data-count"]: int(each.text) for each in elements(page, data_count=True)}
    assert counts == Counter(each["state"] for each in status["feedstocks"])
    bars = {bar.attributes["data-bar"]: bar.text for bar in elements(page, "li", data_bar=True)}
    for platform, done in status["platforms"].items():
        assert f"{done['done']} of {done['members']}" in bars[platform]
    (drawn,) = elements(page, "script", id="graph-migration")
    assert len(json.loads(drawn.text)["edges"]) == len(plan["edges"])


def test_migrations_are_those_of_list(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    listed = printed(made, capsys, "migrate", "list")["migrations"]
    rows = made.data("migrations.json")["migrations"]
    common = ("migration", "title", "paused", "longterm", "pins")
    assert [[row[key] for key in common] for row in rows] == [[each[key] for key in common] for each in listed]
    shown = elements(made.page("migrations/index.html"), "tr", data_state=True)
    assert {row.attributes["data-name"].split()[0]: row.attributes["data-state"] for row in shown} == {
        "lib2": "running",
        "later": "paused",
    }


def test_feedstock_is_that_of_bump_and_why(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    bumps = {each["feedstock"]: each for each in printed(made, capsys, "bump")["bumps"]}
    why = printed(made, capsys, "bot", "why", "a")
    data = made.data("feedstocks/a.json")
    assert data["bumps"] == [bumps["a"]]
    assert made.data("bumps.json")["bumps"] == list(bumps.values())
    assert data["why"] == why
    page = made.page("feedstocks/a.html")
    requests = elements(page, "a", href="https://github.com/conda-forge/a-feedstock/pull/7")
    assert [each.text for each in requests] == ["bump 1.1"]
    assert "b in host, run" in " ".join(page_text(page).split())
    assert "1.1 on PyPI" in page_text(page)


def page_text(page: str) -> str:
    return elements(page, "main")[0].text


def test_first_page_has_requests_and_migrations(made: Made) -> None:
    text = " ".join(page_text(made.page("index.html")).split())
    assert "a bump 1.1 open" in text
    assert "a migration lib2 waiting" in text
    assert "bump 0.9" not in text
    assert re.search(r"lib2 running 1 of 2 \(50 %\)", text)
    assert "This is the first run" in text


def test_audit_is_that_of_audit(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    document = printed(made, capsys, "audit")
    data = made.data("audit.json")
    assert {key: document[key] for key in data} == data
    target = made.data("targets/grid.json")["audit"]
    assert target["findings"] == [each for each in document["findings"] if "grid" in each["targets"]]
    assert "No finding of medium or high severity" in page_text(made.page("targets/grid.html"))


def test_a_second_run_tells_what_changed(made: Made, tmp_path: Path) -> None:
    past = made.data("history.json")
    past["runs"][0]["time"] = "2026-01-01T00:00:00+00:00"
    past["runs"][0]["cells"]["grid|linux-64|3.12"] = ["not-installable", None]
    past["runs"][0]["migrations"]["lib2"] = [0, 2]
    (tmp_path / "history.json").write_text(json.dumps(past), encoding="utf-8")
    site = tmp_path / "site"
    options = (
        "--no-bumps",
        "--no-audit",
        "--url",
        "https://example.org/status",
        "--history",
        str(tmp_path / "history.json"),
    )
    assert made.run("report", "--output", str(site), *options) == 0
    text = " ".join(page_text((site / "index.html").read_text(encoding="utf-8")).split())
    assert "grid on linux-64, Python 3.12: installable now, 9.0" in text
    assert "lib2: 1 of 2 done, 0 before" in text
    assert "left out by --no-bumps" in text
    feed = (site / "feed.xml").read_text(encoding="utf-8")
    assert "<title>lib2: 1 of 2 done, 0 before</title>" in feed
    assert 'href="https://example.org/status/targets/grid.html"' in feed
    kept = json.loads((site / "data/history.json").read_text(encoding="utf-8"))
    assert [each["kind"] for each in kept["changes"]] == ["better", "migration"]
    assert len(kept["runs"]) == 2


def test_distribution_is_that_of_diff(made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "environment.yml"
    file.write_text("dependencies:\n- lib <2\n", encoding="utf-8")
    options = ("--platform", "linux-64")
    assert made.run("lock", str(file), *options) == 0
    file.write_text("dependencies:\n- lib\n", encoding="utf-8")
    site = tmp_path / "site"
    command = ("report", "--output", str(site), "--no-bumps", "--no-audit", "--migration", "later")
    assert made.run(*command, "--distribution", str(file), *options) == 0
    expected = printed(made, capsys, "diff", str(tmp_path / "pixi.lock"), "today", "--file", str(file), *options)
    (found,) = json.loads((site / "data/distributions.json").read_text(encoding="utf-8"))["distributions"]
    assert expected.pop("file") == str(file)
    assert {key: found[key] for key in expected} == expected
    assert [(each["name"], each["to"]) for each in found["platforms"]["linux-64"]["changed"]] == [("lib", "2.0 0")]
    assert "linux-64: 1 changed, 0 added, 0 removed" in page_text((site / "index.html").read_text(encoding="utf-8"))


def test_page_of_one_migration_is_a_file_that_needs_no_other(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "lib2.html"
    expected = printed(made, capsys, "migrate", "status", "lib2")
    found = printed(made, capsys, "migrate", "status", "lib2", "--html", str(page))
    assert found == {**expected, "html": str(page)}
    html = page.read_text(encoding="utf-8")
    assert {
        row.attributes["data-name"]: row.attributes["data-state"] for row in elements(html, "tr", data_name=True)
    } == {each["feedstock"]: each["state"] for each in expected["feedstocks"]}
    assert elements(html, "link") == elements(html, "script", src=True) == []


def test_a_folder_of_others_is_left_alone(made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.tex").write_text("mine", encoding="utf-8")
    assert made.run("report", "--output", str(tmp_path), "--no-bumps", "--no-audit") == 2
    assert "has files that are not part of a dirac-forge site" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
