"""Summaries of runs."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from rich.console import Console

from dirac_forge.report.runs import RunRow, run_markdown, run_text

ROWS = (
    RunRow(
        feedstock="m2crypto",
        title="m2crypto 0.50.0",
        outcome="opened",
        url="https://github.com/conda-forge/m2crypto-feedstock/pull/1",
    ),
    RunRow(feedstock="dirac-grid", title="dirac-grid 9.1.22", outcome="waiting", reason="waits for m2crypto"),
    RunRow(
        feedstock="broken",
        outcome="failed",
        reason="502 | ask @octocat",
        next_try=datetime(2026, 11, 22, 18, 5, tzinfo=UTC),
    ),
    RunRow(feedstock="fts3", outcome="up to date", quiet=True),
    RunRow(feedstock="gfal2", outcome="up to date", quiet=True),
)


def test_a_summary_groups_by_outcome() -> None:
    assert run_markdown(ROWS, notes=["the budget is spent"]) == (
        "## Run\n\n"
        "1 opened, 1 failed, 1 waiting, 2 up to date.\n\n"
        "### Notes\n\n"
        "- the budget is spent\n\n"
        "### opened (1)\n\n"
        "| feedstock | change |\n"
        "| --- | --- |\n"
        "| m2crypto | [0.50.0](<https://github.com/conda-forge/m2crypto-feedstock/pull/1>) |\n\n"
        "### failed (1)\n\n"
        "| feedstock | reason | next try |\n"
        "| --- | --- | --- |\n"
        "| broken | 502 \\| ask @\u200boctocat | 2026-11-22 18:05 UTC |\n\n"
        "### waiting (1)\n\n"
        "| feedstock | change | reason |\n"
        "| --- | --- | --- |\n"
        "| dirac-grid | 9.1.22 | waits for m2crypto |\n\n"
        "### up to date (2)\n\n"
        "fts3 and gfal2.\n"
    )


def test_a_summary_on_a_narrow_terminal_loses_nothing() -> None:
    stream = io.StringIO()
    Console(file=stream, width=80).print(run_text(ROWS))
    assert [line.rstrip() for line in stream.getvalue().splitlines()] == [
        "Run",
        "  1 opened, 1 failed, 1 waiting, 2 up to date.",
        "  opened (1)",
        "    feedstock  change",
        "    m2crypto   0.50.0: https://github.com/conda-forge/m2crypto-feedstock/pull/1",
        "  failed (1)",
        "    feedstock  reason              next try",
        "    broken     502 | ask @octocat  2026-11-22 18:05 UTC",
        "  waiting (1)",
        "    feedstock   change  reason",
        "    dirac-grid  9.1.22  waits for m2crypto",
        "  up to date (2)",
        "    fts3 and gfal2.",
    ]


def test_a_place_in_the_outbox_and_a_run_without_anything() -> None:
    text = run_markdown([RunRow(feedstock="demo", title="demo 2", outcome="written", url="outbox/demo")])
    assert "| demo | 2 (outbox/demo) |" in text
    assert run_markdown([]) == "## Run\n\nThere were no feedstocks to look at.\n"


def test_many_that_share_a_reason_share_a_line() -> None:
    why = "github.com can't be reached: its name does not resolve"
    rows = [RunRow(feedstock=name, outcome="unknown", reason=why) for name in ("a", "b", "c")]
    rows.append(RunRow(feedstock="d", outcome="unknown", reason="another"))
    text = run_markdown(rows)
    assert "- d: another\n" in text
    assert f"- a, b and c: {why}\n" in text
    assert "| a |" not in text
