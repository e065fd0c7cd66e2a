"""The text of `recipe`: what needs action first, and nothing that breaks on a narrow terminal."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from dirac_forge.channel.listing import Status
from dirac_forge.channel.names import Mapped, MappedBy
from dirac_forge.feedstock.generated import WriteOutcome
from dirac_forge.recipe.making.judging import Needed
from dirac_forge.recipe.making.maker import MadeRecipes
from dirac_forge.recipe.model import About, Output, Recipe
from dirac_forge.recipe.notes import NoteKind, note
from dirac_forge.report.recipes import as_json, as_text, refusals


def needed(
    project: str, status: Status, *, mapped_by: MappedBy = "channel", as_of: date | None = None, newest: str = ""
) -> Needed:
    mapped = Mapped(project=project.lower(), package=project.lower(), mapped_by=mapped_by, reasons=())
    return Needed(
        project=project,
        version="1",
        requirement=">=2,<3",
        mapped=mapped,
        status=status,
        newest=newest or None,
        required_by=("DIRAC", "fts3", "gfal2", "rucio"),
        as_of=as_of,
    )


def shown(*rows: Needed, width: int = 80, table: bool = False, as_of: date | None = None, part: bool = False) -> str:
    file = io.StringIO()
    made = MadeRecipes(recipes=(), needed=rows, as_of=as_of, part=part)
    Console(file=file, width=width, highlight=False).print(as_text(made, [], verbose=False, table=table))
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


def test_only_what_needs_action_is_listed() -> None:
    rows = [needed("M2Crypto", "outdated", newest="1.5"), needed("new", "missing", mapped_by="normalised")]
    rows += [needed(f"fine{at}", "available") for at in range(100)]
    assert shown(*rows) == (
        "Dependencies\n"
        "  - new >=2,<3: missing, required by DIRAC, fts3, gfal2 and rucio\n"
        "  - m2crypto >=2,<3: outdated (the channel has 1.5), required by DIRAC, fts3,\n"
        "    gfal2 and rucio\n"
        "  102 dependencies: 100 available, 1 outdated, 1 missing. --table shows all."
    )


@pytest.mark.parametrize(
    ("as_of", "part", "why"),
    [
        (None, False, "some could not be read"),
        (None, True, "only a snapshot of a part of one was asked"),
        (date(2026, 8, 21), False, "the embedded snapshot lacks all of them"),
    ],
)
def test_one_line_where_everything_is_unknown(as_of: date | None, part: bool, why: str) -> None:
    rows = [needed(f"p{at}", "unknown", mapped_by="guess") for at in range(127)]
    told = f"Dependencies It is unknown whether a channel has the 127 dependencies: {why}."
    assert " ".join(shown(*rows, as_of=as_of, part=part).split()) == told


def test_one_line_where_the_only_dependency_is_unknown() -> None:
    row = needed("boto3", "unknown", mapped_by="guess")
    assert shown(row, as_of=date(2026, 8, 21), width=200) == (
        "Dependencies\n"
        "  It is unknown whether a channel has boto3, the only dependency: the embedded snapshot lacks it."
    )


def test_statuses_of_the_embedded_snapshot_are_marked() -> None:
    day = date(2026, 8, 21)
    rows = [needed("a", "available", as_of=day), needed("b", "unknown", mapped_by="guess")]
    assert shown(*rows, width=200) == (
        "Dependencies\n  - unknown: b\n  2 dependencies: 1 available*, 1 unknown. --table shows all."
    )
    document = as_json(MadeRecipes(recipes=(), needed=tuple(rows)), [])
    assert [row["as_of"] for row in document["dependencies"]] == ["2026-08-21", None]  # type: ignore[attr-defined]


def test_projects_of_one_package_and_names_that_a_recipe_notes_are_told_once() -> None:
    rows = [
        replace(needed("a-b", "unknown"), mapped=replace(needed("a", "unknown").mapped, package="a")) for _ in range(2)
    ]
    guess = needed("deep", "available", mapped_by="guess")
    direct = replace(needed("near", "available", mapped_by="guess"), required_by=("demo",))
    demo = Recipe(feedstock="demo", version="1", outputs=(Output(name="demo", projects=("demo",)),), about=About())
    made = MadeRecipes(recipes=(demo,), needed=(*rows, guess, direct))
    outcome = WriteOutcome(folder=Path("demo"), recipe_file=Path("demo/recipe.yaml"), state="written", edits=())
    file = io.StringIO()
    Console(file=file, width=80, highlight=False).print(as_text(made, [outcome], verbose=False))
    assert "  - unknown: a\n  - guessed names (check them): deep\n" in file.getvalue()


def test_recipes_of_packages_that_are_there_are_refused() -> None:
    new = Recipe(feedstock="new", version="1", outputs=(), about=About())
    old = replace(new, feedstock="old", in_channel={"old": "1.2", "old-core": "1.3"})
    assert refusals([new, old]) == [
        (
            "old: not proposed, because there is old 1.2 and old-core 1.3 already, and staged-recipes takes new "
            "packages only. Change its feedstock instead (dirac-forge sync, dirac-forge bump)."
        )
    ]


@pytest.mark.parametrize("width", [60, 80, 100, 200])
@pytest.mark.parametrize("table", [False, True])
def test_no_word_breaks_at_any_width(width: int, table: bool) -> None:
    rows = [needed("opentelemetry-exporter-otlp-proto-http", "outdated", newest="1.5"), needed("a", "available")]
    text = shown(*rows, width=width, table=table)
    assert all(len(line) <= width for line in text.splitlines())
    assert "opentelemetry-exporter-otlp-proto-http" in text
    assert "required by" in text
    assert "outdated" in text


def test_every_note_to_be_checked_is_shown() -> None:
    notes = tuple(note("warning", NoteKind.UPSTREAM_PROBLEM, problem=f"problem {n}") for n in range(20))
    notes += (note("info", NoteKind.CFFI),)
    recipe = Recipe(feedstock="demo", version="1", outputs=(), about=About(), maintainers=("a",), notes=notes)
    file = io.StringIO()
    outcome = WriteOutcome(folder=Path("demo"), recipe_file=Path("demo/recipe.yaml"), state="written", edits=())
    made = MadeRecipes(recipes=(recipe,), needed=())
    Console(file=file, width=80, highlight=False).print(as_text(made, [outcome], verbose=False, table=False))
    lines = [line.strip() for line in file.getvalue().splitlines()]
    assert lines[1:-1] == [f"- check: problem {n}" for n in range(20)]
    assert lines[-1] == "1 more note with -v"
