"""Builds on the workers of a Dask cluster that share the folder of builds."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from dirac_forge.build.children import Child, ChildAnswer, run_child
from dirac_forge.build.failures import Crashed
from dirac_forge.build.isolation import detect
from dirac_forge.build.workspace_builds import this_platform
from dirac_forge.errors import InputError, UnknownError

__all__ = ["Cluster", "cluster_of"]

_SECONDS = 20
_RETRIES = 2
"""How often a build is handed on, where its worker is lost."""


class Cluster:
    """The workers of one cluster; safe to use from many threads."""

    def __init__(self, client: Any) -> None:
        self._client = client

    @property
    def places(self) -> int:
        """How many builds run at the same time."""
        threads: dict[str, int] = self._client.nthreads()
        return max(1, sum(threads.values()))

    def check(self, folder: Path) -> None:
        """Raise InputError where a worker has another platform, or does not see the files in `folder`."""
        token = folder / ".cluster"
        word = secrets.token_hex(8)
        token.write_text(word, encoding="utf-8")
        try:
            told = self._client.run(_seen, str(token))
        finally:
            token.unlink(missing_ok=True)
        if not told:
            raise InputError("the cluster has no workers", hint="Start some: dask worker ADDRESS.")
        here = this_platform()
        for worker, (platform, seen) in sorted(told.items()):
            if platform != here:
                raise InputError(f"the worker {worker} is {platform}, and this machine is {here}")
            if seen != word:
                raise InputError(
                    f"the worker {worker} does not see the files in {folder}",
                    hint="Give --output a folder that all workers share, at the same path.",
                )

    def run(self, child: Child) -> ChildAnswer:
        """Run a child on some worker."""
        from distributed import KilledWorker  # noqa: PLC0415  # an extra

        future = self._client.submit(run_on_worker, child, pure=False, retries=_RETRIES)
        try:
            answer: ChildAnswer = future.result()
        except KilledWorker:
            return ChildAnswer(failure=Crashed(phase=child.job.get("phase", "build"), code=-1))
        return answer


@contextlib.contextmanager
def cluster_of(address: str) -> Iterator[Cluster]:
    """Connect to the scheduler at `address`.

    Raises InputError where dask.distributed is not installed, UnknownError where no scheduler answers.
    """
    try:
        from distributed import Client  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise InputError(
            "--cluster needs dask.distributed", hint="Install it: pip install 'dirac-forge[cluster]'."
        ) from error
    try:
        client: Any = Client(address, timeout=_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise UnknownError(f"no Dask scheduler answers at {address}: {error}") from error
    with client:
        yield Cluster(client)


def run_on_worker(child: Child) -> ChildAnswer:
    """Run a child with the isolation that the worker's machine has."""
    return run_child(replace(child, isolation=detect()))


def _seen(token: str) -> tuple[str, str]:
    """Return the platform of a worker, and what it reads in the file."""
    path = Path(token)
    return this_platform(), path.read_text(encoding="utf-8") if path.is_file() else ""
