"""Names in the settings that the workspace does not have."""

from __future__ import annotations

from dirac_forge.bot.release_lines import ReleaseLine
from dirac_forge.bot.unknown_names import unknown_names
from dirac_forge.report.bot_words import worded
from dirac_forge.settings import BotSettings

LINES = (ReleaseLine(name="boto3"), ReleaseLine(name="dirac-grid"), ReleaseLine(name="dirac-grid", branch="v8.0.x"))


def said(settings: BotSettings) -> list[str]:
    return [worded(each) for each in unknown_names(settings, lines=LINES, migrations=["openssl4"])]


def test_known_names_are_not_reported() -> None:
    names = ("all", "boto3", "openssl4", "dirac-grid@v8.0.x", "dirac-grid@main")
    assert said(BotSettings(paused=names, groups=(("boto3", "dirac-grid"),))) == []


def test_unknown_names_are_reported_with_the_nearest() -> None:
    paused = "[tool.dirac-forge.bot] paused:"
    assert said(BotSettings(paused=("All", "opensl4", "zzz"), groups=(("boto3", "dirac_grid", "openssl4"),))) == [
        f"{paused} All is neither a feedstock nor a migration of this workspace (did you mean all?)",
        f"{paused} opensl4 is neither a feedstock nor a migration of this workspace (did you mean openssl4?)",
        f"{paused} zzz is neither a feedstock nor a migration of this workspace",
        "[tool.dirac-forge.bot] groups: dirac_grid is not a feedstock of this workspace (did you mean dirac-grid?)",
        "[tool.dirac-forge.bot] groups: openssl4 is not a feedstock of this workspace",
    ]
