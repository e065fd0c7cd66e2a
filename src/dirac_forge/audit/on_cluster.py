"""Audits by the workers of a cluster, each of which asks upstream and the channels itself."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date

from dirac_forge.audit.findings import Audited, Uncompared
from dirac_forge.audit.published import PublishedLookup
from dirac_forge.audit.run import AuditedBuild, audit
from dirac_forge.channel.opening import ChannelAddress
from dirac_forge.channel.solver import Channel
from dirac_forge.cluster import Cluster, LastRuns, Lost
from dirac_forge.progress import Observer, Silent
from dirac_forge.settings import Settings
from dirac_forge.settings.connecting import http_of
from dirac_forge.store import Store
from dirac_forge.upstream.index.client import IndexClient
from dirac_forge.upstream.lookup import Lookup
from dirac_forge.values import dataclass

_THREADS = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditTask:
    """A build to be audited, and the settings of the run."""

    run: str
    """Of one run: what a worker opened for an earlier one may have changed since."""
    settings: Settings
    channels: ChannelAddress
    build: AuditedBuild


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditAnswer:
    """What was found about a build, and what its worker had to say."""

    audited: Audited
    warnings: tuple[str, ...] = ()
    as_of: date | None = None


def audit_on_cluster(
    cluster: Cluster,
    settings: Settings,
    channels: ChannelAddress,
    builds: Sequence[AuditedBuild],
    *,
    observer: Observer,
) -> tuple[Audited, ...]:
    """Return the findings for each build as `audit` does; what was lost with its worker is unknown.

    Args:
        cluster: its workers open the channels, folders among them at the same path, and ask the index.
        settings: of the run.
        channels: that the builds are from.
        builds: from `builds_of`.
        observer: receives the progress, and the workers' warnings.

    Raises:
        InputError: a worker can't open the channels.
    """
    task = "auditing"
    run = secrets.token_hex(8)
    observer.started(task, len(builds))
    found: list[Audited] = []
    asked = [AuditTask(run=run, settings=settings, channels=channels, build=build) for build in builds]
    for build, answer in zip(builds, cluster.results(audit_builds, asked), strict=True):
        if isinstance(answer, Lost):
            found.append(Audited(record=build.record, unknown=Uncompared(kind="unreachable", problem=answer.reason)))
            continue
        found.append(answer.audited)
        for warning in answer.warnings:
            observer.warned(warning)
        if answer.as_of is not None:
            observer.dated(answer.as_of)
    observer.finished(task)
    return tuple(found)


def audit_builds(tasks: Sequence[AuditTask]) -> list[AuditAnswer]:
    """Return what is found about some builds of one run, on a worker.

    Raises:
        InputError: the channels can't be opened here.
    """
    first = tasks[0]
    worker = _OPENED(first.run, lambda: _Worker(first))
    settings = first.settings
    with ThreadPoolExecutor(_THREADS) as executor:
        found = audit(
            [task.build for task in tasks],
            index=worker.channel.index,
            published=worker.published,
            executor=executor,
            observer=Silent(),
            overrides=settings.names,
            python_min=settings.python_min,
        )
    said = worker.observer
    return [AuditAnswer(audited=each, warnings=tuple(said.warnings), as_of=said.as_of) for each in found]


class _Worker:
    """What a worker has open for one run."""

    def __init__(self, task: AuditTask) -> None:
        settings = task.settings
        self.observer = Silent()
        store = Store(settings.cache)
        http = http_of(settings, github_url="", observer=self.observer)
        self.channel: Channel = task.channels.open(self.observer)
        lookup = Lookup(
            http,
            IndexClient(http, url=settings.index_url),
            store,
            pythons=settings.gil_pythons,
        )
        self.published = PublishedLookup(
            lookup.described, store, index_url=settings.index_url, overrides=settings.names
        )


_OPENED: LastRuns[_Worker] = LastRuns()
