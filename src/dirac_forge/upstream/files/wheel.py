"""What a wheel says, without fetching all of it where that can be avoided."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from packaging.utils import canonicalize_name

from dirac_forge.bounded import Seekable
from dirac_forge.errors import InputError
from dirac_forge.http import Http, NotFoundError
from dirac_forge.http.hashes import check_hashes
from dirac_forge.store import Store
from dirac_forge.upstream import blobs as kept
from dirac_forge.upstream.files.archive import ArchiveError, checked_name
from dirac_forge.upstream.files.entrypoints import NO_SCRIPTS, FoundScripts, from_text
from dirac_forge.upstream.files.facts import CoreMetadata, WheelFacts
from dirac_forge.upstream.files.filenames import wheel_tags
from dirac_forge.upstream.files.metadata import METADATA_LIMIT, check_own, read_email
from dirac_forge.upstream.files.remote import NoRangesError, RemoteFile
from dirac_forge.upstream.files.zipped import open_zip, read_zip
from dirac_forge.upstream.index.project import Release, ReleaseFile
from dirac_forge.upstream.problems import Problem, ProblemKind

WHEEL_LIMIT = 1024 * 1024 * 1024
"""Bytes of a wheel that is fetched whole, where a server can't give parts."""

_MEMBERS = 100_000
_TEXT_LIMIT = 1024 * 1024
_PTH_LIMIT = 64 * 1024
_TEXTS_LIMIT = 8 * 1024 * 1024
"""Bytes of one licence text or entry_points.txt, and of all of them."""


def best_wheel(release: Release) -> ReleaseFile | None:
    """Return the wheel to read: pure ones first, then Linux ones for the newest CPython; none for Python 2 only, none
    yanked while another is not. The same release gives the same wheel.
    """
    wheels = [file for file in release.wheels if _for_python3(file)]
    return min(wheels, key=_preference, default=None)


def _for_python3(file: ReleaseFile) -> bool:
    return any(not re.match(r"(?:py|cp|pp)2", tag) for tag in wheel_tags(file.filename).pythons)


def _preference(file: ReleaseFile) -> tuple[bool, bool, bool, bool, bool, int, str]:
    tags = wheel_tags(file.filename)
    minor = max(
        (int(match[1] or 0) for tag in tags.pythons if (match := re.fullmatch(r"(?:cp|py)3(\d{0,3})", tag))), default=-1
    )
    platforms = " ".join(tags.platforms)
    return (
        file.yanked is not None,
        "any" not in tags.platforms,
        any(abi.endswith("t") for abi in tags.abis),
        "linux" not in platforms,
        "x86_64" not in platforms,
        -minor,
        file.filename,
    )


def wheel_facts(http: Http, file: ReleaseFile, store: Store, *, project: str, full: bool) -> WheelFacts:
    """Return what the wheel `file` of `project` says.

    With `full` False the metadata alone: from `<url>.metadata` where the index has it (its hash is checked), else as
    below. With `full` True also members, entry points and licence texts: read out of the remote file by range requests,
    where the server has them, else out of the whole file. A whole file is checked against its SHA-256; parts can't be.

    Raises ArchiveError for a corrupt or bomb-like wheel, InputError if it has no metadata, HashMismatchError,
    NotFoundError and UnreachableError as `http` does. What is odd but not fatal is in the facts' problems.
    """
    key = kept.key_of(file)
    for kind in ("wheel",) if full else ("wheel-metadata", "wheel"):
        if key and (known := kept.load(WheelFacts, store.get(kept.kind(kind), key))) is not None:
            return known
    facts = None if full else _from_metadata_file(http, file, project)
    if facts is None:
        with _opened(http, file) as archive:
            facts = _Wheel(archive, file, project).facts(full=full)
    if key:
        store.put(kept.kind("wheel" if full else "wheel-metadata"), key, kept.dump(facts))
    return facts


def read_wheel(body: Seekable, file: ReleaseFile, *, project: str) -> WheelFacts:
    """Return everything that a wheel which is here already says; raises as `wheel_facts` does."""
    return _Wheel(open_zip(body, file.filename), file, project).facts(full=True)


def _from_metadata_file(http: Http, file: ReleaseFile, project: str) -> WheelFacts | None:
    """Return the facts from PEP 658's file; None if the index has none."""
    if file.metadata_hashes is None:
        return None
    url = f"{file.url}.metadata"
    try:
        data = http.page(url, limit=METADATA_LIMIT).body
    except NotFoundError:
        return None
    check_hashes(data, file.metadata_hashes, url)
    metadata, problems = _metadata(data, file, project)
    return _facts(file, metadata, problems)


def _metadata(data: bytes, file: ReleaseFile, project: str) -> tuple[CoreMetadata, tuple[Problem, ...]]:
    try:
        reading = read_email(data, where=f"METADATA of {file.filename}")
        check_own(reading.metadata, name=project, version=file.version)
    except InputError as error:
        raise InputError(f"{file.filename} has no usable metadata: {error.message}.") from error
    return reading.metadata, reading.problems


def _facts(
    file: ReleaseFile,
    metadata: CoreMetadata,
    problems: Iterable[Problem],
    *,
    members: tuple[str, ...] = (),
    path_folders: tuple[str, ...] = (),
    scripts: FoundScripts = NO_SCRIPTS,
    license_texts: Mapping[str, str] | None = None,
) -> WheelFacts:
    tags = wheel_tags(file.filename)
    return WheelFacts(
        filename=file.filename,
        pure=set(tags.platforms) == {"any"} and set(tags.abis) == {"none"},
        abi3="abi3" in tags.abis,
        metadata=metadata,
        entry_points=scripts.points,
        odd_scripts=scripts.odd,
        members=members,
        path_folders=path_folders,
        license_texts=license_texts or {},
        problems=tuple(problems),
    )


