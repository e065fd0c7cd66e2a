"""Releases that no index has: an archive at a tag of a repository, a folder, an sdist or wheel file."""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import IO, Literal

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from dirac_forge.errors import ForgeError, InputError
from dirac_forge.files import read_bytes
from dirac_forge.git import own_git
from dirac_forge.http import Http
from dirac_forge.untrusted import parse_version, split_url
from dirac_forge.upstream.arguments import SDIST_SUFFIXES
from dirac_forge.upstream.files.archive import ArchiveLimits, ArchiveMember
from dirac_forge.upstream.files.crate import with_crate
from dirac_forge.upstream.files.declared import table
from dirac_forge.upstream.files.facts import CoreMetadata, ReleaseFacts, SdistFacts
from dirac_forge.upstream.files.sdist import SDIST_LIMIT, read_folder, read_sdist
from dirac_forge.upstream.files.wheel import read_wheel
from dirac_forge.upstream.index.project import Release, ReleaseFile
from dirac_forge.upstream.problems import Problem, ProblemKind
from dirac_forge.upstream.tree_version import version_of_tree
from dirac_forge.values import dataclass

_MOST_FILES = 20_000
_ASIDE = {".git", ".hg", ".tox", ".venv", "node_modules", "__pycache__", "build", "dist", ".eggs", ".mypy_cache"}


@dataclass(frozen=True, kw_only=True, slots=True)
class RepositoryTag:
    """A repository on a forge, and one of its tags."""

    url: str
    """Without the tag and `.git`."""
    tag: str
    """"" for the newest one."""
    forge: Literal["github", "gitlab"]

    @property
    def archive(self) -> str:
        """Where the forge serves the tag's archive."""
        name = self.url.rpartition("/")[2]
        if self.forge == "github":
            return f"{self.url}/archive/refs/tags/{self.tag}.tar.gz"
        return f"{self.url}/-/archive/{self.tag}/{name}-{self.tag}.tar.gz"


def _tag_in(path: str) -> tuple[str, str]:
    """Return the path of a repository and the tag of a page of it, "" for none."""
    match = re.fullmatch(r"([^/]+/[^/]+)/(?:releases/tag|tree)/(.+)|(.+?)/-/(?:tags|tree)/(.+)", path)
    return (match[1] or match[3], match[2] or match[4]) if match else (path, "")


def repository_tag(text: str) -> RepositoryTag:
    """Read `https://HOST/OWNER/REPO[@TAG]`.

    Raises:
        InputError: it is not the address of a repository on GitHub or GitLab.
    """
    url, at, tag = text.partition("@") if "@" in text.rpartition("/")[2] else (text, "", "")
    parts = split_url(url)
    path = parts.path.strip("/").removesuffix(".git")
    if parts.fragment or "#" in tag:
        raise InputError(
            f"{text!r} is a subdirectory of a repository",
            hint="Check the repository out, and give the project's folder: ./REPOSITORY/SUBDIRECTORY.",
        )
    path, in_path = _tag_in(path)
    tag = tag or in_path
    if not parts.hostname or not re.fullmatch(r"[\w.~-]+(?:/[\w.~-]+)+", path) or (at and not tag):
        raise InputError(
            f"{text!r} is not the address of a repository",
            hint="Give https://github.com/OWNER/REPO or https://gitlab.example.org/GROUP/REPO, and @TAG.",
        )
    if tag and not re.fullmatch(r"[\w./+-]+", tag):
        raise InputError(f"{tag!r} is not a valid tag")
    return RepositoryTag(url=f"{parts.scheme}://{parts.netloc}/{path}", tag=tag, forge=_forge(parts.hostname))


def _forge(host: str) -> Literal["github", "gitlab"]:
    return "github" if host in {"github.com", "www.github.com"} else "gitlab"


def from_repository(http: Http, repository: RepositoryTag) -> ReleaseFacts:
    """Return the facts of the archive at a tag, read statically.

    Raises:
        InputError: the tag has no version, or the archive is none or names no project.
        NotFoundError: there is no such tag or repository.
        UnreachableError: the host can't be asked.
    """
    version = _version_of_tag(repository.tag)
    with http.download(repository.archive, limit=SDIST_LIMIT) as body:
        digest = hashlib.file_digest(body, "sha256").hexdigest()  # type: ignore[arg-type]
        body.seek(0)
        file = ReleaseFile(
            filename=repository.archive.rpartition("/")[2],
            url=repository.archive,
            kind="sdist",
            version=version,
            hashes={"sha256": digest},
        )
        facts = _named_sdist(body, file)
    return _release(facts, file, repository=repository.url)


