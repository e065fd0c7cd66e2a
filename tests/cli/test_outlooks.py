"""What the bot says of distributions: in its summary, its JSON and its dashboard."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cli.test_bot import Here, here  # noqa: F401  # a fixture

FILE = "name: OS\nversion: 1\nspecs:\n  - target\n"


def with_distributions(here: Here, *files: str) -> None:  # noqa: F811
    settings = here.folder / "pyproject.toml"
    listed = ", ".join(f'"{file}"' for file in files)
    settings.write_text(
        f"{settings.read_text(encoding='utf-8')}\n[tool.dirac-forge.bot]\ndistributions = [{listed}]\n",
        encoding="utf-8",
    )


def test_next_release_is_on_the_dashboard_and_in_the_summary(here: Here) -> None:  # noqa: F811
    (here.folder / "construct.yaml").write_text(FILE, encoding="utf-8")
    with_distributions(here, "construct.yaml")
    _, document = here.run("bot", "run", "--summary", str(here.folder / "summary.md"))
    (found,) = document["distributions"]
    assert (found["name"], found["failed"], found["problem"]) == ("OS", [], None)
    line = "the next OS would be the same as"
    assert line in (here.folder / "outbox" / "dashboard.md").read_text(encoding="utf-8")
    assert line in (here.folder / "summary.md").read_text(encoding="utf-8")


def test_file_that_is_not_there_stops_no_run(here: Here) -> None:  # noqa: F811
    with_distributions(here, "nowhere.yaml")
    code, document = here.run("bot", "run")
    assert code == 0
    (found,) = document["distributions"]
    assert "nowhere.yaml" in found["problem"]
    assert "nowhere.yaml: unknown: " in (here.folder / "outbox" / "dashboard.md").read_text(encoding="utf-8")


def test_platform_that_does_not_solve_is_on_the_dashboard_and_in_the_summary(here: Here) -> None:  # noqa: F811
    (here.folder / "construct.yaml").write_text(FILE.replace("target", "target >=7"), encoding="utf-8")
    with_distributions(here, "construct.yaml")
    code, document = here.run("bot", "run", "--summary", str(here.folder / "summary.md"))
    assert code == 0
    (found,) = document["distributions"]
    (failed,) = found["failed"]
    assert (failed["platform"], failed["status"], failed["since"], failed["uploads"]) == (
        "linux-64",
        "not-installable",
        None,
        [],
    )
    line = f"OS can't be solved on linux-64, as on {datetime.now(UTC) - timedelta(days=30):%Y-%m-%d}: target"
    for place in (here.folder / "outbox" / "dashboard.md", here.folder / "summary.md"):
        assert line in place.read_text(encoding="utf-8").replace("\\", "")
