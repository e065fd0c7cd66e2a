"""Upstream's metadata of the version that a build was made from, looked up once and kept.

The metadata of a release does not change: its files are immutable on the index. What is kept is therefore found again
without reading the project's page; that a release is missing is never kept.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from concurrent.futures import Executor

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from dirac_forge.audit.builds import Published
from dirac_forge.audit.findings import Uncompared
from dirac_forge.audit.projects import projects_for
from dirac_forge.channel.records import Record
from dirac_forge.errors import InputError, UnknownError
from dirac_forge.store import Store
from dirac_forge.untrusted import parse_json
from dirac_forge.upstream.files.facts import ReleaseFacts
from dirac_forge.upstream.files.requirements import RequirementList
from dirac_forge.upstream.once import Once

Facts = Callable[[str, SpecifierSet], ReleaseFacts]
"""The metadata of the release that fits; raises InputError if there is none, UnknownError if nobody answers."""
_KIND = "published-1"


class PublishedLookup:
    """What upstream declares for builds of the channel; safe to use from many threads."""

    def __init__(
        self, facts: Facts, store: Store, *, index_url: str, overrides: Mapping[str, str] | None = None
    ) -> None:
        """Look releases up with `facts` on the index; `overrides` are the workspace's packages of projects."""
        self._facts = facts
        self._store = store
        self._index_url = index_url
        self._overrides = overrides
        self._answer = Once(self._look_up)
        self._begun: set[tuple[str, str]] = set()

    def __call__(self, record: Record) -> Published | Uncompared:
        """Return what upstream declares for the record's version, or why that is not known."""
        return self._answer((record.name, record.version))

    def begin(self, record: Record, executor: Executor) -> None:
        """Start to look the record's version up, once, so that the answer is there sooner when it is asked for."""
        key = (record.name, record.version)
        if key not in self._begun:
            self._begun.add(key)
            executor.submit(self._answer, key)

    def _look_up(self, key: tuple[str, str]) -> Published | Uncompared:
        name, text = key
        projects = projects_for(name, overrides=self._overrides)
        if not projects:
            return Uncompared(kind="not-a-project")
        try:
            version = Version(text)
        except ValueError:
            return Uncompared(kind="not-a-version")
        for project in projects:
            try:
                return self._of_release(project, version)
            except InputError:
                continue
            except UnknownError as error:
                return Uncompared(kind="unreachable", projects=(project,), problem=error.message)
        return Uncompared(kind="no-release", projects=projects)

    def _of_release(self, project: str, version: Version) -> Published | Uncompared:
        digest = hashlib.sha256(f"{self._index_url}\0{project}\0{version}".encode()).hexdigest()
        known = _loaded(self._store.get(_KIND, digest))
        if known is not None:
            return known
        found = self._facts(project, SpecifierSet(f"=={version}"))
        metadata = found.metadata
        if found.metadata_from == "nothing":
            return Uncompared(kind="no-metadata", projects=(project,))
        document = {
            "project": project,
            "requirements": metadata.requires_dist.lines,
            "python": str(metadata.requires_python) if metadata.requires_python else None,
            "where": found.metadata_from,
            "complete": "requires-dist" not in metadata.dynamic,
        }
        try:
            published = _read(document)
        except ValueError as error:
            return Uncompared(kind="unreadable", projects=(project,), problem=f"{found.metadata_from}: {error}")
        self._store.put(_KIND, digest, json.dumps(document).encode())
        return published


def _loaded(blob: bytes | None) -> Published | None:
    """Return the kept value; a damaged one counts as missing."""
    try:
        return None if blob is None else _read(parse_json(blob))
    except (ValueError, KeyError, TypeError):
        return None


def _read(document: Mapping[str, object]) -> Published:
    lines, python = document["requirements"], document["python"]
    if not isinstance(lines, (list, tuple)):
        raise TypeError("requirements: expected a list")
    requirements = RequirementList(tuple(map(str, lines)))
    return Published(
        project=str(document["project"]),
        requirements=requirements.readable,
        requires_python=SpecifierSet(str(python)) if python else None,
        where=str(document["where"]),
        complete=bool(document["complete"]) and not requirements.problems,
    )
