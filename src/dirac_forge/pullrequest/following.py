"""Changes after they were sent: observe, withdraw, or relearn them from the forge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dirac_forge.pullrequest.branches import branch_name
from dirac_forge.pullrequest.delivery_state import UNFINISHED
from dirac_forge.pullrequest.destination import WITHDRAWN, Closing, Destination, RepositoryPlace, Request
from dirac_forge.pullrequest.journal import Journal
from dirac_forge.pullrequest.ledger import Ledger
from dirac_forge.pullrequest.records import Identity, LedgerEntry, State


def observe(
    entry: LedgerEntry,
    *,
    destination: Destination,
    ledger: Ledger,
    run: str,
    on_step: Callable[[str], None] = lambda _: None,
) -> LedgerEntry:
    """Return the ledger's entry of a change that was sent earlier, brought up to date with the forge.

    One that the forge knows nothing of stays as it is. Raises UnknownError if there is no answer, and ForgeError
    where the repository is gone.
    """
    return observed_request(entry, destination=destination, ledger=ledger, run=run, on_step=on_step)[0]


def observed_request(
    entry: LedgerEntry,
    *,
    destination: Destination,
    ledger: Ledger,
    run: str,
    on_step: Callable[[str], None] = lambda _: None,
) -> tuple[LedgerEntry, Request | None]:
    """Return the entry as `observe` does, and the request as it is now, where the forge has one. Raises as it does."""
    _, request = _found(entry, destination)
    if request is None or entry.state == "done":
        return entry, request
    state = _state(entry, request)
    if destination.prepares and state == "open":
        state = "prepared"
    decided = {"closed-by-person": request.closed, "open": "", "merged": ""}.get(state, entry.decided)
    fresh = replace(entry, state=state, number=request.number, url=request.url, head=request.branch, decided=decided)
    if fresh == entry:
        return entry, request
    journal = Journal(ledger=ledger, run=run, on_step=on_step)
    changes: dict[str, Any] = {"number": fresh.number, "url": fresh.url, "head": fresh.head, "decided": decided}
    if state != entry.state:
        journal.event(entry.identity, "observed", f"{request.url}: {decided or state}")
    # What a killed run left undone is still to be done.
    step = entry.step if entry.step in UNFINISHED else "observed"
    return journal.note(entry.identity, step, "", state=state, **changes), request


def withdraw(
    entry: LedgerEntry,
    *,
    destination: Destination,
    ledger: Ledger,
    run: str,
    text: str,
    again: bool = False,
    on_step: Callable[[str], None] = lambda _: None,
) -> LedgerEntry:
    """Take a change back: its open request is closed, saying why (`text`), and its branch goes unless somebody added
    to it. It is not opened again unless somebody asks for it; with `again`, whenever it is wanted again. One that is
    merged stays. Raises as `observe` does.
    """
    mark: Closing = "superseded" if again else "retracted"
    place, request = _found(entry, destination)
    if request is not None and request.state == "merged":
        return observe(entry, destination=destination, ledger=ledger, run=run, on_step=on_step)
    if request is not None and request.state == "open":
        untouched = bool(entry.head_sha) and entry.head_sha == request.head_sha
        destination.close(place, request, text, mark=mark, keep_branch=not untouched)
    journal = Journal(ledger=ledger, run=run, on_step=on_step)
    return journal.note(entry.identity, mark, text, state=mark, decided=text, next_try=None)


def mark(entry: LedgerEntry, *, destination: Destination, ledger: Ledger, run: str, text: str) -> None:
    """Mark the open request for a release that upstream took back: by a comment, in its title, and it is not merged
    automatically. What a person wrote as its title stays.
    """
    place, request = _found(entry, destination)
    if request is None or request.state != "open":
        return
    destination.say(place, request, text, mark="withdrawn")
    if "automerge" in request.labels:
        destination.label(place, request, "automerge", on=False)
    ours = request.header is not None and request.header.title == request.title
    if ours:
        destination.edit_text(place, request, title=f"{WITHDRAWN}{request.title}", body=request.body)
    Journal(ledger=ledger, run=run).once(entry.identity, "marked", f"{request.url}: {text}")


def relearn(
    feedstock: str,
    branch: str = "main",
    *,
    destination: Destination,
    ledger: Ledger,
    run: str,
    on_step: Callable[[str], None] = lambda _: None,
) -> tuple[LedgerEntry, ...]:
    """Return our open requests to a release line from the forge, and note them in a ledger that was lost."""
    place = destination.place(Identity(feedstock=feedstock, branch=branch, kind="bump", key=""))
    base = place.base(Identity(feedstock=feedstock, branch=branch, kind="bump", key=""))
    journal = Journal(ledger=ledger, run=run, on_step=on_step)
    found = []
    for request in destination.requests(place, base, "", beside=True):
        header = request.header
        if header is not None and (header.feedstock, header.branch) == (feedstock, branch):
            found.append(learnt(request, place.full_name, journal) or ledger.entry(header.identity))
    return tuple(each for each in found if each is not None)


def learnt(request: Request, full_name: str, journal: Journal) -> LedgerEntry | None:
    """Note a request of ours that the ledger does not know, and return it, or None if it does, or has no header."""
    header = request.header
    if header is None or journal.ledger.entry(header.identity) is not None:
        return None
    state = _state(LedgerEntry(identity=header.identity), request)
    decided = request.closed if request.state == "closed" else ""
    return journal.note(
        header.identity, "learnt", f"{request.url}: {decided or state}", state=state, decided=decided,
        fingerprint=header.fingerprint, repository=full_name, number=request.number, url=request.url,
        head=request.branch, batch=header.batch, title=request.title,
    )  # fmt: skip


def _found(entry: LedgerEntry, destination: Destination) -> tuple[RepositoryPlace, Request | None]:
    place = destination.place(entry.identity)
    branch = entry.head or branch_name(entry.identity)
    if entry.number and (known := destination.by_number(place, entry.number, branch)) is not None:
        return place, known
    requests = destination.requests(place, place.base(entry.identity), branch, beside=False)
    return place, next((each for each in requests if each.branch == branch), None)


def _state(entry: LedgerEntry, request: Request) -> State:
    if request.state == "merged":
        return "merged"
    if request.state == "open":
        # One that we closed and that is open again was reopened by a person.
        return "theirs" if entry.state in {"superseded", "retracted", "theirs"} else "open"
    if entry.state in {"superseded", "retracted"}:
        return entry.state
    return request.closing or "closed-by-person"
