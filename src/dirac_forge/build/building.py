"""One group of units: solved, built in a child, tested in fresh environments, and only then put into the channel."""

from __future__ import annotations

import errno
import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from dirac_forge.build.children import Child, ChildAnswer
from dirac_forge.build.environments import Environments, Staged, pinned
from dirac_forge.build.failures import (
    DependencyFailed,
    DiskFull,
    Failure,
    LicenceNotFound,
    NotBuildable,
    Phase,
    UnknownFailure,
    Unsolvable,
    WrongNoarch,
)
from dirac_forge.build.handed_over import copied_out
from dirac_forge.build.local_channel import LocalChannel
from dirac_forge.build.model import BuildOptions, PackageResult, Status, TestRun, Unit, lost
from dirac_forge.build.places import line_of_failure
from dirac_forge.build.recipe_files import copy_recipe
from dirac_forge.build.repodata import entry_of_archive, extension_module
from dirac_forge.build.slots import Slot, Slots
from dirac_forge.build.sources import BuildSources, placed
from dirac_forge.build.testing import Planned, commands_of, planned, ran
from dirac_forge.channel.records import Record, name_of
from dirac_forge.errors import ForgeError, InputError, UnknownError
from dirac_forge.recipe.reading.parsing import parse_recipe
from dirac_forge.recipe.reading.recipe_text import ReadSource
from dirac_forge.values import dataclass

