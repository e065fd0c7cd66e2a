"""Where a source comes from, as its URL tells: which host, project and tag; decides from text alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, unquote, urlsplit

from packaging.utils import canonicalize_name

from dirac_forge.upstream.digests import project_of
from dirac_forge.upstream.files.filenames import FileNames
from dirac_forge.upstream.sources.tags import read_version, spelled_in

__all__ = ["Kind", "Origin", "git_origin", "origin_of"]

Kind = Literal["pypi", "github", "gitlab", "gitea", "bitbucket", "git", "cran", "npm", "cratesio", "url"]

_ARCHIVE = r"(?:tar\.(?:gz|bz2|xz|zst)|tgz|tbz2|zip)"
_NAME = r"[\w.-]+"
_GITHUB_HOSTS = frozenset({"github.com", "www.github.com", "codeload.github.com", "raw.githubusercontent.com"})
_GITHUB = (
    rf"/(?P<repo>{_NAME}/{_NAME})/releases/download/(?P<tag>.+)/(?P<asset>[^/]+)",
    rf"/(?P<repo>{_NAME}/{_NAME})/archive/refs/tags/(?P<tag>.+)\.{_ARCHIVE}",
    rf"/(?P<repo>{_NAME}/{_NAME})/archive/(?P<tag>[^/]+)/[^/]+\.{_ARCHIVE}",
    rf"/(?P<repo>{_NAME}/{_NAME})/archive/(?P<tag>.+)\.{_ARCHIVE}",
    rf"/(?P<repo>{_NAME}/{_NAME})/(?:legacy\.)?(?:tar\.gz|zip)/(?:refs/tags/)?(?P<tag>.+)",
    rf"/(?P<repo>{_NAME}/{_NAME})/(?:tarball|zipball|raw)/(?:refs/tags/)?(?P<tag>[^/]+)(?:/.*)?",
    rf"/(?P<repo>{_NAME}/{_NAME})/refs/tags/(?P<tag>[^/]+)/.+",
)
_RAW = (rf"/(?P<repo>{_NAME}/{_NAME})/(?:refs/tags/)?(?P<tag>[^/]+)/.+",)
_GITLAB = (
    rf"/(?P<repo>(?:{_NAME}/)+{_NAME})/-/archive/(?P<tag>[^/]+)/[^/]+\.{_ARCHIVE}",
    rf"/(?P<repo>(?:{_NAME}/)+{_NAME})/-/archive/(?P<tag>[^/]+)\.{_ARCHIVE}",
    rf"/(?P<repo>(?:{_NAME}/)+{_NAME})/-/(?:raw|releases)/(?:refs/tags/)?(?P<tag>[^/]+)/.+",
    rf"/(?P<repo>(?:{_NAME}/)+{_NAME})/repository/(?P<tag>[^/]+)/archive\.{_ARCHIVE}",
)
_GITEA_HOSTS = re.compile(r"codeberg\.org|notabug\.org|gitea\..+|forgejo\..+|.+\.gitea\.io")
_BITBUCKET = (
    rf"/(?P<repo>{_NAME}/{_NAME})/get/(?P<tag>.+)\.{_ARCHIVE}",
    rf"/(?P<repo>{_NAME}/{_NAME})/downloads/[^/]+",
)
_CRAN = re.compile(r"/src/contrib/(?:Archive/[\w.]+/)?(?P<name>[A-Za-z][\w.]*)_(?P<version>[\d.-]+)\.tar\.gz")
_NPM = re.compile(r"/(?P<name>(?:@[\w.~-]+/)?[\w.~-]+)/-/[^/]+\.tgz")
_CRATES = re.compile(r"(?:/api/v1)?/crates/(?P<name>[\w-]+)/(?:[^/]+/download|[^/]+\.crate)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where one source of a recipe comes from."""

    kind: Kind
    name: str
    """As messages name it: a project, `github.com/owner/name`, or a host."""
    url: str
    """Of the file at the recipe's version; of the repository for a source that is checked out."""
    repository: str = ""
    """Where git finds it, over https; "" where there is none."""
    tag: str = ""
    """The recipe's version's; "" where the URL does not have it."""
    commit: str = ""
    """What is checked out where the recipe names a commit."""
    asset: bool = False
    """Whether the file was attached to a release: a tag alone does not have it."""

    @property
    def page(self) -> str:
        """The repository for people; "" where there is none."""
        return self.repository.removesuffix(".git")

    def release_page(self, tag: str) -> str:
        """Where people read about the release of a tag; "" where that is not known."""
        tag = quote(tag)
        match self.kind:
            case "github" | "gitea":
                return f"{self.page}/releases/tag/{tag}"
            case "gitlab":
                return f"{self.page}/-/tags/{tag}"
            case _:
                return ""

    def compare_page(self, old: str, new: str) -> str:
        """Where people see what changed between two tags; "" where that is not known."""
        if not (old and new):
            return ""
        old, new = quote(old), quote(new)
        match self.kind:
            case "github" | "gitea":
                return f"{self.page}/compare/{old}...{new}"
            case "gitlab":
                return f"{self.page}/-/compare/{old}...{new}"
            case "bitbucket":
                return f"{self.page}/branches/compare/{new}%0D{old}"
            case _:
                return ""


