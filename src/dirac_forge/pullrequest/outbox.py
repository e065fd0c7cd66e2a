"""The outbox: branches, patches and bodies in a folder, for people without a token, or who want to look first."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import TypeAdapter, ValidationError

from dirac_forge.errors import ForgeError, InputError
from dirac_forge.feedstock.repositories import safe_name
from dirac_forge.files import read_bytes, read_text, unreadable, write_file
from dirac_forge.git import GitError, own_git
from dirac_forge.pullrequest.branches import PREFIX, safe_branch
from dirac_forge.pullrequest.clones import Author, Clones, Tip
from dirac_forge.pullrequest.destination import Closing, RepositoryPlace, Request, Sent
from dirac_forge.pullrequest.headers import Header, read_header
from dirac_forge.pullrequest.making import MadeCommits
from dirac_forge.pullrequest.others import OtherRequest
from dirac_forge.pullrequest.records import Identity
from dirac_forge.report.foreign import code, escaped
from dirac_forge.untrusted import parse_json

_ROBOT = Author(name="dirac-forge", email="dirac-forge@users.noreply.github.com")
_LARGEST = 1_000_000
_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_MADE = TypeAdapter(MadeCommits)
_ABOUT = """# Outbox

Changes that are prepared and not sent, each in a folder: `change.patch` (`git am change.patch` in a clone of the
feedstock), `body.md`, and `request.json`. The branches are in the bare repositories next to them.
`dirac-forge bot outbox show NAME` prints a change, `dirac-forge bot outbox apply NAME --clone DIR` makes it a branch
of a clone, and `dirac-forge bot run --pr` opens the requests.

