"""Which tests run in which environments: those that a recipe names, and the lowest and highest Python."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from dirac_forge.build.environments import Environments, Staged
from dirac_forge.build.failures import Failure, Unsolvable, recognised
from dirac_forge.build.model import PackageTest, TestRun
from dirac_forge.channel.records import Record, name_of
from dirac_forge.values import dataclass

_MOST = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedRun:
    """One test in one environment."""

    test: PackageTest
    python: str
    environment: int
    """The place in the plan's environments."""

    @property
    def label(self) -> str:
        """For the log."""
        return f"{self.test.kind}{f' with Python {self.python}' if self.python else ''}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """All test runs of one package."""

    runs: tuple[PlannedRun, ...]
    environments: tuple[tuple[Record, ...], ...]
    """Without the package itself, which the engine adds."""
    digest: str
    """Of the package and everything that it is tested with."""


def read_tests(entries: Sequence[Mapping[str, Any]]) -> tuple[PackageTest, ...]:
    """Return the tests, as the engine reads them from a package."""
    found = []
    for entry in entries[:_MOST]:
        script = entry.get("script")
        content = script.get("content") if isinstance(script, dict) else script
        lines = [content] if isinstance(content, str) else content or []
        found.append(
            PackageTest(
                index=int(entry["index"]),
                kind=str(entry["kind"]),
                pip_check=bool(entry.get("pip_check")),
                pythons=tuple(map(str, entry.get("pythons") or ())),
                run=tuple(map(str, entry.get("run") or ())),
                build=tuple(map(str, entry.get("build") or ())),
                commands=tuple(str(line) for line in lines),
            )
        )
    return tuple(found)


def commands_of(entries: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the commands of tests that need nothing besides the package."""
    lines = (line for test in read_tests(entries) if not (test.run or test.build) for line in test.commands)
    return tuple(dict.fromkeys(line.strip() for text in lines for line in text.splitlines() if line.strip()))


def planned(
    one: Staged, environments: Environments, pythons: Sequence[str], staged: Sequence[Staged]
) -> Planned | Unsolvable:
    """Return the test runs of a package that was built, or the environment that can't be solved."""
    plan = _Plan(one, environments, staged)
    uses_python = any(name_of(spec) in ("python", "python_abi") for spec in one.record.depends)
    for test in read_tests(one.tests):
        problem = plan.add(test, pythons if uses_python else ())
        if problem is not None:
            return problem
    inputs = [sorted(environments.inputs(records, staged).items()) for records in plan.environments]
    parts = [str(one.entry.get("sha256")), inputs, [dict(test) for test in one.tests]]
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    return Planned(runs=tuple(plan.runs), environments=tuple(plan.environments), digest=digest)


class _Plan:
    def __init__(self, one: Staged, environments: Environments, staged: Sequence[Staged]) -> None:
        self._one = one
        self._environments = environments
        self._staged = staged
        self._solved: dict[tuple[str, ...], tuple[Record, ...] | Unsolvable] = {}
        self.runs: list[PlannedRun] = []
        self.environments: list[tuple[Record, ...]] = []

    def add(self, test: PackageTest, pythons: Sequence[str]) -> Unsolvable | None:
        """Plan the runs of one test; the environment that can't be solved, where there is one."""
        if test.kind == "packagecontents":
            self._run(test, "", ())
            return None
        extra = (*test.run, *(("pip",) if test.pip_check else ()))
        if test.pythons:
            return self._named(test, extra)
        if not pythons:
            found = self._solve((*extra, *test.build))
            if isinstance(found, Unsolvable):
                return found
            self._run(test, "", found)
            return None
        return self._both_ends(test, extra, pythons)

    def _named(self, test: PackageTest, extra: tuple[str, ...]) -> Unsolvable | None:
        """Run a test with each of the Pythons that it names, as the engine does."""
        together: dict[Record, None] = {}
        seen: dict[str, None] = {}
        for python in test.pythons:
            found = self._solve((f"python {python}", *extra))
            if isinstance(found, Unsolvable):
                return found
            together |= dict.fromkeys(found)
            seen.setdefault(_python_of(found))
        self._run(test, ", ".join(filter(None, seen)), tuple(together))
        return None

    def _both_ends(self, test: PackageTest, extra: tuple[str, ...], pythons: Sequence[str]) -> Unsolvable | None:
        """Run a test with the lowest and the highest Python that the package can be installed with."""
        problem: Unsolvable | None = None
        chosen: dict[str, tuple[Record, ...]] = {}
        for order in (pythons, tuple(reversed(pythons))):
            for python in order:
                found = self._solve((f"python {python}.*", *extra))
                if not isinstance(found, Unsolvable):
                    chosen.setdefault(python, found)
                    break
                problem = problem or found
        for python, records in chosen.items():
            self._run(test, python, records)
        return None if chosen else problem

    def _solve(self, specs: tuple[str, ...]) -> tuple[Record, ...] | Unsolvable:
        if specs not in self._solved:
            self._solved[specs] = self._environments.solve(
                specs,
                phase="test",
                environment=f"test of {self._one.unit.output}",
                staged=self._staged,
                required=(self._one.record,),
            )
        return self._solved[specs]

    def _run(self, test: PackageTest, python: str, records: Sequence[Record]) -> None:
        own = self._one.record
        rest = tuple(record for record in records if (record.name, record.build) != (own.name, own.build))
        if rest not in self.environments:
            self.environments.append(rest)
        number = self.environments.index(rest)
        self.runs.append(PlannedRun(test=test, python=python, environment=number))


def _python_of(records: Sequence[Record]) -> str:
    version = next((record.version for record in records if record.name == "python"), "")
    return ".".join(version.split(".")[:2])


def ran(plan: Planned, answers: Sequence[Mapping[str, Any]]) -> tuple[tuple[TestRun, ...], Failure | None]:
    """Return what became of the runs, and the first failure among them."""
    runs: list[TestRun] = []
    failure: Failure | None = None
    for run, answer in zip(plan.runs, answers, strict=True):
        passed = bool(answer["passed"])
        runs.append(TestRun(kind=run.test.kind, python=run.python, passed=passed, seconds=float(answer["seconds"])))
        if not passed and failure is None:
            lines = [str(line) for text in answer["output"] for line in str(text).splitlines()]
            failure = recognised(lines, phase="test", message=f"the {run.test.kind} test failed")
    return tuple(runs), failure