ENGINE = "rattler-build 0.73, 2"
"""What packages are built with; raised whenever the same inputs would make something else."""
DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
STAGING = "staging"
"""Below the folder of builds: packages between their build and their tests."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ready:
    """What a build needs, before it starts."""

    records: tuple[Record, ...]
    inputs: Mapping[str, str]
    key: str


class Builder:
    """Builds groups of units into a local channel; safe to use from many threads."""

    def __init__(
        self,
        options: BuildOptions,
        environments: Environments,
        local: LocalChannel,
        sources: BuildSources,
        slots: Slots,
        run: Callable[[Child], ChildAnswer],
    ) -> None:
        """Run children to their end with `run`: here, or on another machine that sees the same files."""
        self._options = options
        self._environments = environments
        self._local = local
        self._sources = sources
        self._slots = slots
        self._run = run

    def group(self, units: Sequence[Unit], failed: Mapping[str, str]) -> tuple[PackageResult, ...]:
        """Build and test units that need each other; what passes is in the channel afterwards.

        `failed` are packages that other groups could not build, with the output that failed first.
        """
        results: dict[tuple[str, str], PackageResult] = {}
        staged: list[Staged] = []
        broken = dict(failed)
        for unit in units:
            started = time.monotonic()
            try:
                outcome = self._one(unit, staged, broken)
            except OSError as error:
                outcome = self._failed(unit, self._result(unit, "failed"), _unwritten(error, "build"))
            if isinstance(outcome, Staged):
                staged.append(outcome)
                results[unit.key] = self._result(unit, "built", seconds=time.monotonic() - started)
            else:
                results[unit.key] = replace(outcome, seconds=time.monotonic() - started)
                if outcome.failure is not None:
                    broken.setdefault(unit.output, unit.output)
        for one in staged:
            result = results[one.unit.key]
            try:
                results[one.unit.key] = self._tested(one, staged, result, broken)
            except OSError as error:
                results[one.unit.key] = self._failed(one.unit, result, _unwritten(error, "test"))
        self._publish(staged, results)
        return tuple(results[unit.key] for unit in units)

    def _one(self, unit: Unit, staged: Sequence[Staged], broken: Mapping[str, str]) -> Staged | PackageResult:
        self._log(unit).unlink(missing_ok=True)
        if self._options.test_only:
            return self._existing(unit)
        ready = self._ready(unit, staged)
        if not isinstance(ready, _Ready):
            needs = map(name_of, (*unit.build_specs, *unit.host_specs))
            return self._unsolved(unit, self._result(unit, "failed"), ready, needs, broken)
        known = self._local.manifest(unit.subdir, unit.file)
        if known is not None and known.get("key") == ready.key and not self._options.force:
            return self._unchanged(unit, known, ready)
        with self._slot(unit, ready.key) as slot:
            made = self._built(unit, ready, staged, slot)
        return made if isinstance(made, Staged) else self._failed(unit, self._result(unit, "failed"), made)

    def _existing(self, unit: Unit) -> Staged | PackageResult:
        """Return a package of the channel, to be tested again."""
        entry = self._local.entry(unit.subdir, unit.file)
        if entry is None:
            failure = NotBuildable(phase="test", reason=f"{unit.file} is not in the local channel")
            return self._result(unit, "skipped", failure=failure)
        archive = self._local.path(unit.subdir, unit.file)
        with self._slot(unit, "tests") as slot:
            answer = self._run(self._child(unit, slot, {"mode": "tests", "package": str(archive)}, (archive,)))
        if answer.failure is not None:
            return self._result(unit, lost(answer.failure), failure=answer.failure)
        manifest = self._local.manifest(unit.subdir, unit.file) or {}
        return Staged(
            unit=unit,
            archive=archive,
            entry=entry,
            tests=tuple(answer.values["tests"]),
            inputs=manifest.get("inputs", {}),
            key=manifest.get("key", ""),
        )

    def _unchanged(self, unit: Unit, known: Mapping[str, Any], ready: _Ready) -> Staged | PackageResult:
        """Return the package as it is; its tests run again if their environments have changed."""
        entry = self._local.entry(unit.subdir, unit.file) or {}
        one = Staged(
            unit=unit,
            archive=self._local.path(unit.subdir, unit.file),
            entry=entry,
            tests=tuple(known.get("tests", ())),
            inputs=ready.inputs,
            key=ready.key,
        )
        plan = planned(one, self._environments, self._options.pythons, (one,))
        if isinstance(plan, Unsolvable):
            return self._result(unit, lost(plan), failure=plan)
        if plan.digest != known.get("test_key") or not known.get("passed", False):
            return one
        runs = tuple(TestRun(**run) for run in known.get("runs", ()))
        return self._result(unit, "unchanged", tests=runs, commands=commands_of(one.tests))

    def _ready(self, unit: Unit, staged: Sequence[Staged]) -> _Ready | Failure:
        records: list[Record] = []
        for part, specs in (("build", unit.build_specs), ("host", unit.host_specs)):
            found = self._environments.solve(
                pinned(specs, unit.variant), phase="build", environment=f"{part} of {unit.output}", staged=staged
            )
            if isinstance(found, Unsolvable):
                return found
            records += found
        try:
            inputs = self._environments.inputs(records, staged)
        except UnknownError as error:
            return Unsolvable(phase="build", environment=unit.output, specs=(), reason=error.message, unknown=True)
        parts = [ENGINE, unit.digest, unit.output, unit.build, dict(unit.variant), inputs]
        key = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
        return _Ready(records=tuple(dict.fromkeys(records)), inputs=inputs, key=key)

    def _built(self, unit: Unit, ready: _Ready, staged: Sequence[Staged], slot: Slot) -> Staged | Failure:
        recipe = copy_recipe(unit.recipe, slot.work / "recipe")
        try:
            fetched = self._sources.fetch(_sources_of(unit), home=unit.home)
            mirror = self._environments.mirror(ready.records, slot.given / "channel", staged)
        except UnknownError as error:
            return Unsolvable(phase="build", environment=unit.output, specs=(), reason=error.message, unknown=True)
        except ForgeError as error:
            return NotBuildable(phase="build", reason=error.message)
        if not isinstance(fetched, tuple):
            return fetched
        problem = placed(recipe, fetched)
        if problem is not None:
            return problem
        job = {
            "mode": "build",
            "recipe": str(recipe),
            "platform": self._options.platform,
            "variants": [dict(one) for one in unit.variants],
            "output": unit.output,
            "build": unit.build,
            "folder": str(slot.work / "out"),
            "channels": [mirror],
            "keep": self._options.keep,
            "threads": 1,
        }
        answer = self._run(self._child(unit, slot, job, tuple(one.path for one in fetched)))
        if answer.failure is not None:
            return answer.failure
        return self._accepted(unit, answer.values, ready, slot)

    def _accepted(self, unit: Unit, values: Mapping[str, Any], ready: _Ready, slot: Slot) -> Staged | Failure:
        """Return the package, where it is the one that was asked for: what a child says is not taken on trust."""
        made = slot.work / "out" / unit.subdir / unit.file
        if (name := Path(values["package"]).name) != unit.file:
            return UnknownFailure(phase="build", message=f"the build made {name} where {unit.file} was expected")
        place = self._options.folder / STAGING / ready.key[:16] / unit.file
        try:
            copied_out(made, place, area=slot.work)
        except OSError as error:
            if error.errno in DISK_FULL:
                raise
            return UnknownFailure(phase="build", message=f"the build left no package {unit.file}: {error.strerror}")
        try:
            entry = entry_of_archive(place)
            told = (entry["name"], entry["version"], entry["build"], entry["subdir"])
            if told != (unit.output, unit.version, unit.build, unit.subdir):
                return UnknownFailure(phase="build", message=f"{unit.file} calls itself {' '.join(map(str, told))}")
            if unit.noarch == "python" and (module := extension_module(place)):
                return WrongNoarch(phase="build", file=module)
        except InputError as error:
            return UnknownFailure(phase="build", message=error.message)
        return Staged(
            unit=unit, archive=place, entry=entry, tests=tuple(values["tests"]), inputs=ready.inputs, key=ready.key
        )

    def _tested(
        self, one: Staged, staged: Sequence[Staged], result: PackageResult, broken: Mapping[str, str]
    ) -> PackageResult:
        started = time.monotonic()
        plan = planned(one, self._environments, self._options.pythons, staged)
        if isinstance(plan, Unsolvable):
            return self._unsolved(one.unit, result, plan, one.unit.run_names, broken)
        with self._slot(one.unit, f"test-{one.key}") as slot:
            runs, failure = self._ran(one, plan, staged, slot)
        seconds = result.seconds + time.monotonic() - started
        result = replace(result, commands=commands_of(one.tests), tests=runs, seconds=seconds)
        return self._failed(one.unit, result, failure) if failure is not None else result

    def _ran(
        self, one: Staged, plan: Planned, staged: Sequence[Staged], slot: Slot
    ) -> tuple[tuple[TestRun, ...], Failure | None]:
        others = [other for other in staged if other is not one]
        try:
            channels = {
                number: self._environments.mirror(records, slot.given / f"channel{number}", others)
                for number, records in enumerate(plan.environments)
            }
        except UnknownError as error:
            failure = Unsolvable(
                phase="test", environment=one.unit.output, specs=(), reason=error.message, unknown=True
            )
            return (), failure
        job = {
            "mode": "test",
            "phase": "test",
            "package": str(one.archive),
            "runs": [
                {"index": run.test.index, "label": run.label, "channels": [channels[run.environment]]}
                for run in plan.runs
            ],
        }
        if not plan.runs:
            return (), None
        answer = self._run(self._child(one.unit, slot, job, (one.archive,)))
        if answer.failure is not None:
            return (), answer.failure
        return ran(plan, answer.values["runs"])

    def _publish(self, staged: Sequence[Staged], results: dict[tuple[str, str], PackageResult]) -> None:
        """Put into the channel what passed, and whose needs in the group passed."""
        bad = {key[1]: result.output for key, result in results.items() if result.failure is not None}
        names = set(bad.values())
        for one in staged:
            result = results[one.unit.key]
            if result.failure is None and (needed := sorted(names & set(one.unit.run_names) - {one.unit.output})):
                failure = DependencyFailed(phase="test", dependency=needed[0])
                result = results[one.unit.key] = replace(result, status="skipped", failure=failure)
            if result.failure is None:
                manifest = self._manifest(one, result)
                if one.archive == self._local.path(one.unit.subdir, one.unit.file):
                    self._local.note(one.unit.subdir, one.unit.file, manifest)
                    status: Status = "unchanged" if not self._options.test_only else "tested"
                    place = one.archive
                else:
                    place = self._local.add(one.archive, subdir=one.unit.subdir, manifest=manifest)
                    status = "built"
                results[one.unit.key] = replace(result, status=status, file=place)

    def _manifest(self, one: Staged, result: PackageResult) -> dict[str, Any]:
        plan = planned(one, self._environments, self._options.pythons, (one,))
        environments = () if isinstance(plan, Unsolvable) else plan.environments
        return {
            "key": one.key,
            "inputs": dict(one.inputs),
            "tests": [dict(test) for test in one.tests],
            "test_key": "" if isinstance(plan, Unsolvable) else plan.digest,
            "test_names": sorted({record.name for records in environments for record in records}),
            "passed": result.failure is None,
            "runs": [
                {"kind": run.kind, "python": run.python, "passed": run.passed, "seconds": run.seconds}
                for run in result.tests
            ],
        }

    def _child(self, unit: Unit, slot: Slot, job: Mapping[str, Any], readable: Sequence[Path]) -> Child:
        options = self._options
        return Child(
            job=job,
            slot=slot,
            log=self._log(unit),
            readable=tuple(readable),
            isolation=options.isolation,
            container=options.container,
            limits=options.limits,
        )

    def _slot(self, unit: Unit, key: str) -> AbstractContextManager[Slot]:
        """Return a place for one child."""
        return self._slots.taken(hashlib.sha256(f"{unit.subdir}/{unit.file} {key}".encode()).hexdigest()[:12])

    def _log(self, unit: Unit) -> Path:
        return self._options.folder / "logs" / f"{unit.output}-{unit.version}-{unit.build}.log"

    def _unsolved(
        self, unit: Unit, result: PackageResult, failure: Failure, needs: Iterable[str], broken: Mapping[str, str]
    ) -> PackageResult:
        """Return the result for an environment without a solution, perhaps because another package was not built."""
        culprit = next((broken[name] for name in sorted(needs) if name in broken and name != unit.output), "")
        if culprit:
            failure = DependencyFailed(phase=failure.phase, dependency=culprit)
            return replace(result, status="skipped", failure=failure)
        return self._failed(unit, result, failure)

    def _failed(self, unit: Unit, result: PackageResult, failure: Failure) -> PackageResult:
        """Return the result of a failure, with the line of the recipe that it comes from."""
        if isinstance(failure, LicenceNotFound):
            failure = replace(failure, files=unit.licence_files)
        line = line_of_failure(unit.recipe.read_text(encoding="utf-8"), failure, output=unit.output)
        shown = f"{unit.feedstock}/{unit.recipe.parent.name}/{unit.recipe.name}"
        if unit.recipe.is_relative_to(self._options.folder):  # made of a meta.yaml
            shown = str(unit.recipe)
        place = f"{shown}:{line}" if line else ""
        return replace(result, status=lost(failure), failure=failure, place=place)

    def _result(self, unit: Unit, status: Status, **more: Any) -> PackageResult:
        log = self._log(unit)
        file = self._local.path(unit.subdir, unit.file)
        return PackageResult(
            feedstock=unit.feedstock,
            output=unit.output,
            version=unit.version,
            build=unit.build,
            platform=unit.subdir,
            status=status,
            log=log if status in ("built", "tested", "failed", "unknown") else None,
            file=file if status == "unchanged" else None,
            **more,
        )


def _unwritten(error: OSError, phase: Phase) -> Failure:
    """Return the failure of this process to write a file; a child's own is in its log."""
    if error.errno in DISK_FULL:
        return DiskFull(phase=phase, excerpt=(str(error),))
    return UnknownFailure(phase=phase, message=str(error))


def _sources_of(unit: Unit) -> tuple[ReadSource, ...]:
    """Return the sources of the unit's output. Raises RecipeError and ConfigurationError."""
    rendered = parse_recipe(unit.recipe.read_text(encoding="utf-8"), path=unit.recipe).render(
        platform=unit.variant.get("target_platform", unit.subdir) if unit.subdir != "noarch" else "linux-64",
        variant=unit.variant,
    )
    return tuple(
        source
        for output in rendered.outputs
        if output.name == unit.output or not output.is_package
        for source in output.sources
    )