def origin_of(url: str, version: str) -> Origin | None:
    """Where the file at `url` comes from; None for one that has nothing to do with the recipe's `version`."""
    parts = urlsplit(url)
    host, path = (parts.hostname or "").lower(), unquote(parts.path)
    if parts.scheme not in {"http", "https"} or not host:
        return None
    registry = _registry(url, host, path, version)
    if registry is not None:
        return registry
    if not spelled_in(path, version):
        return None
    for kind, patterns in _patterns(host, path):
        for pattern in patterns:
            match = re.fullmatch(pattern, path)
            if match is None:
                continue
            found = match.groupdict()
            tag = found.get("tag") or ""
            repo = found["repo"].removesuffix(".git")
            base = "https://github.com" if kind == "github" else f"{parts.scheme}://{parts.netloc}"
            return Origin(
                kind=kind,
                name=f"{urlsplit(base).hostname}/{repo}",
                url=url,
                repository=f"{base}/{repo}{'.git' if kind == 'gitlab' else ''}",
                tag=tag if spelled_in(tag, version) else "",
                asset=bool(found.get("asset")) or (kind == "bitbucket" and not tag),
            )
    return Origin(kind="url", name=host, url=url)


def _patterns(host: str, path: str) -> list[tuple[Kind, tuple[str, ...]]]:
    if host == "raw.githubusercontent.com":
        return [("github", _RAW)]
    if host in _GITHUB_HOSTS:
        return [("github", _GITHUB)]
    if host == "bitbucket.org":
        return [("bitbucket", _BITBUCKET)]
    if _GITEA_HOSTS.fullmatch(host):
        return [("gitea", _GITHUB)]
    # GitLab is hosted under any name; its paths are its own.
    return [("gitlab", _GITLAB)] if "/-/" in path or host.startswith("gitlab.") else []


def _registry(url: str, host: str, path: str, version: str) -> Origin | None:
    named = project_of(url)
    if named is not None:
        read = FileNames(named[0]).read(named[1])
        own = read_version(version)
        if read is None or own is None or own != read.version:
            return None
        return Origin(kind="pypi", name=canonicalize_name(named[0]), url=url)
    found = _in_registry(host, path)
    if found is None:
        return None
    kind, name, told = found
    # CRAN has `7.3-60` where the recipe has `7.3_60`.
    same = re.split(r"[._-]", told) == re.split(r"[._-]", version) if told else spelled_in(path, version)
    return Origin(kind=kind, name=name, url=url) if same else None


def _in_registry(host: str, path: str) -> tuple[Kind, str, str] | None:
    """Kind, project and what stands where the version should."""
    searched: tuple[tuple[Kind, Callable[[], re.Match[str] | None]], ...] = (
        ("npm", lambda: _NPM.fullmatch(path) if host in {"registry.npmjs.org", "registry.yarnpkg.com"} else None),
        ("cratesio", lambda: _CRATES.fullmatch(path) if host.endswith("crates.io") else None),
        ("cran", lambda: _CRAN.search(path)),
    )
    for kind, search in searched:
        match = search()
        if match is not None:
            return kind, match["name"], match.groupdict().get("version") or ""
    return None


def git_origin(url: str, rev: str, version: str) -> Origin | None:
    """Where a source that git checks out comes from; None for local folders and what is not checked out by version.

    `git://` and `git@host:` are read as https, for nobody is asked for a password or a key here.
    """
    web = re.sub(r"^(?:git\+)?(?:git|ssh)://(?:[^@/]+@)?", "https://", url.removeprefix("git+"))
    web = re.sub(r"^[\w.-]+@([\w.-]+):(?!//)", r"https://\1/", web)
    parts = urlsplit(web)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return None
    host = parts.hostname.lower()
    commit = rev if re.fullmatch(r"[0-9a-f]{40}", rev) else ""
    tag = rev.removeprefix("refs/tags/")
    if not commit and not spelled_in(tag, version):
        return None
    kind: Kind = "git"
    if host in {"github.com", "www.github.com"}:
        kind = "github"
    elif host == "bitbucket.org":
        kind = "bitbucket"
    elif _GITEA_HOSTS.fullmatch(host):
        kind = "gitea"
    elif host.startswith("gitlab.") or host == "gitlab.com":
        kind = "gitlab"
    path = parts.path.strip("/").removesuffix(".git")
    return Origin(
        kind=kind,
        name=f"{host}/{path}",
        url=url,
        repository=f"{parts.scheme}://{parts.netloc}/{parts.path.strip('/')}",
        tag="" if commit else tag,
        commit=commit,
    )
