"""The part of a changelog that a bump is about: what upstream wrote between the two versions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from packaging.version import Version

from dirac_forge.untrusted import parse_version
from dirac_forge.upstream.files.changelogs import is_changelog
from dirac_forge.values import dataclass

_VERSION = re.compile(r"(?<![\w.])v?(\d+(?:\.\d+)+[0-9A-Za-z.+-]*?)(?=[\s,:)\]}*`_]|$)", re.IGNORECASE)
_MARKDOWN = re.compile(r"\s{0,3}#{1,5}\s+\S")
_UNDERLINE = re.compile(r"(?P<sign>[=\-~^*+#\"'`])(?P=sign){2,}\s*")
_PLAIN = re.compile(r"(?:version|release)?\s*v?\d+(?:\.\d+)+\S*(?:\s*[-(:].*)?\s*", re.IGNORECASE)
"""A line such as `1.2.3 (2026-01-05)` or `Version 1.2.3: …`."""
_LARGEST = 600_000
_MOST_LINES = 60
_MOST_CHARACTERS = 5_000
_LONGEST_LINE = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Changelog:
    """Upstream's notes on the versions of a bump."""

    lines: tuple[str, ...]
    """Foreign text, shortened."""
    source: str
    """Where it is from: a file of the sdist, or the URL of a release."""
    shortened: bool = False


def changelog_in(texts: Mapping[str, str], *, old: str, new: str) -> Changelog | None:
    """Return the changes between two versions from the changelogs among `texts` (path to text); None for none."""
    for path in sorted(filter(is_changelog, texts), key=lambda path: (path.count("/"), path.lower())):
        found = changes_between(texts[path], old=old, new=new)
        if found:
            return shortened(found, source=path)
    return None


def changes_between(text: str, *, old: str, new: str) -> str:
    """Return the sections of a changelog for the versions after `old` up to `new`; "" if there are none."""
    first, last = parse_version(old), parse_version(new)
    if first is None or last is None:
        return ""
    lines = text[:_LARGEST].splitlines()
    headings = list(_headings(lines))
    kept: list[str] = []
    ends = [*(start for start, _ in headings), len(lines)][1:]
    for (start, version), end in zip(headings, ends, strict=True):
        if first < version <= last:
            kept += lines[start:end]
    return "\n".join(kept).strip()


def _headings(lines: list[str]) -> Iterator[tuple[int, Version]]:
    """Yield the lines that are headings of a version, and the version."""
    for number, line in enumerate(lines):
        below = lines[number + 1] if number + 1 < len(lines) else ""
        is_heading = (
            _MARKDOWN.match(line) is not None
            or (_UNDERLINE.fullmatch(below) is not None and len(line.strip()) <= 2 * len(below.strip()))
            or _PLAIN.fullmatch(line) is not None
        )
        found = _VERSION.search(line[:200]) if is_heading else None
        version = parse_version(found[1]) if found is not None else None
        if version is not None:
            yield number, version


def shortened(text: str, *, source: str) -> Changelog:
    """Return a text as a changelog: without runs of empty lines, and cut where it is long."""
    kept: list[str] = []
    size = 0
    lines = text.splitlines()
    for line in lines:
        stripped = line.rstrip()[:_LONGEST_LINE]
        if not stripped and (not kept or not kept[-1]):
            continue
        size += len(stripped) + 1
        if len(kept) >= _MOST_LINES or size > _MOST_CHARACTERS:
            return Changelog(lines=tuple(kept), source=source, shortened=True)
        kept.append(stripped)
    return Changelog(lines=tuple(kept), source=source)
