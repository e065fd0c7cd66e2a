"""Usage of `dirac-forge doctor`."""

from __future__ import annotations

from dirac_forge.cli.context import Context
from dirac_forge.cli.usage import examples


@examples("dirac-forge doctor", "dirac-forge doctor --json")
def doctor(context: Context) -> int:
    """Check Python, git, conda-smithy, GitHub credentials, channels, the index, the cache and the bot's records.

    For everything that is missing, the consequence and the remedy are shown. Nothing is installed or changed. The exit
    code is 1 if something required is missing: Python, git, the index or a channel. A host that does not answer is
    `unknown`, which gives 3.
    """
    from dirac_forge.cli.doctor import doctor as run

    return run(context)