@contextmanager
def _opened(http: Http, file: ReleaseFile) -> Iterator[zipfile.ZipFile]:
    """Yield the wheel as a zip, in parts where the server allows."""
    try:
        remote = RemoteFile(http, file.url, tail=_tail(file.size))
    except NoRangesError:
        with http.download(file.url, limit=WHEEL_LIMIT, hashes=file.hashes) as whole:
            yield open_zip(whole, file.filename)
        return
    if remote.whole is not None:
        check_hashes(remote.whole, file.hashes, file.url)
    yield open_zip(remote, file.filename)


def _tail(size: int | None) -> int:
    """Return how much of a wheel's end to ask for: directory and RECORD grow with the number of members, thus with
    the size.

    Small wheels come whole, so that their hash is checked. One request does for all but one of DIRAC's dependencies.
    """
    size = size or 0
    return size if 0 < size <= 256 * 1024 else min(max(96 * 1024, size // 8), 384 * 1024)


class _Wheel:
    """A wheel's archive, being read."""

    def __init__(self, archive: zipfile.ZipFile, file: ReleaseFile, project: str) -> None:
        self._archive = archive
        self._file = file
        self._project = project
        self._problems: list[Problem] = []
        infos = archive.infolist()
        if len(infos) > _MEMBERS:
            raise ArchiveError(f"{file.filename} holds more than {_MEMBERS} members: refused.")
        self._infos: dict[str, zipfile.ZipInfo] = {}
        for info in infos:
            self._add(info)
        self._dist_info = self._find_dist_info()

    def _add(self, info: zipfile.ZipInfo) -> None:
        if info.filename.endswith("/"):
            return
        if checked_name(info.filename) != info.filename:
            self._tell("not-plain", info.filename)
        elif info.filename in self._infos:
            if ".dist-info/" in info.filename:
                raise ArchiveError(
                    f"{self._file.filename} holds {info.filename[:80]!r} twice, and it is unclear which one counts."
                )
            self._tell("appears-again", info.filename)
        else:
            self._infos[info.filename] = info

    def _tell(self, kind: ProblemKind, name: str = "") -> None:
        self._problems.append(Problem(kind=kind, about=self._file.filename, what=name[:80]))

    def _find_dist_info(self) -> str:
        folders = sorted(
            {name.partition("/")[0] for name in self._infos if name.count("/") == 1 and _METADATA.search(name)}
        )
        if len(folders) > 1:
            folders = [name for name in folders if self._is_own(name)] or folders
            self._tell("several-dist-infos")
        if len(folders) != 1:
            what = "several .dist-info folders with METADATA" if folders else "no .dist-info/METADATA"
            raise InputError(f"{self._file.filename} has {what}: not a readable wheel.")
        return folders[0]

    def _is_own(self, folder: str) -> bool:
        name = folder.removesuffix(".dist-info").partition("-")[0]
        return canonicalize_name(name) == canonicalize_name(self._project)

    def facts(self, *, full: bool) -> WheelFacts:
        metadata, problems = _metadata(
            self._read(f"{self._dist_info}/METADATA", METADATA_LIMIT), self._file, self._project
        )
        if not full:
            return _facts(self._file, metadata, (*self._problems, *problems))
        scripts = NO_SCRIPTS
        if (path := f"{self._dist_info}/entry_points.txt") in self._infos:
            text = self._read(path, _TEXT_LIMIT).decode("utf-8", "replace")
            scripts = from_text(text, where=f"entry_points.txt of {self._file.filename}")
        texts = self._license_texts(metadata)
        return _facts(
            self._file,
            metadata,
            (*self._problems, *problems, *scripts.problems),
            members=tuple(sorted(self._infos)),
            path_folders=tuple(self._path_folders()),
            scripts=scripts,
            license_texts=texts,
        )

    def _path_folders(self) -> Iterator[str]:
        """Yield the folders in .pth files; what these have run is left alone."""
        for name in sorted(self._infos):
            if name.endswith(".pth") and "/" not in name and self._infos[name].file_size <= _PTH_LIMIT:
                for line in self._read(name, _PTH_LIMIT).decode("utf-8", "replace").splitlines():
                    folder = line.strip().replace("\\", "/").strip("/")
                    if folder and not folder.startswith(("#", "import ", "import\t", ".")):
                        yield folder

    def _license_texts(self, metadata: CoreMetadata) -> dict[str, str]:
        declared = set(metadata.license_files)
        texts: dict[str, str] = {}
        left = _TEXTS_LIMIT
        for name in sorted(self._infos):
            if not name.startswith(f"{self._dist_info}/") or self._infos[name].file_size > _TEXT_LIMIT:
                continue
            path = name.removeprefix(f"{self._dist_info}/")
            short = path.removeprefix("licenses/").removeprefix("license_files/")
            if (short != path or path in declared or _LICENSE.match(path.rpartition("/")[2])) and left > 0:
                texts[short] = self._read(name, _TEXT_LIMIT).decode("utf-8", "replace")
                left -= len(texts[short])
        return texts

    def _read(self, name: str, limit: int) -> bytes:
        info = self._infos[name]
        if info.file_size > limit:
            raise ArchiveError(
                f"{self._file.filename}: {name} has {info.file_size} bytes (at most {limit} are read): refused."
            )
        return read_zip(self._archive, info, self._file.filename, limit=limit)


_METADATA = re.compile(r"\.dist-info/METADATA\Z")
_LICENSE = re.compile(r"(?:licen[cs]es?|copying|notice|copyright|authors|unlicense|eula)", re.IGNORECASE)
