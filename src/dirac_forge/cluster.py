"""Work on the workers of a Dask cluster: one way to connect, and results that a lost worker does not take along."""

from __future__ import annotations

import contextlib
from asyncio import CancelledError
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from threading import Lock
from typing import Any, Generic, TypeVar

from dirac_forge.errors import ForgeError, InputError, UnknownError, pip_install
from dirac_forge.values import dataclass

_Told = TypeVar("_Told")
_Task = TypeVar("_Task")
_Result = TypeVar("_Result")
_Open = TypeVar("_Open")
_SECONDS = 20
_RETRIES = 2
"""How often work is handed on after its worker was lost or its task failed."""
_PATIENCE = 120.0
"""Seconds that a cluster may be without workers, as while they are started again."""
_ROUNDS_PER_WORKER = 4
"""Into so many parts work is cut for each worker, so that none waits long for the last part of another."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The place of a result that no worker could give."""

    reason: str


class LastRuns(Generic[_Open]):
    """What a worker has open for its last two runs, opened once, by whichever thread comes first."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._places: dict[str, _Place[_Open]] = {}

    def __call__(self, run: str, open_: Callable[[], _Open]) -> _Open:
        """Return what is open for a run, opened now if it is not; raises what `open_` raises."""
        with self._lock:
            place = self._places.pop(run, None) or _Place()
            self._places = {**dict(list(self._places.items())[-1:]), run: place}
        with place.lock:
            if not place.opened:
                place.opened.append(open_())
            return place.opened[0]


class _Place(Generic[_Open]):
    def __init__(self) -> None:
        self.lock = Lock()
        self.opened: list[_Open] = []


class Cluster:
    """A connection to the scheduler of a cluster; safe to use from many threads."""

    def __init__(self, client: Any) -> None:
        self._client = client

    @property
    def places(self) -> int:
        """How many tasks run at the same time."""
        threads: dict[str, int] = self._client.nthreads()
        return max(1, sum(threads.values()))

    def told(self, function: Callable[..., _Told], *arguments: object) -> dict[str, _Told]:
        """Return what `function` returns on each worker, by the worker's address.

        Raises:
            InputError: there are no workers, or they have another dirac-forge.
        """
        try:
            found: dict[str, _Told] = self._client.run(function, *arguments)
        except ModuleNotFoundError as error:
            raise InputError(
                f"the workers of the cluster have no {error.name}", hint="Install the same dirac-forge on each."
            ) from error
        if not found:
            raise InputError("the cluster has no workers", hint="Start some: dask worker ADDRESS.")
        return found

    def require_same_version(self) -> None:
        """Raise InputError if a worker has another version of dirac-forge than this machine."""
        here = installed_version()
        for worker, there in sorted(self.told(installed_version).items()):
            if there != here:
                raise InputError(
                    f"the worker {worker} has dirac-forge {there}, and this machine has {here}",
                    hint="Install the same dirac-forge on each.",
                )

    def result(self, function: Callable[[_Task], _Result], task: _Task, *, worker: str = "") -> _Result | Lost:
        """Return the result of one task from some worker, `Lost` where none can give it.

        `worker` is the address of the one that should do it, if it can. Raises the ForgeError that the task raises.
        """
        from distributed import KilledWorker  # noqa: PLC0415  # an extra

        preferred = {"workers": [worker], "allow_other_workers": True} if worker else {}
        future = self._client.submit(function, task, pure=False, retries=_RETRIES, **preferred)
        try:
            found: _Result = self._awaited(future)
        except ForgeError:
            raise
        except KilledWorker:
            return Lost("every worker that tried it was lost")
        except TimeoutError:
            return Lost("the cluster has no workers left")
        except (Exception, CancelledError) as error:  # noqa: BLE001  # of the cluster: it says nothing of the task
            return Lost(f"a worker failed: {type(error).__name__}: {error}")
        return found

    def results(
        self, function: Callable[[Sequence[_Task]], Sequence[_Result]], tasks: Sequence[_Task]
    ) -> list[_Result | Lost]:
        """Return the results of tasks, in their order, whichever and how many workers there are.

        Tasks that share something, such as a platform's packages, should be neighbours.

        `function` is a module's, gets some of the tasks and returns as many results. Of tasks that were handed out
        together and lost with their worker, each is tried once more by itself; those that are lost again are `Lost`.
        Raises the ForgeError that a task raises.
        """
        workers = [address for address, threads in self._client.nthreads().items() for _ in range(threads)] or [""]
        size = max(1, -(-len(tasks) // (len(workers) * _ROUNDS_PER_WORKER)))
        parts = [tasks[at : at + size] for at in range(0, len(tasks), size)]
        shares = Shares(len(parts), len(workers))
        done: dict[int, Sequence[_Result] | Lost] = {}

        def work(place: int) -> None:
            try:
                while (at := shares.next(place)) is not None:
                    done[at] = self.result(function, parts[at], worker=workers[place])
            except BaseException:
                shares.clear()
                raise

        # No more at a time than there are places: what waits on a worker is lost with it, through no fault of its own.
        with ThreadPoolExecutor(len(workers)) as executor:
            for _ in executor.map(work, range(len(workers))):
                pass
        found: list[_Result | Lost] = []
        for at, part in enumerate(parts):
            results = done[at]
            if not isinstance(results, Lost):
                found += results
            elif len(part) == 1:
                found.append(results)
            else:
                for alone in (self.result(function, [task]) for task in part):
                    found += [alone] if isinstance(alone, Lost) else alone
        return found

    def _awaited(self, future: Any) -> Any:
        """Return the result; raises TimeoutError if there are no workers any more that could give it."""
        without = 0
        while True:
            try:
                return future.result(timeout=_PATIENCE / 4)
            except TimeoutError:
                without = 0 if self._client.nthreads() else without + 1
                if without >= 4:
                    raise


class Shares:
    """Parts of work, by number, in a run of neighbours for each place: a worker has open what neighbours share.

    A place that has done its own takes the last part of the longest run that is left. Safe to use from many threads.
    """

    def __init__(self, parts: int, places: int) -> None:
        self._lock = Lock()
        self._runs = [deque(range(parts * at // places, parts * (at + 1) // places)) for at in range(places)]

    def next(self, place: int) -> int | None:
        """Return the part that a place does next; None if none is left."""
        with self._lock:
            if self._runs[place]:
                return self._runs[place].popleft()
            longest = max(self._runs, key=len)
            return longest.pop() if longest else None

    def clear(self) -> None:
        """Leave out what is not done yet."""
        with self._lock:
            for run in self._runs:
                run.clear()


@contextlib.contextmanager
def connected(address: str) -> Iterator[Cluster]:
    """Connect to the scheduler at `address`.

    Raises InputError if dask.distributed is not installed, UnknownError if no scheduler answers.
    """
    try:
        from distributed import Client  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise InputError(
            "--cluster needs dask.distributed",
            hint=f"Install it: {pip_install('cluster')}.",
        ) from error
    try:
        client: Any = Client(address, timeout=_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise UnknownError(f"no Dask scheduler answers at {address}: {error}") from error
    with client:
        yield Cluster(client)


def installed_version() -> str:
    """Return the version of dirac-forge on this machine."""
    return version("dirac-forge")
