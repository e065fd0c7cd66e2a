"""Tags of git repositories: of any server, and of hosts whose archives are named after tags."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Protocol, TypeVar

from packaging.version import Version

from dirac_forge.errors import InputError, UnknownError, redact
from dirac_forge.git import GitError, own_git
from dirac_forge.http import INTERNAL_HINT, Http, UnreachableError
from dirac_forge.untrusted import split_url
from dirac_forge.upstream.sources.offers import Offer, Offers, UnreadTag
from dirac_forge.upstream.sources.origins import Origin, SourceUrl
from dirac_forge.upstream.sources.source import ReleaseSource, SourceAccess, SourceQuery
from dirac_forge.upstream.sources.tag_reasons import NoOwnTag, NoTags, OwnTagMismatch
from dirac_forge.upstream.sources.tags import HostVersion, Spelling, learned, read_version, spelled_in

_Answer_co = TypeVar("_Answer_co", covariant=True)
ARCHIVE = r"(?:tar\.(?:gz|bz2|xz|zst)|tgz|tbz2|zip)"
"""The end of an archive's name, as a pattern."""
REPOSITORY = r"[\w.-]+/[\w.-]+"
"""Owner and name of a repository, as a pattern."""
_TIMEOUT = 30.0
"""Seconds."""
_LARGEST = 64_000_000
"""Bytes of a listing: the tags of the largest repositories take some 10 MB."""
_WEB = (
    *("-c", "protocol.allow=never"),
    *("-c", "protocol.https.allow=always"),
    *("-c", "protocol.http.allow=always"),
)
"""Nothing but the web is asked, whatever the URL says."""
_ASKED = "/info/refs?service=git-upload-pack"
"""What git asks of a repository first, and what a host redirects where it moved."""
_NO_HOME = {"HOME": os.devnull}
"""Where git finds no ~/.netrc: a recipe's repository gets no credentials."""
_REF = re.compile(r"([0-9a-f]{40,64})\trefs/tags/(\S+)")
_REFS = "refs-1"
_COMMIT = re.compile(r"[0-9a-f]{40}")


class GitHost(ReleaseSource):
    """A host of repositories, whose archives are named after tags; asked for versions through `Tags`."""

    patterns: ClassVar[tuple[str, ...]]
    """Of paths, with the groups `repo`, `tag` and, for a file attached to a release, `asset`."""
    release_path = ""
    compare_path = ""

    def hosts(self, host: str) -> bool:
        """Return whether the server called `host` is one of these."""
        raise NotImplementedError

    def paths(self, url: SourceUrl) -> tuple[str, ...]:
        """Return the patterns that a URL may match."""
        return self.patterns if self.hosts(url.host) else ()

    def base(self, url: SourceUrl) -> str:
        """Return the root of the server's pages."""
        return f"{url.scheme}://{url.netloc}"

    def recognises(self, url: SourceUrl) -> bool:
        """Return whether host and path are those of an archive, or of a file in a repository."""
        return self._match(url) is not None

    def origin(self, url: SourceUrl, version: str) -> Origin | None:
        """Return the repository; None if the path has neither the version nor a commit."""
        match = self._match(url)
        if match is None:
            return None
        told = {key: value or "" for key, value in match.groupdict().items()}
        tag = told.get("tag", "")
        commit = tag if _COMMIT.fullmatch(tag) else ""
        if not (commit or spelled_in(url.path, version)):
            return None
        base, repository = self.base(url), told["repo"].removesuffix(".git")
        return Origin(
            kind=self.name,
            name=f"{base.partition('://')[2].rpartition('@')[2].partition(':')[0]}/{repository}",
            url=url.text,
            repository=self.clone_url(f"{base}/{repository}"),
            tag="" if commit or not spelled_in(tag, version) else tag,
            commit=commit,
            asset=not tag or bool(told.get("asset")),
            release_path=self.release_path,
            compare_path=self.compare_path,
        )

    def clone_url(self, page: str) -> str:
        """Return where git finds a repository."""
        return page

    def checkout(self, web: SourceUrl, url: str, rev: str, version: str) -> Origin | None:
        """Return the origin of a repository that is checked out at `rev`; None if that is not the version's."""
        commit = rev if _COMMIT.fullmatch(rev) else ""
        tag = rev.removeprefix("refs/tags/")
        if not commit and not spelled_in(tag, version):
            return None
        path = web.path.strip("/")
        return Origin(
            kind=self.name,
            name=f"{web.host}/{path.removesuffix('.git')}",
            url=url,
            repository=f"{web.scheme}://{web.netloc}/{path}",
            tag="" if commit else tag,
            commit=commit,
            release_path=self.release_path,
            compare_path=self.compare_path,
        )

    def serves(self, origin: Origin, allowed: str | None) -> bool:
        """Return false: versions of repositories come from `Tags`, or from what the host has besides."""
        return False

    def _match(self, url: SourceUrl) -> re.Match[str] | None:
        return next((match for pattern in self.paths(url) if (match := re.fullmatch(pattern, url.path))), None)


