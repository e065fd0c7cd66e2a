"""Requests to mark builds as broken."""

from __future__ import annotations

from dataclasses import replace

from dirac_forge.audit.broken import broken_request, to_mark_broken

from .test_patches import FAULTY, LATER, finding


def test_request_is_in_the_format_of_admin_requests() -> None:
    assert broken_request([LATER, FAULTY]) == (
        "action: broken\npackages:\n- noarch/demo-1.0-pyh_0.conda\n- noarch/demo-1.0-pyh_1.conda\n"
    )


def test_only_faults_of_files_are_marked() -> None:
    clobber = replace(finding(kind="clobber"), severity="high")
    harmless = replace(finding(LATER, kind="clobber"), severity="low")
    assert to_mark_broken([clobber, clobber, harmless, finding()]) == (FAULTY,)