def from_file(path: Path) -> ReleaseFacts:
    """Return the facts of an sdist or wheel in a file.

    Raises:
        InputError: it can't be read, or its name is not that of an sdist or wheel.
    """
    try:
        data = read_bytes(path, most=SDIST_LIMIT) if path.stat().st_size <= SDIST_LIMIT else None
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror or error}") from error
    if data is None:
        raise InputError(f"{path} is larger than the limit for a release ({SDIST_LIMIT // 1024**2} MB)")
    digest = hashlib.sha256(data).hexdigest()
    try:
        name, version = (
            parse_wheel_filename(path.name)[:2] if path.suffix == ".whl" else parse_sdist_filename(path.name)
        )
    except (InvalidWheelFilename, InvalidSdistFilename) as error:
        hint = "Give an sdist (.tar.gz, .zip), a wheel (.whl), or a folder with pyproject.toml or setup.py."
        raise InputError(f"{path.name} is not named like an sdist or wheel: {error}", hint=hint) from error
    file = ReleaseFile(
        filename=path.name,
        url=path.resolve().as_uri(),
        kind="wheel" if path.suffix == ".whl" else "sdist",
        version=version,
        hashes={"sha256": digest},
    )
    if file.kind == "wheel":
        wheel = read_wheel(BytesIO(data), file, project=name)
        release = Release(project=wheel.metadata.name, version=version, files=(file,))
        return ReleaseFacts(
            release=release,
            metadata=wheel.metadata,
            metadata_from=path.name,
            wheel=wheel,
            problems=wheel.problems,
        )
    return _release(read_sdist(BytesIO(data), file, project=name, limits=ArchiveLimits()), file, name=name)


def from_folder(folder: Path) -> ReleaseFacts:
    """Return the facts of a source tree, read statically.

    A version that can't be read without running code is that of a tag of the commit in a git clone, else 0.0.0.

    Raises:
        InputError: there is no such folder, it has too many files, or it names no project, or is broken.
    """
    if not folder.exists():
        what = (
            "file"
            if folder.name.endswith((".whl", *SDIST_SUFFIXES))
            else "file or folder"
            if folder.suffix
            else "folder"
        )
        raise InputError(f"there is no {what} {folder}")
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder", hint="Give the folder with pyproject.toml or setup.py.")
    file = ReleaseFile(
        filename=f"{folder.resolve().name}.tar.gz",
        url=folder.resolve().as_uri(),
        kind="sdist",
        version=Version("0.0.0"),
    )
    members = tuple(_files(folder.resolve()))
    facts = read_folder(members, file, project=folder.resolve().name)
    if (name := _own_name(facts)) is None:
        raise _nameless(folder)
    version = version_of_tree(folder, facts, name=name)
    tagged = _tagged(folder) if version is None else {}
    computed: tuple[Problem, ...] = ()
    if version is None:
        version = max(tagged, default=Version("0.0.0"))
        kind: ProblemKind = "computed-version-tagged" if tagged else "computed-version"
        computed = (Problem(kind=kind, about=str(folder), what=tagged.get(version, str(version))),)
    file = replace(file, version=version)
    made = _release(read_folder(members, file, project=name), file)
    return replace(made, problems=(*made.problems, *computed))


def _nameless(folder: Path) -> InputError:
    """Return the error for a folder that names no project: its pyproject.toml may be broken."""
    file = folder / "pyproject.toml"
    if file.is_file() and not file.is_symlink() and file.stat().st_size <= _MOST_TOML:
        try:
            tomllib.loads(_start_of(file, _MOST_TOML).decode("utf-8"))
        except (ValueError, RecursionError) as exc:
            return InputError(f"{file} is not valid TOML: {exc}", hint="Correct it: it has to name the project.")
    return InputError(f"{folder} names no project", hint="It has neither [project] name in pyproject.toml nor setup().")


_MOST_TOML = 50_000
"""Bytes: a longer pyproject.toml is not read again to say what is wrong with it, since a hostile one takes long."""

_PLAIN_TAG = re.compile(r"[vV]?\d")


