from __future__ import annotations

from pathlib import Path

from dirac_forge.cli.migrate_steps import again_arguments, status_steps, write_steps
from dirac_forge.feedstock.change import Change, Skip
from dirac_forge.report.next_steps import Step


def test_next_command_names_the_file_and_the_status_page_of_this_one() -> None:
    again = again_arguments("plans/lib2.yaml", Path("status page.json"))
    assert status_steps(again) == (
        Step(
            "dirac-forge migrate status plans/lib2.yaml --status-page 'status page.json'",
            "shows what is done and what is ready",
        ),
    )


def test_written_rebuilds_are_those_that_were_shown() -> None:
    change = Change(feedstock="a", kind="migration", key="lib2", title="Rebuild for lib2")
    skip = Skip(feedstock="b", kind="nothing", reason="done")
    again = (*again_arguments("lib2", paused=True), "a@v1")
    assert [each.command for each in write_steps(again, [change, skip])] == [
        "dirac-forge migrate run lib2 --paused a@v1 --write"
    ]
    assert write_steps(again, [skip]) == ()
