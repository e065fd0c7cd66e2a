"""The file of a workspace's ledger."""

from __future__ import annotations

from pathlib import Path

from dirac_forge.errors import StorageError
from dirac_forge.proposals.context import ProposalContext
from dirac_forge.pullrequest.ledger import Ledger
from dirac_forge.settings import Settings

_STATE = ".dirac-forge"


def ledger_path(settings: Settings) -> Path:
    """Return the path of the ledger: that of the settings, else `.dirac-forge/ledger.sqlite` of the workspace."""
    return settings.bot.ledger or settings.workspace / _STATE / "ledger.sqlite"


def open_ledger(world: ProposalContext, path: Path | None = None) -> Ledger:
    """Open the ledger, or create it; its folder in the workspace has a .gitignore. Raises StorageError."""
    path = path or ledger_path(world.settings)
    if path.parent == world.settings.workspace / _STATE:
        ignore = path.parent / ".gitignore"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not ignore.exists():
                ignore.write_text("*\n", encoding="utf-8")
        except OSError as error:
            raise StorageError(
                f"{path.parent} can't be written ({error.strerror}): the bot keeps its ledger there",
                hint="Name another file with --ledger, or `ledger` in [tool.dirac-forge.bot].",
            ) from error
    return Ledger.open(path, warned=world.observer.warned)
