"""The name table that grayskull ships, read as data: no module of grayskull is imported, nothing is downloaded."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import yaml
from packaging.utils import canonicalize_name

from dirac_forge.errors import UnknownError
from dirac_forge.files import read_text, unreadable
from dirac_forge.values import dataclass

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, kw_only=True, slots=True)
class GrayskullRow:
    """What grayskull says of a project, or None if it says nothing."""

    package: str | None
    import_name: str | None


@cache
def table() -> Mapping[str, GrayskullRow]:
    """Return the rows of the installed grayskull by normalised project.

    Raises:
        UnknownError: there are none to be read, so that it is unknown how a project is called.
    """
    spec = find_spec("grayskull")
    problem = "grayskull is not installed"
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "strategy" / "config.yaml"
        try:
            if rows := rows_from(read_text(path)):
                return rows
            problem = f"{path} has no names"
        except (OSError, UnicodeDecodeError) as error:
            problem = f"{path}: {unreadable(error)}"
        except yaml.YAMLError:
            problem = f"{path} is not YAML"
    raise UnknownError(
        f"the table of names that comes with grayskull can't be read: {problem}",
        hint="Install grayskull again, in a version that dirac-forge admits.",
    )


def rows_from(text: str) -> Mapping[str, GrayskullRow]:
    """Return the rows in `text`, a YAML mapping of project to `conda_forge` and `import_name`.

    Rows of another form are left out. Raises `yaml.YAMLError` if the text is not YAML.
    """
    document = yaml.load(text, Loader=_LOADER)  # noqa: S506  # a safe loader, the fast one where there is one
    if not isinstance(document, dict):
        return {}
    return {
        canonicalize_name(project): GrayskullRow(
            package=_string(row, "conda_forge"), import_name=_string(row, "import_name")
        )
        for project, row in document.items()
        if isinstance(project, str) and isinstance(row, dict)
    }


def _string(row: Mapping[object, object], key: str) -> str | None:
    value = row.get(key)
    return value if isinstance(value, str) and value else None
