"""Builds on the workers of a Dask cluster that share the folder of builds."""

from __future__ import annotations

import secrets
from dataclasses import replace
from pathlib import Path

from dirac_forge.build.children import Child, ChildAnswer, run_child
from dirac_forge.build.failures import Crashed
from dirac_forge.build.isolation import Isolation, detect
from dirac_forge.channel.virtual import this_platform
from dirac_forge.cluster import Cluster, Lost
from dirac_forge.errors import InputError


class BuildWorkers:
    """The workers of one cluster; safe to use from many threads."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    @property
    def places(self) -> int:
        """How many builds run at the same time."""
        return self._cluster.places

    def check(self, folder: Path) -> Isolation:
        """Return the weakest isolation among the workers.

        Raises InputError if one has another platform, or does not see the files in `folder`.
        """
        token = folder / ".cluster"
        word = secrets.token_hex(8)
        token.write_text(word, encoding="utf-8")
        try:
            told = self._cluster.told(_seen, str(token))
        finally:
            token.unlink(missing_ok=True)
        here = this_platform()
        for worker, (platform, seen, _) in sorted(told.items()):
            if platform != here:
                raise InputError(f"the worker {worker} is {platform}, and this machine is {here}")
            if seen != word:
                raise InputError(
                    f"the worker {worker} does not see the files in {folder}",
                    hint="Give --output a folder that all workers share, at the same path.",
                )
        kinds: list[Isolation] = [isolation for _, _, isolation in told.values()]
        return max(kinds, key=("bwrap", "unshare", "none").index)

    def run(self, child: Child) -> ChildAnswer:
        """Run a child on some worker."""
        answer = self._cluster.result(run_on_worker, child)
        if isinstance(answer, Lost):
            return ChildAnswer(failure=Crashed(phase=child.job.get("phase", "build"), code=-1))
        return answer


def run_on_worker(child: Child) -> ChildAnswer:
    """Run a child with the isolation that the worker's machine has."""
    return run_child(replace(child, isolation=detect()))


def _seen(token: str) -> tuple[str, str, Isolation]:
    """Return the platform of a worker, what it reads in the file, and how it isolates children."""
    path = Path(token)
    return this_platform(), path.read_text(encoding="utf-8") if path.is_file() else "", detect()
