"""What a person asked a run of the bot to do."""

from __future__ import annotations

from pathlib import Path

from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class RunRequest:
    """What a person asked a run to do."""

    feedstocks: tuple[str, ...] = ()
    pr: bool = False
    canary: int = 0
    recipes: bool = False
    outbox: Path | None = None
    ledger: Path | None = None
    summary: Path | None = None
    log: Path | None = None
    watch: bool = False
    """Whether the step that observes also writes down what GitHub has now."""
