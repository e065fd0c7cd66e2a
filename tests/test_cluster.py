"""Work handed to a Dask cluster of processes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from dirac_forge.cluster import Cluster, LastRuns, Lost, Shares, connected
from dirac_forge.errors import InputError, UnknownError
from support.clusters import lengths, workers

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with workers(2) as address, connected(address) as found:
        yield found


def test_results_come_in_the_order_of_the_tasks(cluster: Cluster) -> None:
    tasks = ["a" * number for number in range(50)]
    assert cluster.results(lengths, tasks) == list(range(50))
    assert cluster.results(lengths, []) == []


def test_task_is_tried_again_after_its_worker_died(cluster: Cluster, tmp_path: Path) -> None:
    mark = str(tmp_path / "mark")
    assert cluster.results(lengths, ["one", mark, "three"]) == [3, len(mark), 5]


def test_workers_have_the_same_version(cluster: Cluster) -> None:
    cluster.require_same_version()


def test_scheduler_that_does_not_answer_is_an_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dirac_forge.cluster._SECONDS", 1)
    with (
        pytest.raises(UnknownError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9: "),
        connected("tcp://127.0.0.1:9"),
    ):
        pass


class Future:
    """A task that a worker did, or was killed by."""

    def __init__(self, function: Callable[[Sequence[str]], list[int]], tasks: Sequence[str]) -> None:
        self.function = function
        self.tasks = tasks

    def result(self, timeout: float) -> list[int]:
        if "die" in self.tasks:
            raise distributed.KilledWorker("task", None, 3)
        if "wait" in self.tasks:
            raise TimeoutError(timeout)
        if "fail" in self.tasks:
            raise RuntimeError("no space left on the worker")
        if "wrong" in self.tasks:
            raise InputError("there is no such folder")
        return self.function(self.tasks)


class Client:
    """A client whose scheduler has two workers, or none any more."""

    def __init__(self, *, gone: bool = False, together: int = 1) -> None:
        """Take how many of the first tasks are handed out at the same time."""
        self.gone = gone
        self.meeting = Barrier(together)
        self.asked: list[Sequence[str]] = []
        self.preferred: list[str] = []

    def nthreads(self) -> dict[str, int]:
        return {} if self.gone else {"a": 1, "b": 1}

    def submit(self, function: Callable[[Sequence[str]], list[int]], tasks: Sequence[str], **options: Any) -> Future:
        self.asked.append(list(tasks))
        self.preferred += options.get("workers", ())
        if len(self.preferred) <= self.meeting.parties:
            self.meeting.wait(timeout=10)
        return Future(function, tasks)


def test_neighbours_stay_on_one_worker_which_then_helps_the_slowest() -> None:
    shares = Shares(8, 2)
    assert [shares.next(place) for place in (0, 1, 1, 1, 1, 1, 0, 1)] == [0, 4, 5, 6, 7, 3, 1, 2]
    assert (shares.next(0), shares.next(1)) == (None, None)
    assert Shares(0, 2).next(0) is None
    few = Shares(2, 3)
    assert sorted(at for place in range(3) if (at := few.next(place)) is not None) == [0, 1]


def test_work_goes_to_the_worker_whose_share_it_is() -> None:
    client = Client(together=2)
    Cluster(client).results(lengths, ["a"] * 16)
    assert set(client.preferred) == {"a", "b"}


def test_nothing_more_is_handed_out_after_a_mistake() -> None:
    client = Client()
    with pytest.raises(InputError, match="there is no such folder"):
        Cluster(client).results(lengths, ["wrong"] * 16)
    assert len(client.asked) <= 2


def test_only_the_task_that_kills_workers_is_lost() -> None:
    client = Client()
    assert Cluster(client).results(lengths, [*["a"] * 10, "die", *["bb"] * 10]) == [
        *[1] * 10,
        Lost("every worker that tried it was lost"),
        *[2] * 10,
    ]
    assert [len(tasks) for tasks in client.asked] == [3] * 7 + [1] * 3


def test_task_that_fails_on_a_worker_is_lost_with_the_reason() -> None:
    assert Cluster(Client()).results(lengths, ["a", "fail"]) == [
        1,
        Lost("a worker failed: RuntimeError: no space left on the worker"),
    ]


def test_mistake_that_a_task_finds_ends_the_run() -> None:
    with pytest.raises(InputError, match="there is no such folder"):
        Cluster(Client()).results(lengths, ["a", "wrong"])


def test_task_is_lost_where_no_worker_is_left() -> None:
    assert Cluster(Client(gone=True)).results(lengths, ["wait"]) == [Lost("the cluster has no workers left")]


def test_what_a_run_needs_is_opened_once_however_many_threads_ask() -> None:
    opened = LastRuns[object]()
    calls: list[str] = []

    def slow() -> object:
        calls.append("run")
        time.sleep(0.05)
        return object()

    with ThreadPoolExecutor(4) as executor:
        found = list(executor.map(lambda _: opened("run", slow), range(8)))
    assert len(set(map(id, found))) == 1
    assert calls == ["run"]


def test_the_last_two_runs_stay_open_and_a_failure_is_not_kept() -> None:
    opened = LastRuns[str]()

    def fails() -> str:
        raise OSError("not now")

    with pytest.raises(OSError, match=r"^not now$"):
        opened("a", fails)
    assert [opened(run, f"{run} 1".strip) for run in "abac"] == ["a 1", "b 1", "a 1", "c 1"]
    assert [opened(run, f"{run} 2".strip) for run in "acb"] == ["a 1", "c 1", "b 2"]
