"""The hidden, machine-readable header of a request's body, and how long a body may be."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, fields, replace
from hashlib import sha256

from dirac_forge.pullrequest.records import Identity
from dirac_forge.untrusted import parse_json
from dirac_forge.values import dataclass

LONGEST = 65_536
"""Characters that GitHub takes as the body of a pull request, issue or comment."""
_HEADER = re.compile(r"\A\s{0,10}<!-- dirac-forge: (\{[^<>]{0,4000}\}) -->")
_SPOOFED = re.compile(r"<!--\s*dirac-forge", re.IGNORECASE)
_UNKNOWN_DIGEST = "written_________"
_FENCE = re.compile(r"(`{3,}|~{3,})")
_CUT = "\n\n_… the rest does not fit here ({} characters more)._\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """What a request is about; all of it is text."""

    feedstock: str
    branch: str
    kind: str
    key: str
    fingerprint: str
    before: str = ""
    """Digest of the files that it changes as they were: where they moved on, the request has conflicts."""
    text: str = ""
    """Digest of title and body as they were written: people may tick boxes without us undoing it."""
    rerender: str = ""
    """`ask`: conda-forge's service is to rerender; `done`: a commit of ours did."""
    version: str = ""
    """Of this program."""
    title: str = ""
    """The title as we wrote it: one that a person changed is theirs."""
    batch: str = ""
    """The run that opened it: `bot retract` finds it by this where the ledger was lost."""
    written: str = ""
    """Digest of what follows the header as we wrote it: a body that a person changed is theirs."""

    @property
    def identity(self) -> Identity:
        """Which change it is about."""
        return Identity(feedstock=self.feedstock, branch=self.branch, kind=self.kind, key=self.key)


def text_digest(title: str, body: str) -> str:
    """Return 16 hexadecimal digits that tell one text of a request from another."""
    return sha256(f"{title}\0{body}".encode(errors="replace")).hexdigest()[:16]


def with_header(body: str, header: Header, *, end: str = "") -> str:
    """Return the body with its header in front and `end` behind.

    The body is cut if that is too long, and nothing in it can pass for a header.
    """
    # JSON's own escapes keep the end of a comment out of what stands in it.
    told = json.dumps(asdict(replace(header, written=_UNKNOWN_DIGEST)), sort_keys=True)
    for mark, instead in (("<", "\\u003c"), (">", "\\u003e"), ("--", "-\\u002d")):
        told = told.replace(mark, instead)
    line = f"<!-- dirac-forge: {told} -->\n"
    end = end[: LONGEST // 4]
    rest = _fitting(_SPOOFED.sub("<!-- (foreign) dirac-forge", body), LONGEST - len(line) - len(end)) + end
    return line.replace(_UNKNOWN_DIGEST, _digest(rest), 1) + rest


def changed_by_people(body: str) -> str | None:
    """Return what follows the header of a body where a person changed it, or None if it is as we wrote it."""
    found = _HEADER.match(body)
    header = read_header(body)
    if found is None or header is None or not header.written:
        return None
    rest = body[found.end() :].removeprefix("\r\n").removeprefix("\n")
    return None if _digest(rest) == header.written else rest


def _digest(text: str) -> str:
    # GitHub gives line ends back as it likes.
    return sha256(text.replace("\r\n", "\n").strip().encode(errors="replace")).hexdigest()[:16]


def read_header(body: str) -> Header | None:
    """Return the header that a body begins with, or None if it has none, or one that can't be read."""
    found = _HEADER.match(body)
    if found is None:
        return None
    try:
        known = parse_json(found[1])
    except (ValueError, RecursionError):
        return None
    wanted = {field.name for field in fields(Header)}
    values = {name: value for name, value in known.items() if name in wanted and isinstance(value, str)}
    if not {"feedstock", "branch", "kind", "key", "fingerprint"} <= values.keys():
        return None
    return Header(**values)


def _fitting(body: str, room: int) -> str:
    if len(body) <= room:
        return body
    kept = body[: room - 300]
    kept = kept[: kept.rfind("\n") + 1] or kept
    end = ""
    if fence := _open_fence(kept):
        end = f"\n{fence}"
    folded = max(0, kept.count("<details") - kept.count("</details>"))
    return kept + end + "\n</details>" * min(folded, 5) + _CUT.format(len(body) - len(kept))


def _open_fence(text: str) -> str:
    fence = ""
    for line in text.splitlines():
        found = _FENCE.match(line)
        if found is None:
            continue
        if not fence:
            fence = found[1]
        elif found[1][0] == fence[0] and len(found[1]) >= len(fence) and line.strip() == found[1]:
            fence = ""
    return fence if len(fence) <= 100 else ""
