"""Dates of offers."""

from __future__ import annotations

from datetime import UTC, datetime

from dirac_forge.upstream.sources.offers import date_of


def test_dates() -> None:
    assert date_of("2026-01-02T03:04:05Z") == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert date_of("yesterday") is None
    assert date_of(5) is None
