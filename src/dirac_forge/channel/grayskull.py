"""The name table that grayskull ships, read as data: no module of grayskull is imported, nothing is downloaded."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import yaml
from packaging.utils import canonicalize_name

from dirac_forge.values import dataclass

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, kw_only=True, slots=True)
class GrayskullRow:
    """What grayskull says of a project, or None if it says nothing."""

    package: str | None
    import_name: str | None


@cache
def table() -> Mapping[str, GrayskullRow]:
    """Return the rows of the installed grayskull by normalised project; none if it or its table is not found."""
    spec = find_spec("grayskull")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        try:
            return rows_from((Path(folder) / "strategy" / "config.yaml").read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            continue
    return {}


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