def _tagged(folder: Path) -> dict[Version, str]:
    """Return the versions that the tags of the commit name which is checked out, each with its tag."""
    if not (folder / ".git").exists():
        return {}
    try:
        said = own_git("tag", "--points-at", "HEAD", about=str(folder), folder=folder).decode("utf-8", "replace")
    except ForgeError:
        return {}
    matches = ((tag, re.search(r"(?:^|[^\d.])(\d[^/]*)$", tag)) for tag in said.splitlines())
    versions = ((parse_version(match[1]), tag) for tag, match in matches if match is not None)
    found = {version: tag for version, tag in versions if version is not None}
    # Beside `v1.2`, `nightly-20250301` is no version, and `other-3.0` that of something else.
    return {version: tag for version, tag in found.items() if _PLAIN_TAG.match(tag)} or found


def as_published(facts: ReleaseFacts, indexed: ReleaseFile | None = None) -> ReleaseFacts:
    """Return the facts of a folder or sdist with the sdist that the index serves or will serve (PEP 625) as source.

    `indexed` is that file, if it is there already.
    """
    file = facts.release.sdist
    if file is None or not file.url.startswith("file:"):
        return facts
    name = canonicalize_name(facts.release.project).replace("-", "_")
    filename = file.filename if file.hashes else f"{name}-{facts.release.version}.tar.gz"
    published = replace(file, filename=filename, url=f"https://files.pythonhosted.org/packages/source/{filename}")
    problems = facts.problems
    if indexed is not None:
        if file.sha256 not in {None, indexed.sha256}:
            problems = (*problems, Problem(kind="other-file", about=indexed.filename))
        published = indexed
    sdist = facts.sdist
    if sdist is not None and published.sha256 is not None:
        sdist = replace(sdist, sha256=published.sha256)
    return replace(facts, sdist=sdist, problems=problems, release=replace(facts.release, files=(published,)))


def _files(folder: Path) -> Iterator[ArchiveMember]:
    """Yield the regular files of a tree; links are not followed."""
    count = 0
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _ASIDE and not Path(here, name).is_symlink())
        for name in sorted(names):
            path = Path(here, name)
            if path.is_symlink() or not path.is_file():
                continue
            count += 1
            if count > _MOST_FILES:
                raise InputError(f"{folder} has more than {_MOST_FILES} files: not a project's source tree")
            yield ArchiveMember(
                name=f"source/{path.relative_to(folder).as_posix()}",
                size=path.stat().st_size,
                read=lambda limit, path=path: _start_of(path, limit),  # type: ignore[misc]
            )


def _start_of(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        return file.read(limit)


def _named_sdist(body: IO[bytes], file: ReleaseFile) -> SdistFacts:
    """Return the facts of an archive whose name does not tell the project: what it says itself counts."""
    facts = read_sdist(body, file, project="", limits=ArchiveLimits())
    name = _own_name(facts)
    if name is None:
        raise InputError(f"{file.url} names no project in pyproject.toml, setup.cfg or setup.py")
    body.seek(0)
    return read_sdist(body, file, project=name, limits=ArchiveLimits())


def _own_name(facts: SdistFacts) -> str | None:
    flit = table(facts.pyproject, "tool", "flit", "metadata")
    declared = (table(facts.pyproject, *key).get("name") for key in (("project",), ("tool", "poetry")))
    names = (*declared, flit.get("dist-name"), flit.get("module"), facts.setup.get("name"))
    return next((name for name in names if isinstance(name, str)), None)


def _version_of_tag(tag: str) -> Version:
    match = re.search(r"\d.*$", tag)
    try:
        return Version(match[0].replace("_", ".") if match else "")
    except ValueError:
        raise InputError(f"the tag {tag} has no version", hint="Give a tag such as v1.2.3 after @.") from None


def _release(sdist: SdistFacts, file: ReleaseFile, *, name: str = "", repository: str = "") -> ReleaseFacts:
    name = sdist.metadata.name if sdist.metadata else _own_name(sdist) or name
    metadata = sdist.metadata or CoreMetadata(name=name, version=file.version, dynamic=("requires-dist",))
    metadata = with_crate(replace(metadata, version=file.version), sdist)
    if repository and not metadata.project_urls and not metadata.home_page:
        metadata = replace(metadata, project_urls={"Source": repository})
    return ReleaseFacts(
        release=Release(project=name, version=file.version, files=(file,)),
        metadata=metadata,
        metadata_from=f"{sdist.metadata_from} of {file.filename}" if sdist.metadata_from else "nothing",
        sdist=sdist,
        problems=sdist.problems,
    )