"""


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedChange:
    """A change in the outbox."""

    feedstock: str
    """The name of its folder: that of the feedstock, or `staged-recipes`."""
    folder: Path
    repository_folder: Path
    """The bare repository that has its branch."""
    repository: str
    """`owner/name` that it is for."""
    branch: str
    base: str
    base_commit: str
    commit: str
    title: str
    body: str
    header: Header | None
    made: MadeCommits | None
    """None if an older version of this program wrote it."""


@dataclass(kw_only=True)
class Outbox:
    """A Destination: `folder/<feedstock>/<kind>/<branch>/<key>/` with change.patch, body.md and request.json for each
    change, and all branches in the bare repository `folder/<feedstock>.git`. Needs no account; writes nowhere else.
    """

    folder: Path
    clones: Clones
    repository: Callable[[str], tuple[str, str]]
    """Feedstock to `owner/name`, and the URL (or path) that it is cloned from."""
    by: Author = _ROBOT
    staged: tuple[str, str] = ("conda-forge/staged-recipes", "https://github.com/conda-forge/staged-recipes.git")
    """Where new recipes go: name and URL."""
    prepares: bool = field(default=True, init=False)
    _feedstocks: dict[str, str] = field(default_factory=dict, init=False, repr=False)

    def place(self, identity: Identity) -> RepositoryPlace:
        """Return the repository that it would go to."""
        name = safe_name(identity.feedstock)
        full_name, url = self.staged if identity.kind == "recipe" else self.repository(name)
        self._feedstocks[full_name] = "staged-recipes" if identity.kind == "recipe" else name
        return RepositoryPlace(full_name=full_name, url=url)

    def author(self) -> Author:
        """Return the author of the commits."""
        return self.by

    def requests(self, place: RepositoryPlace, base: str, branch: str, *, beside: bool) -> tuple[Request, ...]:  # noqa: ARG002
        """Return what lies in the folder; all of it is open."""
        mine = self._read(self._request_folder(place, branch)) if branch else None
        found = [mine] if mine is not None else []
        if beside:
            files = sorted((self.folder / self._name(place)).rglob("request.json"))
            others = (self._read(file.parent) for file in files if not _is_temporary(file.parent))
            found += [each for each in others if each is not None and each.branch != branch]
        return tuple(found)

    def others(self, place: RepositoryPlace, base: str, identity: Identity) -> tuple[OtherRequest, ...]:  # noqa: ARG002
        """Return nothing: nobody else writes into it."""
        return ()

    def send(self, place: RepositoryPlace, tip: Tip, sent: Sent, *, known: str) -> None:  # noqa: ARG002
        """Push the branch into the bare repository."""
        bare = self._bare(place)
        if not (bare / "HEAD").exists():
            bare.mkdir(parents=True, exist_ok=True)
            own_git("init", "--quiet", "--bare", "--template=", str(bare), about=str(bare))
        # The clone is shallow, and so is this.
        own_git("config", "receive.shallowUpdate", "true", about=str(bare), folder=bare)
        self.clones.push(tip, str(bare), sent.commit, sent.branch, expected=self._at(bare, sent.branch))

    def request(self, place: RepositoryPlace, sent: Sent, *, title: str, body: str, old: Request | None) -> Request:  # noqa: ARG002
        """Return the folder of a change, whole or not at all."""
        bare = self._bare(place)
        asked = f"{sent.base_commit}..{sent.commit}"
        patch = own_git("format-patch", "--stdout", "--no-signature", asked, about=str(bare), folder=bare)
        told = {
            "repository": place.full_name,
            "head": sent.branch,
            "base": sent.base,
            "base_commit": sent.base_commit,
            "commit": sent.commit,
            "made": asdict(sent.made),
            "title": title,
            "labels": [],
            "reviewers": [],
            "draft": sent.draft,
            "comments": {},
        }
        return self._write(place, told, body, patch)

    def edit_text(self, place: RepositoryPlace, request: Request, *, title: str, body: str) -> Request:
        """Write another title and body."""
        folder = self._request_folder(place, request.branch)
        patch = read_bytes(folder / "change.patch")
        return self._write(place, {**self._told(folder), "title": title}, body, patch)

    def say(self, place: RepositoryPlace, request: Request, text: str, *, mark: str) -> bool:
        """Note a comment that would be made."""
        told = self._told(self._request_folder(place, request.branch))
        if mark not in told["comments"]:
            self._change(place, request, {"comments": {**told["comments"], mark: text}})
        return True

    def has_said(self, place: RepositoryPlace, request: Request, *, mark: str) -> bool:
        """Whether a comment with this mark is noted."""
        return mark in self._told(self._request_folder(place, request.branch))["comments"]

    def has_foreign_commits(self, place: RepositoryPlace, request: Request) -> bool:  # noqa: ARG002
        """Whether someone else committed to it: nobody can."""
        return False

    def label(self, place: RepositoryPlace, request: Request, name: str, *, on: bool) -> None:
        """Note a label that would be put on it."""
        told = self._told(self._request_folder(place, request.branch))
        if on != (name in told["labels"]):
            labels = [*told["labels"], name] if on else [each for each in told["labels"] if each != name]
            self._change(place, request, {"labels": labels})

    def was_given(self, place: RepositoryPlace, request: Request) -> frozenset[str]:  # noqa: ARG002
        """Return nothing: people can't take off what is only prepared."""
        return frozenset()

    def ask_for_review(self, place: RepositoryPlace, request: Request, reviewers: Sequence[str]) -> None:
        """Note who would be asked for a review."""
        self._change(place, request, {"reviewers": list(reviewers)})

    def by_number(self, place: RepositoryPlace, number: int, branch: str) -> Request | None:  # noqa: ARG002
        """Return nothing: what is prepared has no number."""
        return None

    def close(self, place: RepositoryPlace, request: Request, text: str, *, mark: Closing, keep_branch: bool) -> None:  # noqa: ARG002
        """Take it out, and its branch: nobody else has seen either."""
        bare, folder = self._bare(place), self._request_folder(place, request.branch)
        if self._at(bare, request.branch):
            own_git("update-ref", "-d", f"refs/heads/{request.branch}", about=str(bare), folder=bare)
        self._remove_folder(folder)

    def _remove_folder(self, folder: Path) -> None:
        _remove(folder)
        for parent in folder.parents:
            if parent == self.folder or any(parent.iterdir()):
                break
            parent.rmdir()

    def prepared(self) -> list[PreparedChange]:
        """Return what lies in the folder, by feedstock."""
        files = [*self.folder.glob("*/*/*/*/request.json"), *self.folder.glob("*/recipe/*/request.json")]
        changes = []
        for file in sorted(files):
            request = None if _is_temporary(file.parent) else self._read(file.parent)
            if request is not None:
                changes.append(_prepared(self.folder, file.parent, self._told(file.parent), request))
        return changes

    def remove(self, change: PreparedChange) -> None:
        """Take a change out, and its branch."""
        if self._at(change.repository_folder, change.branch):
            ref = f"refs/heads/{change.branch}"
            own_git("update-ref", "-d", ref, about=str(change.repository_folder), folder=change.repository_folder)
        self._remove_folder(change.folder)

    def forget(self, change: PreparedChange) -> None:
        """Take a change out and leave its branch: git is not started in a repository that others could write to."""
        self._remove_folder(change.folder)

    def apply(self, change: PreparedChange, clone: Path) -> str:
        """Make a change a branch of a local clone, and return the branch's name. Nothing is checked out.

        Raises InputError if it is not a clone of the change's repository, or its branch of that name differs.
        """
        branch = safe_branch(change.branch)
        about = str(clone)
        try:
            own_git("rev-parse", "--git-dir", about=about, folder=clone)
            self._require_clone(change, clone)
            known = own_git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}", about=about, folder=clone)
        except GitError as exc:
            raise InputError(f"{clone} is not a clone of a repository ({exc.message})") from exc
        if (old := known.decode().strip()) and old != change.commit:
            raise InputError(f"{clone} has a branch {branch} with other commits", hint="Rename or delete it first.")
        place = change.repository_folder.absolute().as_uri()
        fetch = ("fetch", "--quiet", "--no-tags", "--update-shallow", place, f"refs/heads/{branch}:refs/heads/{branch}")
        own_git(*fetch, about=about, folder=clone)
        return branch

    def _require_clone(self, change: PreparedChange, clone: Path) -> None:
        """Raise InputError if a repository has nothing to do with the one that a change is for."""
        if _has_commit(clone, change.base_commit):
            return
        wanted = change.repository.rpartition("/")[2].lower()
        if wanted not in _remotes(clone):
            raise InputError(
                f"{clone} is not a clone of {change.repository}, which the change is for",
                hint=f"Get one with `git clone https://github.com/{change.repository}`, and name it with --clone.",
            )
        shallow = change.repository_folder / "shallow"
        if change.base_commit not in (read_text(shallow) if shallow.is_file() else ""):
            patch = change.folder / "change.patch"
            raise InputError(
                f"{change.feedstock}: the change was prepared without its repository, and its branch has no history",
                hint=f"Apply the patch: `git switch --create {change.branch}`, then `git am {patch}`, in {clone}.",
            )

    def summarize(self) -> Path:
        """Bring `folder/README.md` up to date: what lies there, and what to do with it."""
        rows = [
            f"| [{escaped(change.title)}]({quote(change.folder.relative_to(self.folder).as_posix())}/body.md) "
            f"| {code(change.repository)} | {code(change.base)} |"
            for change in self.prepared()
        ]
        table = ["| change | for | branch |", "| --- | --- | --- |", *rows] if rows else ["Nothing is prepared."]
        summary = self.folder / "README.md"
        write_file(summary, _ABOUT + "\n".join(table) + "\n")
        return summary

    def _change(self, place: RepositoryPlace, request: Request, changes: Mapping[str, Any]) -> None:
        folder = self._request_folder(place, request.branch)
        body = read_text(folder / "body.md")
        self._write(place, {**self._told(folder), **changes}, body, read_bytes(folder / "change.patch"))

    def _write(self, place: RepositoryPlace, told: Mapping[str, Any], body: str, patch: bytes) -> Request:
        folder = self._request_folder(place, told["head"])
        folder.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".new-"))
        try:
            (new / "change.patch").write_bytes(patch)
            (new / "body.md").write_text(body, encoding="utf-8")
            (new / "request.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
            new.chmod(0o755)
            _remove(folder)
            new.rename(folder)
        finally:
            shutil.rmtree(new, ignore_errors=True)
        made = self._read(folder)
        if made is None:
            raise ForgeError(f"{folder} can't be read after it was written")
        return made

    def _read(self, folder: Path) -> Request | None:
        """Return what lies in a folder, or None if it is not there, or not whole."""
        try:
            told = self._told(folder)
            body = read_text(folder / "body.md")
            if not (folder / "change.patch").is_file() or not told["head"].startswith(PREFIX):
                return None
            return Request(
                number=0,
                url=str(folder),
                state="open",
                branch=told["head"],
                head_sha=told["commit"],
                header=read_header(body),
                title=str(told.get("title", "")),
                body=body,
                labels=tuple(told["labels"]),
            )
        except (OSError, UnicodeDecodeError, InputError):
            return None

    @staticmethod
    def _told(folder: Path) -> dict[str, Any]:
        file = folder / "request.json"
        try:
            told = parse_json(read_bytes(file, most=_LARGEST))
        except FileNotFoundError:
            raise
        except (OSError, ValueError) as exc:
            raise InputError(f"{file} can't be read ({unreadable(exc)})") from exc
        kinds = {"head": str, "commit": str, "labels": list, "comments": dict}
        if not isinstance(told, dict) or not all(isinstance(told.get(key), kind) for key, kind in kinds.items()):
            raise InputError(f"{file} was changed after it was written")
        return told

    def _name(self, place: RepositoryPlace) -> str:
        return self._feedstocks[place.full_name]

    def _bare(self, place: RepositoryPlace) -> Path:
        return self.folder / f"{self._name(place)}.git"

    def _request_folder(self, place: RepositoryPlace, branch: str) -> Path:
        return self.folder / self._name(place) / branch.removeprefix(PREFIX)

    @staticmethod
    def _at(bare: Path, branch: str) -> str:
        if not (bare / "HEAD").exists():
            return ""
        try:
            said = own_git("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}", about=str(bare), folder=bare)
        except GitError:
            return ""
        return said.decode().strip()


def _prepared(outbox: Path, folder: Path, told: Mapping[str, Any], request: Request) -> PreparedChange:
    name = folder.relative_to(outbox).parts[0]
    made = told.get("made")
    return PreparedChange(
        feedstock=name,
        folder=folder,
        repository_folder=outbox / f"{name}.git",
        repository=str(told.get("repository", "")),
        branch=request.branch,
        base=str(told.get("base", "")),
        base_commit=str(told.get("base_commit", "")),
        commit=request.head_sha,
        title=request.title,
        body=request.body,
        header=request.header,
        made=None if made is None else _made(folder, made),
    )


def _made(folder: Path, made: object) -> MadeCommits:
    try:
        return _MADE.validate_python(made)
    except ValidationError as error:
        raise InputError(f"{folder / 'request.json'} was changed after it was written") from error


def _has_commit(repository: Path, commit: str) -> bool:
    if not _COMMIT.fullmatch(commit):
        return False
    try:
        own_git("cat-file", "-e", f"{commit}^{{commit}}", about=str(repository), folder=repository)
    except InputError:
        return False
    return True


def _remotes(clone: Path) -> set[str]:
    """Return the names of the repositories that a clone knows, without their owners: forks have the same name."""
    listed = own_git("config", "--local", "--list", "-z", about=str(clone), folder=clone).decode(errors="replace")
    settings = [entry.partition("\n")[::2] for entry in listed.split("\0")]
    urls = [value for key, value in settings if key.startswith("remote.") and key.endswith(".url")]
    return {url.strip().rstrip("/").removesuffix(".git").rpartition("/")[2].lower() for url in urls}


def _is_temporary(folder: Path) -> bool:
    return folder.name.startswith((".new-", ".old-"))


def _remove(folder: Path) -> None:
    """Move a folder out of sight, then remove it, so that a killed run leaves no half of it."""
    if folder.exists():
        old = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".old-"))
        folder.rename(old / folder.name)
        shutil.rmtree(old)
