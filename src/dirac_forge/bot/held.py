"""The changes that a run holds back, in its log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from dirac_forge.bot.budget import Held
from dirac_forge.bot.log import RunLog
from dirac_forge.pullrequest.records import Identity
from dirac_forge.report.bot_words import worded


@dataclass(kw_only=True)
class HeldChanges:
    """The changes that one run holds back so far."""

    log: RunLog
    changes: list[Held] = field(default_factory=list)

    def hold(self, held: Iterable[Held]) -> None:
        """Hold changes back; an event is noted where that is news."""
        for one in held:
            self.changes.append(one)
            said = worded(one.reason)
            if self._news(one.identity, said):
                self.log.note("held", said, about=one.identity)
            else:
                self.log.say("held", said, about=one.identity)

    def _news(self, identity: Identity, said: str) -> bool:
        """Whether something else happened to the change since it was held back for the same reason."""
        events = self.log.journal.ledger.events(feedstock=identity.feedstock, last=50)
        about = (identity.branch, identity.kind, identity.key)
        mine = [one for one in events if (one.branch, one.kind, one.key) == about]
        return not mine or (mine[-1].step, mine[-1].text) != ("held", said)
