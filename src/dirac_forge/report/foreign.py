"""Foreign text (from upstream, an index or a stranger) in Markdown: shown as it is, and without any effect."""

from __future__ import annotations

import re
from urllib.parse import quote

from dirac_forge.errors import redact
from dirac_forge.untrusted import one_line as plain
from dirac_forge.untrusted import split_url, visible

__all__ = ["code", "escaped", "fenced", "link", "plain", "quiet", "visible"]

_LONGEST = 2_000
_BREAK = "\u200b"  # a space without width: shows nothing, and ends a mention or a reference
_MARKUP = re.compile(r"([\\`*_\[\]|~$])")
_START = re.compile(r"^(\d+(?=[.)](?:\s|$))|(?=[#+=-]))")
# https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
_MENTION = re.compile(r"@(?=\w)")
_REFERENCE = re.compile(r"#(?=\d)|\b(?<=GH)-(?=\d)", re.IGNORECASE)
_SAFE = "!#$%&'*+,/:;=?@~[]-._"  # what stays as it is in a URL; the rest could end a link or a table's cell
# https://docs.github.com/en/actions/how-tos/manage-workflow-runs/skip-workflow-runs; Azure: ***NO_CI***
_SKIPPED = re.compile(r"\[(skip ci|ci skip|no ci|skip actions|actions skip)\]", re.IGNORECASE)
_LINK = re.compile(
    r"(?<![\w.-])(?:www\.)?github\.com(?=/[\w.-]+/[\w.-]+/(?:issues|pull|discussions|commit)/)", re.IGNORECASE
)


def escaped(text: str, *, longest: int = _LONGEST) -> str:
    """Return foreign text for a line of Markdown, without markup, HTML, mentions and references to issues.

    Links to GitHub's issues go through its redirecting host, so that they leave no back-reference.
    """
    line = plain(text, longest=longest).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = _MARKUP.sub(r"\\\1", _unreferring(_LINK.sub("redirect.github.com", line)))
    return _START.sub(r"\1\\", line)


def quiet(text: str, *, longest: int = _LONGEST) -> str:
    """Return one line for a title or a commit message, without mentions, references and words that skip checks.

    An address of an issue would close it, where the right word precedes it.
    """
    line = _LINK.sub("redirect.github.com", plain(text, longest=longest))
    return _unreferring(_SKIPPED.sub(lambda found: found.group().replace(" ", "-"), line))


def _unreferring(line: str) -> str:
    line = _REFERENCE.sub(lambda found: f"{found.group()}{_BREAK}", line)
    return _MENTION.sub(f"@{_BREAK}", line)


def link(text: str, url: str, *, own: bool = False) -> str:
    """Return foreign text as a link to a foreign URL, or the text alone where the URL is not http or https.

    Links to GitHub's issues and requests do not show up there, but for our `own`.
    """
    words = escaped(text)
    parts = split_url(plain(redact(url)))
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        return words
    place = quote(parts.geturl(), safe=_SAFE)
    place = (place if own else _LINK.sub("redirect.github.com", place)).replace("@", "%40")
    if place == text:
        return f"<{place}>"
    return f"[{words}](<{place.replace('&', '&amp;')}>)"


def code(text: str, *, longest: int = _LONGEST) -> str:
    """Return foreign text as a code span, which no run of backticks in it ends early.

    A mention is broken up here too: conda-forge's services look for theirs in the raw text.
    """
    line = _MENTION.sub(f"@{_BREAK}", plain(text, longest=longest))
    fence = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    pad = " " if not line or line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def fenced(text: str, language: str = "", *, longest: int = 20_000) -> str:
    """Return foreign lines (a diff, a log) as a code block; cut beyond `longest`, with a note."""
    kept = visible(text[:longest], but="\n\t").rstrip("\n")
    kept = _MENTION.sub(f"@{_BREAK}", kept)
    if len(text) > longest:
        kept = f"{kept}\n… ({len(text) - longest} more characters)"
    fence = "`" * max(3, max((len(run) for run in re.findall("`+", kept)), default=0) + 1)
    return f"{fence}{language}\n{kept}\n{fence}"
