"""An Atom feed of what changed (RFC 4287)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from dirac_forge.report.site.links import slug
from dirac_forge.report.site.rendering import fragment
from dirac_forge.report.site.words import change_words
from dirac_forge.values import dataclass

_MOST = 60
_NAMESPACE = uuid.UUID("6a1f3f2e-0d0c-5a57-9a55-5d6d2f2a7c11")
"""Of the ids of entries; made for this feed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedEntry:
    """Changes of one run to one target or migration."""

    id: str
    title: str
    link: str
    time: str
    lines: tuple[str, ...]


def feed(history: Mapping[str, Any], index: Mapping[str, Any], *, url: str) -> str:
    """Return the feed; links are relative to `url` where the site has a public address."""
    base = f"{url.rstrip('/')}/" if url else ""
    entries = _entries(history["changes"], index["workspace"], base)
    return fragment(
        "feed.xml",
        id=uuid.uuid5(_NAMESPACE, base or index["workspace"]).urn,
        base=base,
        index=index,
        entries=entries[:_MOST],
    )


def _entries(changes: list[Mapping[str, Any]], workspace: str, base: str) -> list[FeedEntry]:
    found = []
    newest_first = sorted(changes, key=lambda each: (each["time"], _subject(each)), reverse=True)
    for (time, subject), some in groupby(newest_first, key=lambda each: (each["time"], _subject(each))):
        mine = list(some)
        lines = tuple(change_words(each) for each in mine)
        title = lines[0] if len(lines) == 1 else f"{subject[1]}: {len(lines)} changes"
        place = "targets" if subject[0] == "target" else "migrations"
        found.append(
            FeedEntry(
                id=uuid.uuid5(_NAMESPACE, f"{base or workspace} {time} {subject}").urn,
                title=title,
                link=f"{base}{place}/{slug(subject[1])}.html",
                time=time,
                lines=lines,
            )
        )
    return found


def _subject(change: Mapping[str, Any]) -> tuple[str, str]:
    return ("target", change["target"]) if "target" in change else ("migration", change["migration"])
