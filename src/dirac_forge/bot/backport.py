"""A merged fix carried from one branch of a feedstock to its other release lines: one request a branch."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from dirac_forge.bot.connections import Connections
from dirac_forge.bot.log import RunLog
from dirac_forge.bot.open_requests import FATAL
from dirac_forge.bot.outcomes import failure
from dirac_forge.bot.send import send
from dirac_forge.bot.three_way import Conflict, FilePair, cherry_picked
from dirac_forge.errors import ForgeError, InputError
from dirac_forge.feedstock.change import Change, Skip, SkipReason
from dirac_forge.files import write_file
from dirac_forge.git import own_git, place_of
from dirac_forge.proposals.decision_reasons import OnBranchAlready
from dirac_forge.proposals.outcome_reasons import OutcomeReason
from dirac_forge.pullrequest.branches import safe_branch
from dirac_forge.pullrequest.delivery import Outcome
from dirac_forge.pullrequest.feedstock_files import full_name_of
from dirac_forge.pullrequest.lease import Lease
from dirac_forge.pullrequest.records import Identity
from dirac_forge.pullrequest.trees import read
from dirac_forge.report.bot_words import reason_code, worded
from dirac_forge.report.fix_body import fix_issue, with_fix_body
from dirac_forge.settings import Settings
from dirac_forge.untrusted import parse_whole_number, split_url
from dirac_forge.values import dataclass

_URL = re.compile(r"/(?P<owner>[\w.-]+)/(?P<name>[\w.-]+)/pull/(?P<number>\d{1,9})(?:/.*)?")
_DEPTH = "200"
_MERGED_AS = re.compile(r"^Merge pull request #(\d+) from |\(#(\d+)\)$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Fix:
    """The changes of a merged request."""

    feedstock: str
    number: int
    url: str
    title: str
    base: str
    """The branch that it was merged to."""
    commits: str
    """As git takes it: `A..B`."""
    files: Mapping[str, FilePair]


@dataclass(frozen=True, kw_only=True, slots=True)
class BackportResult:
    """The result of a backport to one branch."""

    branch: str
    outcome: Outcome | None = None
    issue: str = ""
    """URL (or file in the outbox) of the issue with instructions, if it could not be carried."""
    reason: OutcomeReason | SkipReason = ""

    @property
    def text(self) -> str:
        """The reason in words."""
        return worded(self.reason)

    @property
    def code(self) -> str | None:
        """The reason's type, for programs."""
        return reason_code(self.reason) if self.reason else None

    @property
    def url(self) -> str:
        """Of the request, or of the issue."""
        return self.outcome.url if self.outcome is not None else self.issue

    @property
    def state(self) -> str:
        """`opened` and so on; `issue` where people have to do it, `there` where the branch has it."""
        if self.outcome is not None:
            return self.outcome.state
        return "issue" if self.issue else "there"


def read_fix(url: str, settings: Settings, connections: Connections) -> Fix:
    """Return the merged request at a URL; its files from git, its merge from the forge, or from git without a token.

    Raises InputError if it is not a request to one of the feedstocks, or is not merged.
    """
    parts = split_url(url)
    match = _URL.fullmatch(parts.path)
    if match is None or parts.scheme not in {"http", "https"}:
        raise InputError(f"{url} is not a pull request", hint="It is https://github.com/OWNER/NAME/pull/NUMBER.")
    number = parse_whole_number(match["number"])
    if number is None:
        raise InputError(f"{url[:200]} is not a pull request: its number is too long")
    feedstock = match["name"].removesuffix("-feedstock")
    full_name, place = full_name_of(settings, feedstock)
    if full_name.lower() != f"{match['owner']}/{match['name']}".lower():
        raise InputError(f"{url} is not on {full_name}, where {feedstock} is according to the settings")
    base = title = commit = ""
    if connections.forge is not None:
        pull = connections.forge.pull_request(connections.forge.repository(full_name), number)
        if pull.state != "merged":
            raise InputError(f"{url} is {pull.state}: only a merged pull request can be carried to other release lines")
        base, title, commit = safe_branch(pull.base), pull.title, pull.merge_commit
    with tempfile.TemporaryDirectory(prefix="dirac-forge-") as name:
        folder = Path(name)
        _git(folder, "init", "--quiet", "--bare", "--template=", str(folder), about=full_name)
        _git(
            folder,
            *("fetch", "--quiet", "--no-tags", "--depth", _DEPTH, place_of(place)),
            f"+refs/heads/{base or '*'}:refs/heads/{base or '*'}",
            about=full_name,
        )
        if not commit:
            base, commit, title = _found(folder, number, url, full_name)
        first = _first(folder, commit, number, place, full_name)
        files = _files(folder, first, commit, full_name)
    return Fix(
        feedstock=feedstock,
        number=number,
        url=url,
        title=title,
        base=base,
        commits=f"{first[:12]}..{commit[:12]}",
        files=files,
    )


