"""Releases that wait until they are older, beside the older ones that are proposed meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from dirac_forge.bot.budget import Held
from dirac_forge.bot.dashboard import DashboardRequests
from dirac_forge.bot.proposed import RunDecision
from dirac_forge.bump.cooldown import Cooldown, ReleaseKey
from dirac_forge.proposals.outcome_reasons import IgnoredVersion
from dirac_forge.pullrequest.journal import Journal
from dirac_forge.pullrequest.records import Identity, LedgerEntry
from dirac_forge.report.bot_words import worded
from dirac_forge.settings import BotSettings

_UNDER_WAY = frozenset({"prepared", "theirs", "pushed", "open"})
_UNWANTED = frozenset({"closed-by-person", "retracted"})


def cooldown_of(
    settings: BotSettings, entries: Iterable[LedgerEntry], asked: DashboardRequests, *, now: datetime
) -> Cooldown:
    """Return how old releases must be; not those with a request, and those that people ask for on the dashboard."""
    bumps = {_key(each.identity): each for each in entries if each.identity.kind == "bump"}
    return Cooldown(
        span=settings.cooldown,
        now=now,
        seen={key: each.updated for key, each in bumps.items() if each.state == "wanted" and each.updated is not None},
        exempt={
            *(key for key, each in bumps.items() if each.state in _UNDER_WAY),
            *(_key(identity) for identity in asked.now | asked.again if identity.kind == "bump"),
        },
    )


def young_held(decisions: Iterable[RunDecision], journal: Journal, ignored: Collection[Identity]) -> Iterator[Held]:
    """Yield the newest version of each decision that waits, and note when one without a date was seen first."""
    for decision in decisions:
        young = decision.young
        if young is None:
            continue
        identity = Identity(feedstock=decision.feedstock, branch=decision.branch, kind="bump", key=young.version)
        known = journal.ledger.entry(identity)
        if identity in ignored:
            text = worded(IgnoredVersion())
            journal.note(identity, "ignored", text, state="retracted", decided=text)
        elif known is None or known.state not in _UNWANTED:
            if known is None and not young.reason.released:
                journal.note(identity, "seen", "", state="wanted")
            yield Held(identity=identity, reason=young.reason)


def _key(identity: Identity) -> ReleaseKey:
    return (identity.feedstock, identity.branch, identity.key)
