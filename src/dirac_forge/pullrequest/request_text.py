"""Title and body of a request; those that a person changed stay theirs."""

from __future__ import annotations

from dirac_forge import __version__
from dirac_forge.pullrequest.decision import WantedRequest
from dirac_forge.pullrequest.destination import WITHDRAWN, Request
from dirac_forge.pullrequest.headers import changed_by_people, with_header
from dirac_forge.pullrequest.making import MadeCommits
from dirac_forge.pullrequest.notes import notes


def request_text(
    wanted: WantedRequest,
    made: MadeCommits,
    old: Request | None,
    *,
    rerender: str | None = None,
    batch: str = "",
) -> tuple[str, str]:
    """Return title and body, with a new header.

    `old` is the request that is there. `rerender` is what its header says of rerendering; None: as it was `made`.
    `batch` is the run that opens it.
    """
    if rerender is None:
        rerender = _rerender(made)
    end = notes(rerendered=made.rerendered, lints=made.lints, unlinted=made.unlinted)
    header = wanted.header(
        rerender=rerender,
        version=__version__,
        batch=_batch(old) or batch,
    )
    title, body = wanted.title, wanted.change.body.rstrip("\n") + "\n"
    if old is None or old.header is None:
        return title, with_header(body, header, end=end)
    if old.header.title and old.title.removeprefix(WITHDRAWN) != old.header.title:
        title = old.title
    theirs = changed_by_people(old.body)
    return title, with_header(body if theirs is None else theirs, header, end=end if theirs is None else "")


def _rerender(made: MadeCommits) -> str:
    """Return what the header says of rerendering."""
    if made.rerendered is None:
        return ""
    return "done" if made.rerendered.state == "done" else "ask"


def _batch(old: Request | None) -> str:
    """Return the run that opened a request, where its header has it."""
    return old.header.batch if old is not None and old.header is not None else ""
