"""Proofs in words."""

from __future__ import annotations

import pytest

from dirac_forge.report.proof_words import variant_words


@pytest.mark.parametrize(
    ("variants", "expected"),
    [
        (["python 3.13"], "python 3.13"),
        (["python 3.11", "python 3.12", "python 3.13"], "python 3.11, 3.12 and 3.13"),
        (
            ["python 3.11, mpi a", "python 3.11, mpi b", "python 3.12, mpi a", "python 3.12, mpi b"],
            "python 3.11 and 3.12 with mpi a and b",
        ),
        (["python 3.11, mpi a", "python 3.12, mpi b"], "python 3.11, mpi a; python 3.12, mpi b"),
        (
            [f"python 3.{minor}, mpi {minor}" for minor in range(10, 17)],
            "python 3.10, mpi 10; python 3.11, mpi 11; python 3.12, mpi 12; python 3.13, mpi 13; 3 more",
        ),
    ],
)
def test_variants_by_the_values_that_tell_them_apart(variants: list[str], expected: str) -> None:
    assert variant_words(variants) == expected
