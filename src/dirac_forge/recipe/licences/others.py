"""Licences of other projects whose code a release brings along: staged-recipes asks for each of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from dirac_forge.recipe.licences.decision import is_licence
from dirac_forge.values import dataclass

_NOT_PACKAGED: Final = re.compile(
    r"(?i)(?:^|/)(?:\.[^/]+|node_modules|tests?|testing|docs?|documentation|examples?|samples?|demos?|benchmarks?|"
    r"bench|fuzz|[^/]*\.egg-info|[^/]*\.dist-info)/"
)
_FOLDER: Final = re.compile(r"(?i)licen[cs]es/(?!readme)[^/]+\.(?:txt|rst|md)")
"""A file in a folder of licences at the top."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherLicences:
    """Licence files beside the project's own."""

    packaged: tuple[str, ...]
    """Those of what is installed, and of the project's own folder of licences."""
    perhaps: tuple[str, ...]
    """Those of code that may be compiled in, or not be used at all."""


def other_licences(
    own: Collection[str], texts: Mapping[str, str], members: Iterable[str], installed: Iterable[str]
) -> OtherLicences:
    """Return the licence files of the sdist's `members` beside the `own` ones, one for each text.

    Crates have theirs in the list that cargo-bundle-licenses writes. `installed` are the files of the wheel.
    """
    there = tuple(members)
    crates = {path.removesuffix("Cargo.toml") for path in there if path.endswith("/Cargo.toml")}
    known = {_plain(texts[path]) for path in own if path in texts}
    inside = frozenset(installed)
    packaged: list[str] = []
    perhaps: list[str] = []
    for path in sorted(there):
        folder = path[: path.rfind("/") + 1]
        if path in own or not folder or folder in crates or not _is_other(path):
            continue
        text = _plain(texts.get(path, ""))
        if text in known:
            continue
        if _FOLDER.fullmatch(path) or not inside.isdisjoint(_tails(path)):
            packaged.append(path)
        elif not _NOT_PACKAGED.search(path):
            perhaps.append(path)
        known.update([text] if text else [])
    return OtherLicences(packaged=tuple(packaged), perhaps=tuple(perhaps))


def _is_other(path: str) -> bool:
    return is_licence(path) or _FOLDER.fullmatch(path) is not None


def _plain(text: str) -> str:
    return " ".join(text.split())


def _tails(path: str) -> set[str]:
    """Return where a file of the sources may be in a wheel: at its path, or without the first folders."""
    parts = path.split("/")
    return {"/".join(parts[start:]) for start in range(min(3, len(parts) - 1))}
