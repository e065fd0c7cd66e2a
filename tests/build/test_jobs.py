"""How many builds run at the same time."""

from __future__ import annotations

import pytest

from dirac_forge.build.jobs import jobs_for, machine_jobs

GB = 1024**3


@pytest.mark.parametrize(
    ("processors", "memory", "per_job", "expected"),
    [
        (8, 64 * GB, None, 8),
        (8, 16 * GB, None, 4),
        (8, 16 * GB, 2 * GB, 8),
        (8, 16 * GB, 8 * GB, 2),
        (2, 1 * GB, None, 1),
        (8, None, None, 1),
    ],
)
def test_as_many_as_there_are_processors_and_memory_for(
    processors: int, memory: int | None, per_job: int | None, expected: int
) -> None:
    assert jobs_for(processors=processors, memory=memory, per_job=per_job) == expected


def test_build_that_may_use_everything_runs_alone() -> None:
    assert machine_jobs(per_job=10**15) == 1
