"""Open requests of other people and other bots, and whether one of them makes the same change."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dirac_forge.pullrequest.headers import Header
from dirac_forge.pullrequest.records import Identity
from dirac_forge.values import dataclass

__all__ = ["OtherRequest", "announces", "carries"]

_VERSION_LINE = re.compile(
    r"""(?mx)^\s*(?:-\s+)?(?:\{%-?\s*set\s+version\s*=\s*|version\s*:\s*)["']?(?P<version>[0-9A-Za-z][\w.+!-]{0,99})"""
)
_WORD = re.compile(r"[0-9a-z]+")
_NUMBER = re.compile(r"(?<![\w.])v?(\d[0-9A-Za-z]*(?:\.[0-9A-Za-z]+)*)(?![\w]|\.\w)")
_BRANCH_END = re.compile(r"_h[0-9a-f]{5,}$")
_REBUILD = re.compile(r"\b(re-?build|migrat\w*|update|bump|pin)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherRequest:
    """An open request that is not ours."""

    number: int
    url: str
    author: str
    title: str
    branch: str
    head_sha: str
    header: Header | None = None
    """That of this program, run by another account."""


def announces(request: OtherRequest, identity: Identity) -> bool:
    """Whether a request says that it makes the change: by our header, or by the title and branch as bots write them.

    conda-forge's bot opens `NAME v1.2.3` from `1.2.3_h0a1b2c` and `Rebuild for NAME` from `rebuild-NAME-0-1_h0a1b2c`
    (https://github.com/regro/cf-scripts); people write `Update to 1.2.3` and the like.
    """
    if request.header is not None and request.header.identity == identity:
        return True
    if identity.kind == "bump":
        versions = {match[1].lower() for match in _NUMBER.finditer(request.title)}
        return _plain(identity.key) in versions | {_plain(_BRANCH_END.sub("", request.branch))}
    if identity.kind == "migration":
        name = _words(identity.key)
        return any(
            _REBUILD.search(text) is not None and _contains(_words(text), name)
            for text in (request.title, _BRANCH_END.sub("", request.branch))
        )
    return identity.kind == "recipe" and _contains(_words(request.title), _words(identity.feedstock))


def carries(files: Mapping[str, str], identity: Identity) -> bool:
    """Whether the files at the head of a request have the change: the version, or the migration's file."""
    if identity.kind == "migration":
        return f".ci_support/migrations/{identity.key}.yaml" in files
    texts = [text for path, text in files.items() if path in {"recipe/recipe.yaml", "recipe/meta.yaml"}]
    return identity.kind == "bump" and any(
        _plain(match["version"]) == _plain(identity.key) for text in texts for match in _VERSION_LINE.finditer(text)
    )


def _plain(version: str) -> str:
    return version.lower().removeprefix("v")


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _contains(words: list[str], name: list[str]) -> bool:
    """Whether the words of a name are next to each other in a text; `openssl4` is also `openssl 4`."""
    joined = "".join(name)
    return any(
        "".join(words[start:end]) == joined
        for start in range(len(words))
        for end in range(start + 1, min(start + len(joined), len(words)) + 1)
    )