class _AnyServer(GitHost):
    """A git server of which nothing else is known; only checkouts can be recognised."""

    name = "git"
    patterns = ()

    def hosts(self, host: str) -> bool:
        """Return whether it is a server of another kind: unknown."""
        return False


CHECKOUTS = _AnyServer()
"""For repositories on servers that are not known."""


class Tags(ReleaseSource):
    """The tags of a repository, whatever its host."""

    name = "tags"

    def serves(self, origin: Origin, allowed: str | None) -> bool:
        """Return whether the origin is a repository and tags are allowed (the bot's `github` reads releases and
        tags).
        """
        if not origin.repository:
            return False
        return allowed in (None, "gittags") or (allowed == "github" and origin.kind == "github")

    def offers(self, query: SourceQuery, access: SourceAccess) -> Offers:
        """Return the versions that tags spell like the recipe's.

        A further source that is pinned by a commit has none, except where a tag of the recipe's version has the commit.
        """
        tags = self.tags(query.origin, access)
        foreign = query.origin.commit and not query.main and not tags_of(tags, query.origin.commit, query.version)
        return Offers(origin=query.origin, offers=()) if foreign else from_tags(query.origin, tags, query.version)

    def tags(self, origin: Origin, access: SourceAccess) -> Mapping[str, str]:
        """Return the tags of a repository, each with its commit; raises as `remote_tags` does, UnreachableError."""
        repository = origin.repository
        return access.once((self.name, repository), lambda: _tags(access, repository))

    def url(self, query: SourceQuery, access: SourceAccess) -> str:
        """Return the repository."""
        return query.origin.repository


def _tags(access: SourceAccess, url: str) -> Mapping[str, str]:
    """Return the tags of a repository, as they were lately or as they are now."""
    kept = access.recent.get(_REFS, url)
    if isinstance(kept, dict):
        return {str(tag): str(commit) for tag, commit in kept.items()}
    parts = SourceUrl.parse(url)
    host = parts.netloc if parts is not None else ""
    _require_reachable(access.http, url, access.lost.get(host))
    try:
        tags = _wherever_it_is(access.http, url, remote_tags)
    except UnknownError as error:
        # It answers, but not git: the next question to it need not wait as long again.
        access.lost[host] = f"it did not answer before ({error.message})"
        raise
    except GitError as error:
        raise UnknownError(error.message, hint=error.hint) from error
    access.recent.put(_REFS, url, dict(tags))
    return tags


def clone_from_web(http: Http, url: str, folder: Path, *, timeout: float) -> None:
    """Clone the repository at an http or https URL into `folder`, bare, with all its branches and tags.

    No redirect is followed that `http` does not check, and no credentials are used: the URL comes out of a recipe.
    Raises UnreachableError, and as `own_git` does; InputError for any other URL.
    """

    def clone(place: str, *, addresses: Sequence[str]) -> None:
        asked = ("clone", "--quiet", "--mirror", "--template=", "--", place, str(folder))
        own_git(*_asking(place, addresses), *asked, about=url, timeout=timeout, environment=_NO_HOME, limit=_LARGEST)

    if SourceUrl.parse(url) is not None:
        _require_reachable(http, url, None)
    _wherever_it_is(http, url, clone)


def _require_reachable(http: Http, url: str, known: str | None) -> None:
    """Raise UnreachableError if the host can't be asked, or is not public; `known` is why it can't, as known before."""
    problem = known or http.problem(url)
    if problem is not None:
        hint = INTERNAL_HINT if http.refuses(url) else None
        raise UnreachableError(f"{redact(url)} can't be reached: {problem}", hint=hint)


class _Ask(Protocol[_Answer_co]):
    def __call__(self, url: str, /, *, addresses: Sequence[str]) -> _Answer_co:
        """Ask the repository at `url`, whose host has these addresses."""
        ...


def _wherever_it_is(http: Http, url: str, ask: _Ask[_Answer_co]) -> _Answer_co:
    """Return what a repository answers, also where its host says that it moved.

    git follows no redirect itself: each one is followed by `http`, which checks where it leads.
    """
    try:
        return ask(url, addresses=http.addresses(url))
    except GitError as error:
        if error.cause != "other":
            raise
        moved = http.start(f"{url.rstrip('/')}{_ASKED}", length=1).url
        if not moved.endswith(_ASKED) or moved.removesuffix(_ASKED) == url.rstrip("/"):
            raise
        return ask(moved.removesuffix(_ASKED), addresses=http.addresses(moved))


def web_address(url: str) -> SourceUrl | None:
    """Return a repository's URL over https; None if it is not on the web."""
    web = re.sub(r"^(?:git\+)?(?:git|ssh)://(?:[^@/]+@)?", "https://", url.removeprefix("git+"))
    return SourceUrl.parse(re.sub(r"^[\w.-]+@([\w.-]+):(?!//)", r"https://\1/", web))


