"""Documents as the text of a YAML file."""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO

_UNBROKEN = 4096
"""Characters: no line of ours is that long."""


def yaml_text(*documents: Mapping[str, object], width: int = _UNBROKEN, indented_lists: bool = False) -> str:
    """Return the text of documents, one after the other, whose lines are broken after `width` characters."""
    from ruamel.yaml import YAML  # noqa: PLC0415  # 0.1 s that only what is written needs

    stream = StringIO()
    yaml = YAML()
    yaml.width = width
    if indented_lists:
        yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump_all(documents, stream)
    return stream.getvalue()
