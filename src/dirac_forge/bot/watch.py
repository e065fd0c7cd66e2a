"""What a turn of the bot rests upon, so that the next one can tell with few requests that nothing is new.

After a turn that left nothing to do, the newest commits of the feedstocks, our open requests, and the pages that were
read of upstream are written down. Where the next turn finds them unchanged, nothing is decided again. What can't be
asked for many at once (releases on other hosts, the channel) is looked at once an hour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from dirac_forge import __version__
from dirac_forge.bot.release_lines import ReleaseLine
from dirac_forge.bot.run import Result
from dirac_forge.errors import ForgeError
from dirac_forge.files import read_bytes, write_file
from dirac_forge.http import Http
from dirac_forge.pullrequest.feedstock_files import full_name_of
from dirac_forge.pullrequest.forge import BranchHead, Forge
from dirac_forge.settings import Settings

LONGEST_REST = timedelta(hours=1)
_FORMAT = 1
_LARGEST = 50_000_000
_MOST_PAGES = 3_000
_PAGE_LIMIT = 64 * 1024 * 1024
_QUIET = frozenset({"unchanged", "theirs", "left", "closed", "merged", "skipped"})


@dataclass(frozen=True, kw_only=True, slots=True)
class TurnState:
    """What a turn saw."""

    format: int = _FORMAT
    made: datetime
    about: str
    """Digest of the settings, the migrations, the release lines and the program's version."""
    heads: dict[str, str] = field(default_factory=dict)
    """Release line (`owner/name branch`) to `branch commit`, or "" if there is none."""
    requests: dict[str, str] = field(default_factory=dict)
    """Our open requests (`owner/name#12`), each with a text that changes with it."""
    asked: bool = False
    """Whether people ticked something on the dashboard."""
    pages: dict[str, str] = field(default_factory=dict)
    """URL of a page that was read of upstream to the digest of its content."""
    accepted: dict[str, str] = field(default_factory=dict)
    """URL of a page to what was accepted of it."""

    def head(self, settings: Settings, line: ReleaseLine) -> BranchHead | None:
        """Return the newest commit of a release line, where it is known."""
        branch, _, commit = self.heads.get(_key(settings, line), "").partition(" ")
        return BranchHead(branch=branch, commit=commit) if commit else None


_STATE = TypeAdapter(TurnState)


def forge_state(
    forge: Forge, lines: Sequence[ReleaseLine], settings: Settings, *, asked: bool, now: datetime
) -> TurnState | None:
    """Return what the forge has now, or None if it can't be asked for many things at once. Raises UnknownError."""
    requests = forge.own_requests()
    if requests is None:
        return None
    heads = forge.heads([(full_name_of(settings, line.name)[0], line.branch) for line in lines])
    if heads is None:
        return None
    known = {key: f"{head.branch} {head.commit}" for key, head in heads.items()}
    return TurnState(
        made=now,
        about=_about(settings, lines),
        heads={
            _key(settings, line): known.get((full_name_of(settings, line.name)[0], line.branch), "") for line in lines
        },
        requests={f"{each.repository}#{each.number}": each.state for each in requests},
        asked=asked,
    )


def _key(settings: Settings, line: ReleaseLine) -> str:
    return f"{full_name_of(settings, line.name)[0]} {line.branch}"


def _about(settings: Settings, lines: Sequence[ReleaseLine]) -> str:
    digest = sha256(f"{__version__}\0{settings!r}\0{lines!r}".encode())
    for path in sorted((settings.workspace / "migrations").glob("*.y*ml")):
        try:
            digest.update(read_bytes(path))
        except OSError:
            continue
    return digest.hexdigest()


def with_pages(
    state: TurnState, http: Http, pages: Mapping[str, str], executor: Executor, *, revalidate: bool = True
) -> TurnState:
    """Return a state with what these pages (URL to what is accepted of it) say now; an unchanged one is a short answer.

    What can't be read differs from everything.
    """
    urls = sorted(pages)[:_MOST_PAGES]

    def digest(url: str) -> str:
        try:
            read = http.revalidated_page if revalidate else http.page
            return sha256(read(url, accept=pages[url], limit=_PAGE_LIMIT).body).hexdigest()
        except ForgeError as error:
            return f"{state.made.isoformat()} {type(error).__name__}"

    read = dict(zip(urls, executor.map(digest, urls), strict=True))
    return replace(state, pages=read, accepted={url: pages[url] for url in urls})


def is_idle(before: TurnState | None, now: TurnState) -> bool:
    """Return whether nothing has changed since a turn that left nothing to do."""
    return (
        before is not None
        and before.format == now.format
        and timedelta() <= now.made - before.made < LONGEST_REST
        and not now.asked
        and (before.about, before.heads, before.requests, before.pages)
        == (now.about, now.heads, now.requests, now.pages)
    )


def rests(result: Result) -> bool:
    """Return whether a turn left nothing to do: all was read and decided, and nothing waits for a time or a try."""
    return (
        not result.held
        and all(line.state in {"read", "missing"} for line in result.looked)
        and all(decision.state in {"nothing", "waiting", "blocked", "wanted"} for decision in result.decisions)
        and all(outcome.state in _QUIET for outcome in result.outcomes)
    )


def read_state(path: Path) -> TurnState | None:
    """Return the state in a file, or None if there is none that can be read."""
    try:
        with path.open("rb") as file:
            return _STATE.validate_json(file.read(_LARGEST))
    except (OSError, ValueError, ValidationError):
        return None


def write_state(path: Path, state: TurnState | None) -> None:
    """Write a state, or remove the file if there is none."""
    if state is None:
        path.unlink(missing_ok=True)
    else:
        write_file(path, _STATE.dump_json(state, indent=1).decode() + "\n")
