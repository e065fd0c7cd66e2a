"""Open requests of other people and other bots, and whether one of them makes the same change."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dirac_forge.pullrequest.headers import Header
from dirac_forge.pullrequest.records import Identity
from dirac_forge.values import dataclass

_VERSION_LINE = re.compile(
    r"(?m)^[ \t]*(?:-\s+)?(?:\{%-?\s*set\s+version\s*=\s*|version\s*:\s*)"
    r"""["']?(?P<version>[0-9A-Za-z][\w.+!-]{0,99})"""
)
_WORD = re.compile(r"[0-9a-z]+")
_BUMP_TITLE = re.compile(r"(?:\[[^\]]{1,40}\]\s*)*(?P<name>\S{1,200})\s+v?(?P<version>\S{1,100})\s*")
_BUMP_BRANCH = re.compile(r"v?(?P<version>\S{1,100})_h[0-9a-f]{5,}")
_REBUILD_TITLE = re.compile(r"(?i)(?:\[[^\]]{1,40}\]\s*)*re-?build\s+for\s+(?P<name>.{1,200})")
_REBUILD_BRANCH = re.compile(r"(?i)rebuild-(?P<name>.{1,200}?)(?:-\d+-\d+)?_h[0-9a-f]{5,}")


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
    (https://github.com/regro/cf-scripts). What people write tells nothing: `Add numpy 1.2.3`, `Do not use 1.2.3`.
    """
    if request.header is not None and request.header.identity == identity:
        return True
    if identity.kind == "bump":
        return _plain(identity.key) in _announced_versions(request, identity.feedstock)
    if identity.kind == "migration":
        found = (_REBUILD_TITLE.match(request.title), _REBUILD_BRANCH.fullmatch(request.branch))
        return any(match is not None and _contains(_words(match["name"]), _words(identity.key)) for match in found)
    return identity.kind == "recipe" and _contains(_words(request.title), _words(identity.feedstock))


def _announced_versions(request: OtherRequest, feedstock: str) -> set[str]:
    """Return the versions that a request names as a bot does, in its title and branch."""
    title, branch = _BUMP_TITLE.fullmatch(request.title), _BUMP_BRANCH.fullmatch(request.branch)
    versions = {_plain(branch["version"])} if branch is not None else set()
    if title is not None and title["name"].lower() == feedstock.lower():
        versions.add(_plain(title["version"]))
    return versions


def carries(files: Mapping[str, str], identity: Identity, base: Mapping[str, str]) -> bool:
    """Whether the files at the head of a request have the version or the migration's file, and its base does not."""
    if identity.kind == "migration":
        path = f".ci_support/migrations/{identity.key}.yaml"
        return path in files and path not in base
    return identity.kind == "bump" and _mentions(files, identity.key) > _mentions(base, identity.key)


def _mentions(files: Mapping[str, str], version: str) -> int:
    """Return how many lines of a recipe set a version."""
    texts = [text for path, text in files.items() if path in {"recipe/recipe.yaml", "recipe/meta.yaml"}]
    found = (match["version"] for text in texts for match in _VERSION_LINE.finditer(text))
    return sum(_plain(each) == _plain(version) for each in found)


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
