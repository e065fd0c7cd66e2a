"""Licences of other projects whose code a release brings along: staged-recipes asks for each of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from dirac_forge.recipe.licences.files import is_licence
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
    inside = frozenset(installed)
    found = list(_distinct(own, texts, there))
    packaged = tuple(path for path in found if _FOLDER.fullmatch(path) or not inside.isdisjoint(_tails(path)))
    perhaps = (path for path in found if path not in packaged and not _NOT_PACKAGED.search(path))
    return OtherLicences(packaged=packaged, perhaps=tuple(perhaps))


def _distinct(own: Collection[str], texts: Mapping[str, str], members: Sequence[str]) -> Iterator[str]:
    """Yield the other licence files, of equal texts the first one, those of crates aside."""
    crates = {path.removesuffix("Cargo.toml") for path in members if path.endswith("/Cargo.toml")}
    known = {_plain(texts[path]) for path in own if path in texts} - {""}
    for path in sorted(path for path in members if _is_other(path) and path not in own):
        text = _plain(texts.get(path, ""))
        if path[: path.rfind("/") + 1] not in crates and text not in known:
            known |= {text} - {""}
            yield path


def _is_other(path: str) -> bool:
    return "/" in path and (is_licence(path) or _FOLDER.fullmatch(path) is not None)


def _plain(text: str) -> str:
    return " ".join(text.split())


def _tails(path: str) -> set[str]:
    """Return where a file of the sources may be in a wheel: at its path, or without the first folders."""
    parts = path.split("/")
    return {"/".join(parts[start:]) for start in range(min(3, len(parts) - 1))}