def _git(folder: Path, *arguments: str, about: str) -> str:
    return own_git(*arguments, about=about, folder=folder, timeout=600).decode(errors="replace").strip()


def _found(folder: Path, number: int, url: str, about: str) -> tuple[str, str, str]:
    """Return the branch, the commit and the title of a request, by the words that GitHub gives merges."""
    branches = _git(folder, "for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads", about=about).split()
    for branch in sorted(branches, key=lambda name: (name not in {"main", "master"}, name)):
        listed = _git(folder, "log", "--first-parent", "--format=%H %s", f"refs/heads/{branch}", "--", about=about)
        for line in listed.splitlines():
            commit, _, subject = line.partition(" ")
            match = _MERGED_AS.search(subject)
            if match is not None and parse_whole_number(match[1] or match[2]) == number:
                return safe_branch(branch), commit, subject.removesuffix(f" (#{number})")
    raise InputError(
        f"{url}: no branch has its merge commit among the last {_DEPTH} commits",
        hint="Check that it is merged. With a token (--pr), GitHub's API is used.",
    )


def _first(folder: Path, commit: str, number: int, place: str, about: str) -> str:
    """Return the commit before the request: the first parent of its merge, or where its commits were put on top."""
    count = 1
    parents = _git(folder, "rev-list", "--parents", "-n", "1", commit, "--", about=about).split()[1:]
    if len(parents) == 1:
        try:
            refs = f"+refs/pull/{number}/head:refs/dirac-forge/request"
            _git(folder, "fetch", "--quiet", "--no-tags", "--depth", "50", place_of(place), refs, about=about)
            mine = _git(folder, "log", "--format=%s", "refs/dirac-forge/request", "--", about=about).splitlines()
            theirs = _git(folder, "log", "--first-parent", "-n", "50", "--format=%s", commit, "--", about=about)
            same = [one == other for one, other in zip(mine, theirs.splitlines(), strict=False)]
            known = _git(folder, "merge-base", "refs/dirac-forge/request", f"{commit}^1", about=about)
            ahead = int(_git(folder, "rev-list", "--count", f"{known}..refs/dirac-forge/request", "--", about=about))
            if ahead > 1 and all(same[:ahead]) and len(same) >= ahead:
                count = ahead
        except ForgeError:
            count = 1  # the request's own branch can't be had: a squashed merge is one commit anyway
    return _git(folder, "rev-parse", "--verify", "--quiet", f"{commit}~{count}^{{commit}}", about=about)


def _files(folder: Path, first: str, last: str, about: str) -> dict[str, FilePair]:
    """Return the recipe's files that differ between two commits."""
    under = ("recipe/", "conda-forge.yml")
    before = read(folder, first, about=about, under=under)
    after = read(folder, last, about=about, under=under)
    paths = sorted({path for path in (*before, *after) if before.get(path) != after.get(path)})
    return {path: FilePair(before=before.get(path), after=after.get(path)) for path in paths}


def sweep_lines(fix: Fix, settings: Settings, known: Iterable[str], wanted: Sequence[str] = ()) -> list[str]:
    """Return the branches that a fix is carried to: `wanted`, else the feedstock's release lines, but for its own.

    `known` are those that the workspace or the feedstock itself names. Raises InputError if there is none.
    """
    lines = settings.feedstocks[fix.feedstock].branches if fix.feedstock in settings.feedstocks else {}
    names = wanted or ["main", *lines, *known]
    found = [name for name in dict.fromkeys(map(_as_main, names)) if name != _as_main(fix.base)]
    if not found:
        raise InputError(
            f"{fix.feedstock} has no release line other than {fix.base}",
            hint="Name one with --branch, or in `branches` of [tool.dirac-forge.feedstocks].",
        )
    return [safe_branch(name) for name in found]


