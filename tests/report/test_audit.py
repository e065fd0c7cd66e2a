"""Audits and what mends them, in words."""

from __future__ import annotations

import pytest

from dirac_forge.audit.findings import Audited, Uncompared
from dirac_forge.channel.records import Record
from dirac_forge.report.audit import audit_json

RECORD = Record(name="demo", version="1.0_a", build="0", subdir="noarch")


@pytest.mark.parametrize(
    ("unknown", "text"),
    [
        (Uncompared(kind="not-a-project"), "demo is not made from the project of that name"),
        (Uncompared(kind="not-a-version"), "1.0_a is not a version (PEP 440)"),
        (Uncompared(kind="no-release", projects=("demo", "de-mo")), "the index has no demo or de-mo 1.0_a"),
        (
            Uncompared(kind="no-metadata", projects=("demo",)),
            "no file of demo 1.0_a declares its requirements statically",
        ),
        (Uncompared(kind="unreadable", problem="demo.whl: broken"), "demo.whl: broken"),
        (Uncompared(kind="unreachable", problem="host: timed out"), "host: timed out"),
    ],
)
def test_why_a_build_was_not_compared(unknown: Uncompared, text: str) -> None:
    document = audit_json([Audited(record=RECORD, unknown=unknown)], [], [])
    assert [each["reason"] for each in document["not_compared"]] == [text]
