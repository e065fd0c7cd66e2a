"""Packages that a file excludes although others need them, in words."""

from __future__ import annotations

from dirac_forge.check.removed_packages import MissingDependency
from dirac_forge.report.document import listed


def missing_words(missing: MissingDependency) -> str:
    """Return what is excluded, and what needs it where."""
    need = "needs" if len(missing.needed_by) == 1 else "need"
    return f"`exclude` removes {missing.name}, which {listed(missing.needed_by)} {need} on {listed(missing.platforms)}"