def _as_main(branch: str) -> str:
    """Return the name of a branch; `main` for the default branch, as it may be called, too."""
    return "main" if branch == "master" else branch


def sweep(
    fix: Fix, branches: Sequence[str], *, settings: Settings, connections: Connections, outbox: Path
) -> list[BackportResult]:
    """Carry the fix to each branch: one request for each, or an issue with instructions if it does not fit.

    A branch that fails does not stop the others. Raises BusyError if a bot runs, and what the ledger raises.
    """
    with Lease(connections.ledger) as lease:
        run = connections.ledger.start_run()
        log = RunLog(connections.ledger, run.id, connections.write)

        def one(branch: str) -> BackportResult:
            identity = Identity(feedstock=fix.feedstock, branch=branch, kind="fix", key=f"pr-{fix.number}")
            try:
                lease.renew()
                return _one(fix, branch, identity, settings, connections, outbox, log, lease)
            except FATAL:
                raise
            except ForgeError as error:
                log.journal.failed(identity, error)
                return BackportResult(branch=branch, outcome=failure(identity, error), reason=error.message)

        results = list(connections.executor.map(one, branches))
        connections.ledger.end_run(run, ", ".join(f"{result.branch}: {result.state}" for result in results))
    return results


def _one(
    fix: Fix,
    branch: str,
    identity: Identity,
    settings: Settings,
    connections: Connections,
    outbox: Path,
    log: RunLog,
    lease: Lease,
) -> BackportResult:
    full_name, url = full_name_of(settings, fix.feedstock)
    tip = connections.clones.refresh(full_name, url, branch)
    made = _made(fix, identity, connections.clones.read(tip))
    if isinstance(made, Skip):
        return BackportResult(branch=branch, reason=made.reason)
    if isinstance(made, Conflict):
        issue = _issue(fix, branch, made, full_name, connections, outbox)
        log.note("issue", f"{worded(made.reason)}: {issue}", about=identity)
        return BackportResult(branch=branch, issue=issue, reason=made.reason)

    def remake(files: Mapping[str, str]) -> Change | Skip:
        again = _made(fix, identity, files)
        if isinstance(again, Conflict):
            raise InputError(f"{full_name}, {branch}: {worded(again.reason)}")
        return again

    outcome = send(connections, made, remake, log=log, lease=lease)
    return BackportResult(branch=branch, outcome=outcome, reason=outcome.reason)


def _made(fix: Fix, identity: Identity, files: Mapping[str, str]) -> Change | Skip | Conflict:
    result = cherry_picked(fix.files, files)
    if isinstance(result, Conflict):
        return result
    if not result:
        return Skip(feedstock=fix.feedstock, branch=identity.branch, reason=OnBranchAlready(branch=identity.branch))
    change = Change(
        feedstock=fix.feedstock,
        branch=identity.branch,
        kind="fix",
        key=identity.key,
        title=f"{fix.title} ({identity.branch})",
        edits=result,
    )
    return with_fix_body(change, number=fix.number, url=fix.url, title=fix.title, base=fix.base)


def _issue(fix: Fix, branch: str, conflict: Conflict, full_name: str, connections: Connections, outbox: Path) -> str:
    """Return the issue with instructions: its URL, or its file in the outbox."""
    title = f"Carry #{fix.number} over to {branch}"
    body = fix_issue(
        number=fix.number,
        url=fix.url,
        title=fix.title,
        base=fix.base,
        commits=fix.commits,
        branch=branch,
        why=worded(conflict.reason),
    )
    if connections.forge is not None:
        return connections.forge.issue(connections.forge.repository(full_name), title=title, body=body)
    path = outbox / fix.feedstock / "issues" / f"{fix.number}-{branch.replace('/', '-')}.md"
    write_file(path, f"# {title}\n\n{body}")
    return str(path)
