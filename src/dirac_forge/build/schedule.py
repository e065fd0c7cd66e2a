"""The order of groups at run time: each as soon as everything that it needs is done, several at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from itertools import chain

import networkx as nx

from dirac_forge.build.model import PackageResult, Unit
from dirac_forge.progress import Observer

Group = Callable[[Sequence[Unit], Mapping[str, str]], tuple[PackageResult, ...]]


def run_groups(
    graph: nx.DiGraph[int],
    groups: Mapping[int, Sequence[Unit]],
    work: Group,
    *,
    executor: Executor,
    observer: Observer,
) -> tuple[PackageResult, ...]:
    """Do the work of all groups, in the graph's order; the results, in that order.

    `work` gets the units and what failed before them (package to the one that failed first). When it raises, what
    has not started does not start.
    """
    observer.started("building", sum(map(len, groups.values())))
    needs = {number: set(graph.predecessors(number)) for number in graph}
    failed: dict[str, str] = {}
    done: dict[int, tuple[PackageResult, ...]] = {}
    running: dict[Future[tuple[PackageResult, ...]], int] = {}
    waiting = list(nx.lexicographical_topological_sort(graph))
    try:
        while waiting or running:
            for number in filter(lambda one: needs[one] <= done.keys(), tuple(waiting)):
                waiting.remove(number)
                running[executor.submit(work, groups[number], dict(failed))] = number
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                number = running.pop(future)
                done[number] = future.result()
                failed |= _failures(done[number], failed)
                observer.advanced("building", done=len(done[number]), detail=_names(done[number]))
    finally:
        for future in running:
            future.cancel()
    observer.finished("building")
    return tuple(chain.from_iterable(map(done.__getitem__, nx.lexicographical_topological_sort(graph))))


def _names(results: Sequence[PackageResult]) -> str:
    return ", ".join(result.output for result in results)


def _failures(results: Sequence[PackageResult], known: Mapping[str, str]) -> dict[str, str]:
    """Return the package that failed first, by the packages that could not be built because of it."""
    found = {}
    for result in results:
        if result.status in ("failed", "skipped", "unknown"):
            dependency = getattr(result.failure, "dependency", "")
            found[result.output] = known.get(dependency, dependency) or result.output
    return found
