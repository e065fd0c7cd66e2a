"""Names in the settings of the bot that the workspace does not have: they pause nothing, and join no group."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator

from dirac_forge.bot.release_lines import ReleaseLine
from dirac_forge.proposals.hold_reasons import UnknownSettingName
from dirac_forge.settings import BotSettings


def unknown_names(
    bot: BotSettings, *, lines: Iterable[ReleaseLine], migrations: Collection[str]
) -> Iterator[UnknownSettingName]:
    """Yield each unknown name in the settings once, in their order.

    Args:
        bot: the settings.
        lines: the release lines of all feedstocks that the settings or the workspace know.
        migrations: the names of the workspace's migrations.
    """
    lines = tuple(lines)
    feedstocks = {line.name for line in lines}
    pausable = {"all", *migrations, *feedstocks, *(f"{line.name}@{line.branch or 'main'}" for line in lines)}
    for name in dict.fromkeys(bot.paused):
        if name not in pausable:
            yield UnknownSettingName(key="paused", name=name, near=_near(name, pausable))
    for name in dict.fromkeys(name for group in bot.groups for name in group):
        if name not in feedstocks:
            yield UnknownSettingName(key="groups", name=name, near=_near(name, feedstocks))


def _near(name: str, known: Iterable[str]) -> str:
    by_lower = {each.lower(): each for each in sorted(known)}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[near[0]] if near else ""
