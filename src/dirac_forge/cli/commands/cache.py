"""Usage of `dirac-forge cache`."""

from __future__ import annotations

from typing import Annotated

import typer

from dirac_forge.cli.context import Context
from dirac_forge.cli.running import CommandGroup
from dirac_forge.cli.usage import examples

__all__ = ["cache"]

cache = CommandGroup()


@cache.command("size", "Show how much the cache holds.")
@examples("dirac-forge cache size", "dirac-forge cache size --json")
def size(context: Context) -> int:
    """Show how many entries of each kind the cache holds, and how large they are.

    A command that ends removes what was not used for longest, once a day, where there is more than `cache-limit`.
    """
    from dirac_forge.cli.cache import size as run

    return run(context)


@cache.command("prune", "Remove what was not used for longest.")
@examples("dirac-forge cache prune", "dirac-forge cache prune --to 500")
def prune(
    context: Context,
    to: Annotated[
        int | None,
        typer.Option(metavar="MB", min=0, max=10_000_000, help="Leave at most this much.", show_default="cache-limit"),
    ] = None,
) -> int:
    """Remove the entries that were not used for longest, until the rest is within the limit.

    What was used within the last hour stays. Other processes may use the cache meanwhile.
    """
    from dirac_forge.cli.cache import prune_to as run

    return run(context, to)


@cache.command("clear", "Remove everything from the cache.")
@examples("dirac-forge cache clear")
def clear(context: Context) -> int:
    """Remove everything that the cache holds. It is fetched or made again when it is needed.

    A file in the cache's folder that is no entry of the cache stays.
    """
    from dirac_forge.cli.cache import clear as run

    return run(context)