def remote_tags(url: str, *, timeout: float = _TIMEOUT, addresses: Sequence[str] = ()) -> Mapping[str, str]:
    """Return the tags of the repository at an http or https URL, each with the commit that it stands for.

    An annotated tag stands for the commit that it was made for (`^{}`), not for its own object. The host is asked at
    `addresses` where they are given, so that its name leads nowhere else meanwhile (git 2.37 or later, without a
    proxy). No redirect is followed, and ~/.netrc is not read: the URL comes out of a recipe. Raises as `own_git` does,
    InputError for any other URL.
    """
    asked = (*_asking(url, addresses), "ls-remote", "--tags", "--", url)
    return parse_refs(own_git(*asked, about=url, timeout=timeout, environment=_NO_HOME, limit=_LARGEST))


def _asking(url: str, addresses: Sequence[str]) -> tuple[str, ...]:
    """Return git's settings to ask a repository with. Raises InputError for a URL that is not http or https."""
    if SourceUrl.parse(url) is None:
        raise InputError(f"{redact(url)}: only http and https repositories are queried")
    return (*_WEB, "-c", "http.followRedirects=false", *_pinned(url, addresses))


def _pinned(url: str, addresses: Sequence[str]) -> tuple[str, ...]:
    """Return git's setting that sends requests to a host to these addresses; () for a host that is an address."""
    parts = split_url(url)
    name = parts.hostname or ""
    if not addresses or ":" in name:
        return ()
    port = parts.port or {"http": 80}.get(parts.scheme, 443)
    numbers = ",".join(f"[{each}]" if ":" in each else each for each in addresses)
    return ("-c", f"http.curloptResolve={name}:{port}:{numbers}")


def parse_refs(listing: bytes) -> dict[str, str]:
    """Return tag to commit, out of what `git ls-remote` writes."""
    tags: dict[str, str] = {}
    for line in listing.decode(errors="replace").splitlines():
        match = _REF.fullmatch(line)
        if match is None:
            continue
        name = match[2].removesuffix("^{}")
        # The peeled line comes after the tag's own.
        if name != match[2] or name not in tags:
            tags[name] = match[1]
    return tags


def from_tags(origin: Origin, tags: Mapping[str, str], version: str) -> Offers:
    """Return what the tags of a repository offer to a recipe at `version`; `tags` maps tag to commit."""
    tag = origin.tag or _own_tag(tags, version, origin.commit)
    spelling = learned(tag, version) if tag else None
    if spelling is None:
        return Offers(origin=origin, offers=(), unread=(_unlearned(origin, tags, version),))
    offers, unread = _read(spelling, tags, origin)
    return Offers(origin=origin, offers=tuple(offers), unread=tuple(unread), tag=tag)


def tags_of(tags: Mapping[str, str], commit: str, version: str) -> list[str]:
    """Return the tags of a commit that spell a version, the plainest first."""
    named = (tag for tag, its in tags.items() if its == commit and learned(tag, version) is not None)
    return sorted(named, key=lambda tag: (len(tag), tag))


def tagged_commit(tags: Mapping[str, str], commit: str, old: str, new: str) -> tuple[str, str] | None:
    """Return the tag of version `new` and its commit, where `commit` is that of a tag of version `old`.

    None if it is not, or where no tag spells `new` in the same way.
    """
    wanted = read_version(new)
    for spelling in (learned(tag, old) for tag in tags_of(tags, commit, old)):
        for tag, its in tags.items() if spelling is not None and wanted is not None else ():
            if spelling is not None and spelling.read(tag) == wanted:
                return tag, its
    return None


def _read(spelling: Spelling, tags: Iterable[str], origin: Origin) -> tuple[list[Offer], list[UnreadTag]]:
    offers: dict[Version, Offer] = {}
    unread = []
    for tag in tags:
        read = spelling.read(tag)
        if not isinstance(read, HostVersion):
            unread.append(UnreadTag(tag=tag, reason=read))
            continue
        other = offers.get(read)
        if other is None or (other.tag.startswith(spelling.before) < tag.startswith(spelling.before)):
            offers[read] = Offer(version=read, tag=tag, page=origin.release_page(tag))
    return list(offers.values()), unread


def _own_tag(tags: Mapping[str, str], version: str, commit: str) -> str:
    """Return the recipe's own tag where its URL does not say: of the commit that it takes, else the plainest one."""
    fitting = [tag for tag in tags if learned(tag, version) is not None]
    if commit:
        fitting = [tag for tag in fitting if tags[tag] == commit] or fitting
    return min(fitting, key=lambda tag: (len(tag), tag), default="")


def _unlearned(origin: Origin, tags: Mapping[str, str], version: str) -> UnreadTag:
    if origin.tag:
        return UnreadTag(tag=origin.tag, reason=OwnTagMismatch(tag=origin.tag, version=version))
    if not tags:
        return UnreadTag(reason=NoTags(place=origin.name))
    return UnreadTag(reason=NoOwnTag(place=origin.name, version=version))
