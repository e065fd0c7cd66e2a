"""What constructor would add or refuse, in words."""

from __future__ import annotations

from collections.abc import Mapping

from dirac_forge.distribution.installer_rules import InstallerObjection, ObjectionKind
from dirac_forge.report.document import listed

_WORDS: Mapping[ObjectionKind, str] = {
    "adds-python": "constructor adds python to the base environment, which is not in this solution: add it to specs",
    "needs-conda": "constructor refuses extra_envs without conda in the base environment: add it to specs",
    "nothing-to-exclude": "constructor refuses to exclude {package}, which is not in the solution: remove it from "
    "exclude",
}


def objection_words(objection: InstallerObjection) -> str:
    """Return a sentence: where, what constructor does, and what to do about it."""
    return f"{listed(objection.platforms)}: {_WORDS[objection.kind].format(package=objection.package)}"
