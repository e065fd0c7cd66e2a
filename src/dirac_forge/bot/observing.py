"""Requests that were sent earlier: what became of them, and taking them back."""

from __future__ import annotations

from typing import Any

from dirac_forge.bot.desk import Desk
from dirac_forge.errors import UnknownError
from dirac_forge.pullrequest.destination import Place, Request
from dirac_forge.pullrequest.journal import Journal
from dirac_forge.pullrequest.records import Entry, State

__all__ = ["close", "observe", "take_back"]

_TAKEN_BACK = "retracted"


def observe(entry: Entry, desk: Desk, journal: Journal) -> Entry:
    """The entry, brought up to date with what the destination says. Raises what the destination raises."""
    _, request = _there(entry, desk)
    if request is None:
        # A person may clear the outbox; a forge forgets nothing.
        return journal.note(entry.identity, "gone", f"{entry.url} is not there any more", state="wanted", number=0)
    state, text = _state(request)
    if state == entry.state and request.number == entry.number:
        return entry
    about = {"number": request.number, "url": request.url, "head": request.branch}
    decided = {"decided": text} if state == "closed-by-person" else {}
    return journal.note(entry.identity, state, f"{request.url}: {text}", state=state, **about, **decided)


def _state(request: Request) -> tuple[State, str]:
    if request.state == "open":
        return "open", f"{request.name} is open"
    if request.state == "merged":
        return "merged", f"{request.name} is merged"
    if request.by_us:
        return "superseded", request.closed or f"{request.name} was closed by us"
    return "closed-by-person", request.closed or f"{request.name} was closed"


def close(entry: Entry, desk: Desk, journal: Journal, *, text: str) -> Entry:
    """Close a request that nobody needs any more, saying why; it may come again when it is wanted again."""
    place, request = _there(entry, desk)
    changes: dict[str, Any] = {"state": "superseded", "decided": text}
    if request is not None and request.state == "open":
        desk.destination.close(place, request, text, keep_branch=request.head_sha != entry.head_sha)
    elif request is not None and request.state == "merged":
        changes = {"state": "merged"}
    return journal.note(entry.identity, "closed", f"{entry.url}: {text}", **changes)


def take_back(entry: Entry, desk: Desk, journal: Journal, *, text: str) -> Entry:
    """Close a request as a person would: it is not opened again until what it does changes.

    Raises UnknownError where it was merged meanwhile, which can't be taken back.
    """
    place, request = _there(entry, desk)
    if request is not None and request.state == "merged":
        raise UnknownError(f"{request.name} is merged: it can't be taken back any more")
    if request is not None and request.state == "open":
        if desk.forge is None:
            desk.destination.close(place, request, text, keep_branch=False)
        else:
            # Not as one that another takes the place of: those come again.
            desk.destination.say(place, request, text, mark=_TAKEN_BACK)
            repo = desk.forge.repository(place.full_name)
            desk.forge.edit(repo, request.number, state="closed")
    return journal.note(entry.identity, "retracted", f"{entry.url}: {text}", state="retracted", decided=text)


def _there(entry: Entry, desk: Desk) -> tuple[Place, Request | None]:
    place = desk.destination.place(entry.identity)
    base = place.base(entry.identity)
    found = desk.destination.requests(place, base, entry.head, beside=False)
    mine = [request for request in found if request.number == entry.number] or list(found[:1])
    return place, mine[0] if mine else None
