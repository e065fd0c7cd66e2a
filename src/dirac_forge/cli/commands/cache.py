"""Usage of `dirac-forge cache`."""

from __future__ import annotations

from typing import Annotated

import typer

from dirac_forge.cli.context import Context
from dirac_forge.cli.running import CommandGroup
from dirac_forge.cli.usage import examples

cache = CommandGroup()


@cache.command("size", "Show the size of the cache.")
@examples("dirac-forge cache size", "dirac-forge cache size --json")
def size(context: Context) -> int:
    """Show the number and size of cache entries of each kind.

    Once a day, commands remove the least recently used entries if the cache is larger than the `cache-limit` setting.
    """
    from dirac_forge.cli.cache import size as run

    return run(context)


@cache.command("prune", "Remove the least recently used entries.")
@examples("dirac-forge cache prune", "dirac-forge cache prune --to 500")
def prune(
    context: Context,
    to: Annotated[
        int | None,
        typer.Option(
            metavar="MB", min=0, max=10_000_000, help="Keep at most MB megabytes.", show_default="cache-limit"
        ),
    ] = None,
) -> int:
    """Remove the least recently used entries until the cache is within the limit.

    Entries used within the last hour are kept. Other processes can use the cache meanwhile.
    """
    from dirac_forge.cli.cache import prune_to as run

    return run(context, to)


@cache.command("clear", "Remove everything from the cache.")
@examples("dirac-forge cache clear")
def clear(context: Context) -> int:
    """Remove all entries from the cache. They are fetched or computed again when needed.

    Other files in the cache folder are kept.
    """
    from dirac_forge.cli.cache import clear as run

    return run(context)
