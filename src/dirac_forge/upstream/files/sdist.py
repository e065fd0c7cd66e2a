"""What a source archive says: read in one pass, in bounded memory, and nothing of it run or written to disk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import IO

from dirac_forge.errors import InputError
from dirac_forge.http import Http
from dirac_forge.store import Store
from dirac_forge.upstream import blobs as kept
from dirac_forge.upstream.files.archive import ArchiveLimits, ArchiveMember
from dirac_forge.upstream.files.contents import Contents, Reader
from dirac_forge.upstream.files.crate import crate_manifest
from dirac_forge.upstream.files.declared import declared_metadata, declared_scripts
from dirac_forge.upstream.files.entrypoints import NO_SCRIPTS, FoundScripts, from_text
from dirac_forge.upstream.files.facts import CoreMetadata, EntryPoint, SdistFacts
from dirac_forge.upstream.files.listed import with_listed
from dirac_forge.upstream.files.literals import builds_parser
from dirac_forge.upstream.files.metadata import check_own, checked, read_email
from dirac_forge.upstream.files.plain import read_toml
from dirac_forge.upstream.files.requires import completed
from dirac_forge.upstream.files.setuptools import Said, from_setup_cfg, from_setup_py
from dirac_forge.upstream.files.unpack import members
from dirac_forge.upstream.index.project import ReleaseFile
from dirac_forge.upstream.problems import Problem, unread

SDIST_LIMIT = 250 * 1024 * 1024
"""Bytes of a source archive that is fetched."""
_COMMANDS = 8
"""How many command-line modules are looked for: a recipe tests a few commands."""


def sdist_facts(
    http: Http,
    file: ReleaseFile,
    store: Store,
    *,
    project: str,
    limits: ArchiveLimits | None = None,
    imports: bool = True,
) -> SdistFacts:
    """Return what the source archive `file` of `project` says; compared with all hashes that the index lists.

    Without `imports`, what plain modules import and which of them parse command lines may be left out.

    Raises ArchiveError for a corrupt or bomb-like archive, TooLargeError, HashMismatchError, NotFoundError and
    UnreachableError as `http` does. Metadata that lies or can't be read is not an error: it is left out, and the facts'
    problems say why.
    """
    key = kept.key_of(file)
    kinds = ("sdist",) if imports else ("sdist-build", "sdist")
    for kind in kinds if key else ():
        if (known := kept.load(SdistFacts, store.get(kept.kind(kind), key or ""))) is not None:
            return known
    with http.download(file.url, limit=SDIST_LIMIT, hashes=file.hashes) as body:
        facts = read_sdist(body, file, project=project, limits=limits or ArchiveLimits(), imports=imports)
    if key:
        store.put(kept.kind(kinds[0]), key, kept.dump(facts))
    return facts


def read_sdist(
    body: IO[bytes], file: ReleaseFile, *, project: str, limits: ArchiveLimits, imports: bool = True
) -> SdistFacts:
    """Return the facts of an archive that is here already; `imports` as for `sdist_facts`."""
    digest = file.sha256 or _sha256(body)
    size = body.seek(0, 2)
    body.seek(0)
    problems: list[Problem] = []
    reader = Reader(file.filename, imports=imports)
    for member in members(body, filename=file.filename, size=size, limits=limits, problems=problems):
        reader.add(member)
    contents = reader.contents()
    return _Sdist(contents, file, project, [*problems, *contents.problems]).facts(digest)


def read_folder(members: Iterable[ArchiveMember], file: ReleaseFile, *, project: str) -> SdistFacts:
    """Return the facts of a source tree, whose files are below one top folder."""
    reader = Reader(file.filename)
    for member in members:
        reader.add(member)
    contents = reader.contents()
    return _Sdist(contents, file, project, list(contents.problems)).facts("")


def _sha256(body: IO[bytes]) -> str:
    body.seek(0)
    return hashlib.file_digest(body, "sha256").hexdigest()  # type: ignore[arg-type]


def _dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


class _Sdist:
    """The contents of an archive, being judged."""

    def __init__(self, contents: Contents, file: ReleaseFile, project: str, problems: list[Problem]) -> None:
        self._contents = contents
        self._file = file
        self._project = project
        self._problems = problems
        self._pyproject = self._toml("pyproject.toml")
        self._toml(crate_manifest(self._pyproject))  # a problem, if it can't be read
        self._py = self._said("setup.py")
        self._cfg = self._said("setup.cfg")

    def facts(self, digest: str) -> SdistFacts:
        metadata, source = self._metadata()
        scripts = self._scripts()
        self._problems += [*self._cfg.problems, *self._py.problems]
        return SdistFacts(
            filename=self._file.filename,
            sha256=digest,
            metadata=metadata,
            metadata_from=source,
            pyproject=self._pyproject,
            texts=self._contents.texts,
            headers=self._contents.headers,
            includes=self._contents.includes,
            configured=self._contents.configured,
            members=self._contents.names,
            modules=self._contents.modules,
            command_line_modules=self._command_line_modules(scripts.points),
            entry_points=scripts.points,
            odd_scripts=scripts.odd,
            setup=self._setup(),
            problems=tuple(self._problems),
        )

    def _command_line_modules(self, points: Sequence[EntryPoint]) -> frozenset[str]:
        """Return modules that parse a command line: of the first commands by name, since few are ever tested."""
        scripts = {_dotted(path): path for path in self._contents.scripts}
        looked: dict[str, bool] = {}
        for point in sorted(points, key=lambda point: point.name):
            module = point.value.partition(":")[0]
            for folder in ("", "src.", "lib.", "python."):
                path = scripts.get(f"{folder}{module}")
                if path is not None and path not in looked:
                    looked[path] = builds_parser(self._contents.scripts[path])
            if sum(looked.values()) >= _COMMANDS:
                break
        return frozenset(path for path, parses in looked.items() if parses)

    def _setup(self) -> Mapping[str, object]:
        """Return the arguments of setup(), setup.py's before those of setup.cfg where both are literal."""
        fields = dict(self._cfg.fields)
        for key, value in self._py.fields.items():
            if value is not None or key not in fields:
                fields[key] = value
        return fields

    def _where(self, path: str) -> str:
        return f"{path} of {self._file.filename}"

    def _toml(self, path: str) -> Mapping[str, object]:
        text = self._contents.texts.get(path)
        if text is None:
            return {}
        try:
            return read_toml(text)
        except ValueError as exc:
            self._problems.append(unread(self._where(path), str(exc)))
            return {}

    def _said(self, path: str) -> Said:
        text = self._contents.texts.get(path)
        if text is None:
            return Said()
        where = self._where(path)
        if path.endswith(".py"):
            return from_setup_py(text.encode(), where=where)
        texts = self._contents.texts
        return from_setup_cfg(text, where=where, texts=texts, pbr=bool(self._py.fields.get("pbr")))

    def _metadata(self) -> tuple[CoreMetadata | None, str | None]:
        """Return the most trusted source that says something; what is another project's or release's is left out."""
        version = self._file.version
        sources: tuple[tuple[str, Callable[[], CoreMetadata | None]], ...] = (
            ("PKG-INFO", self._pkg_info),
            ("pyproject.toml", self._declared),
            ("setup.cfg", lambda: self._cfg.metadata(name=self._project, version=version)),
            ("setup.py", lambda: self._py.metadata(name=self._project, version=version)),
        )
        for path, read in sources:
            try:
                metadata = read()
                if metadata is None:
                    continue
                check_own(metadata, name=self._project, version=version)
            except InputError as error:
                self._problems.append(Problem(kind="left-out", about=self._where(path), what=error.message))
                continue
            sound = checked(self._completed(path, metadata), self._where(path))
            self._problems += [problem for problem in sound.problems if problem not in self._problems]
            return sound.metadata, path
        return None, None

    def _pkg_info(self) -> CoreMetadata | None:
        text = self._contents.pkg_info
        if text is None:
            return None
        reading = read_email(text, where=self._where("PKG-INFO"), sdist=True)
        self._problems += reading.problems
        return reading.metadata

    def _declared(self) -> CoreMetadata | None:
        metadata = declared_metadata(self._pyproject, version=self._file.version)
        return with_listed(metadata, self._pyproject, self._contents.texts) if metadata is not None else None

    def _completed(self, path: str, metadata: CoreMetadata) -> CoreMetadata:
        """Complete a PKG-INFO without requirements from what the same archive says elsewhere."""
        if path != "PKG-INFO":
            return metadata
        requires = self._contents.egg_info("requires.txt")
        if requires is None and self._contents.has_egg_info:
            requires = ""
        name, version = metadata.name, metadata.version
        said = []
        for read in (self._py.metadata, self._cfg.metadata):
            with suppress(InputError):  # of its version, which PKG-INFO has
                said += [literal] if (literal := read(name=name, version=version)) else []
        static = None
        with suppress(InputError):
            static = self._declared()
        return completed(metadata, static=static, requires_txt=requires, said=said)

    def _scripts(self) -> FoundScripts:
        """Return the scripts of the most trusted place that declares some."""
        text = self._contents.egg_info("entry_points.txt")
        places = (
            declared_scripts(self._pyproject),
            self._cfg.scripts,
            self._py.scripts,
            from_text(text or "", where=self._where("entry_points.txt")),
        )
        # What can't be read says nothing: the build itself wrote entry_points.txt.
        found = next((place for place in places if place.points or place.odd), NO_SCRIPTS)
        self._problems += () if found else (problem for place in places for problem in place.problems)
        return found
