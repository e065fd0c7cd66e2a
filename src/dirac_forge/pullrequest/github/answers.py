"""GitHub's answers: its JSON, its pages, and the error that a refusal is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from dirac_forge.errors import redact
from dirac_forge.http import Answer, UnreachableError
from dirac_forge.pullrequest.refusals import (
    ArchivedError,
    ConflictError,
    CredentialsError,
    ForbiddenError,
    ForgeRefusedError,
    NotOnForgeError,
    Problem,
    RestrictedError,
    ValidationError,
)
from dirac_forge.pullrequest.tokens import SOURCES
from dirac_forge.untrusted import parse_json

_LONGEST = 300
"""Characters of GitHub's own words that are shown."""
_NEXT = re.compile(r'<([^<>]*)>\s*;[^,]*\brel="?next"?')
_KINDS: Mapping[int, type[ForgeRefusedError]] = {
    401: CredentialsError,
    403: ForbiddenError,
    404: NotOnForgeError,
    409: ConflictError,
    410: NotOnForgeError,
    422: ValidationError,
}


_PROBLEMS: tuple[tuple[str, Problem], ...] = (
    ("archived", "archived"),
    ("already exists", "exists"),
    ("label does not exist", "no-label"),
    ("does not exist", "gone"),
    ("no commits between", "no-commits"),
    ("not accessible by integration", "integration"),
    ("is locked", "locked"),
    ("interactions on this repository have been restricted", "restricted"),
    ("forking is disabled", "restricted"),
    ("user is blocked", "restricted"),
)
"""GitHub has no codes for these, only words."""
_FORBIDDEN: Mapping[Problem, type[ForgeRefusedError]] = {
    "archived": ArchivedError,
    "locked": RestrictedError,
    "restricted": RestrictedError,
}


class NonsenseError(UnreachableError):
    """An answer that is not what GitHub's description promises: a proxy's page, or a broken one."""


def parsed(answer: Answer) -> Any:
    """Return the JSON of an answer, or None if it has no body. Raises NonsenseError."""
    if not answer.body:
        return None
    try:
        return parse_json(answer.body)
    except (ValueError, RecursionError):
        raise NonsenseError(
            f"{redact(answer.url)}: GitHub answers {answer.status} with invalid JSON", hint="Try again later."
        ) from None


def next_page(answer: Answer) -> str | None:
    """Return the URL of the page after this one (RFC 8288); None on the last one."""
    found = _NEXT.search(answer.headers.get("link", ""))
    return found[1] if found else None


def said(answer: Answer) -> str:
    """Return what GitHub says of a refusal, in one printable line."""
    content = _body(answer)
    texts = [str(content.get("message", ""))]
    texts += [text for each in problems(answer) if (text := _problem(each)) and text not in texts]
    return _printable(": ".join((texts[0], "; ".join(texts[1:]))) if len(texts) > 1 else texts[0])


def problems(answer: Answer) -> list[dict[str, Any]]:
    """Return the `errors` of a 422, each with `resource`, `field`, `code` and `message` where it has them."""
    errors = _body(answer).get("errors")
    if not isinstance(errors, list):
        return []
    return [each if isinstance(each, dict) else {"message": str(each)} for each in errors[:10]]


def refusal(answer: Answer, about: str, *, hide: Callable[[str], str] = str) -> ForgeRefusedError:
    """Return the error for an answer of 3xx or 4xx; `about` is what was asked, `hide` takes secrets out of a text."""
    status, words = answer.status, hide(said(answer))
    message = _message(status, words, about)
    problem: Problem = next((problem for known, problem in _PROBLEMS if known in words.lower()), "")
    kind = _FORBIDDEN.get(problem, ForbiddenError) if status == 403 else _KINDS.get(status, ForgeRefusedError)
    fields = tuple(str(each["field"]) for each in problems(answer) if each.get("field"))
    return kind(message, hint=_hint(answer, kind), status=status, said=words, fields=fields, problem=problem)


def failure(answer: Answer, about: str, *, hide: Callable[[str], str] = str) -> UnreachableError:
    """Return the error for an answer of 5xx: GitHub is out of order."""
    message = _message(answer.status, hide(said(answer)), about)
    return UnreachableError(message, hint="Try again later; https://www.githubstatus.com says more.")


def _message(status: int, words: str, about: str) -> str:
    return f"{redact(about)}: GitHub says {status}{f' ({words})' if words else ''}"


def _hint(answer: Answer, kind: type[ForgeRefusedError]) -> str | None:
    headers = answer.headers
    if kind is CredentialsError:
        return f"The token is wrong, expired or revoked. It is taken from {SOURCES}."
    if kind is NotOnForgeError:
        return "It does not exist, or the token can't see it."
    if kind is ArchivedError:
        return "An archived repository takes no changes."
    if answer.status < 400:
        return "It was moved, probably renamed: look up the repository again."
    if kind is RestrictedError:
        return "The repository's settings say so; its maintainers can change that."
    if kind is not ForbiddenError:
        return None
    if headers.get("x-github-sso", "").startswith("required"):
        return "The organisation requires single sign-on: authorise the token at https://github.com/settings/tokens."
    needed = headers.get("x-accepted-github-permissions") or headers.get("x-accepted-oauth-scopes")
    if needed:
        return f"The token lacks a permission; this needs: {_printable(needed)}."
    return "The token is not allowed to do this: check its permissions, and its owner's on that repository."


def _body(answer: Answer) -> dict[str, Any]:
    try:
        content = parsed(answer)
    except NonsenseError:
        return {}
    return content if isinstance(content, dict) else {}


def _problem(each: Mapping[str, Any]) -> str:
    if each.get("message"):
        return str(each["message"])
    return " ".join(str(each[key]) for key in ("resource", "field", "code") if each.get(key))


def _printable(text: str) -> str:
    flat = "".join(" " if unicodedata.category(each).startswith(("C", "Z")) else each for each in text)
    short = " ".join(flat.split())
    return redact(short if len(short) <= _LONGEST else f"{short[:_LONGEST]}…")
