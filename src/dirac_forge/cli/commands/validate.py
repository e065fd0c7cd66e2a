"""Usage of `dirac-forge validate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dirac_forge.cli.context import Context
from dirac_forge.cli.usage import checks_settings, examples


@checks_settings
@examples(
    "dirac-forge validate feedstocks/dirac-grid/recipe/recipe.yaml pyproject.toml",
    "dirac-forge validate migrations/openssl4.yaml",
)
def validate(
    context: Context,
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            help="recipe.yaml, meta.yaml, conda-forge.yml, pyproject.toml, migrations, or folders that have some.",
        ),
    ],
) -> int:
    """Read files as the other commands do, and report every mistake with file, line and key.

    The kind of a file is known by its name; any other YAML file is read as a migration. The exit code is 1 if there are
    mistakes. Folders are searched to the bottom, but for hidden ones, build_artifacts/, and a workspace's build/ and
    outbox/; of a recipe.yaml and a meta.yaml side by side, both are read, and the one that is not built is named. With
    --pinning, a name that nothing defines is a mistake; without, it is left to the pinning. Mistakes in the settings of
    the workspace are reported too. The pre-commit hooks of dirac-forge run this command.
    """
    from dirac_forge.cli.validate import validate as run

    return run(context, files)
