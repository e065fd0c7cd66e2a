"""Who may merge without a person looking."""

from __future__ import annotations

from typing import Any

import pytest

from dirac_forge.bot.automerge import automerge, review_reason
from dirac_forge.proposals.review_reasons import (
    AlreadyLabelled,
    AutomergeLimited,
    AutomergeOff,
    AutomergeReason,
    ChecksState,
    LabelsRefused,
    LeftForPerson,
    MergedByPeople,
    NotProposed,
    ReviewReason,
    UncomparedReleases,
    UnprovenTargets,
    WorseWithBump,
)

FINE: dict[str, Any] = {"may_label": True, "allowed": True, "review": None, "checks": "green"}


@pytest.mark.parametrize(
    ("kind", "but"),
    [("bump", {}), ("migration", {}), ("bump", {"allowed": "version"}), ("migration", {"allowed": "migration"})],
)
def test_the_label_is_set_last_where_all_agree(kind: str, but: dict[str, Any]) -> None:
    verdict = automerge(kind, **{**FINE, **but})
    assert (verdict.label, verdict.later, verdict.reason) == (True, False, ChecksState(checks="green"))


@pytest.mark.parametrize(
    ("kind", "but", "reason", "later"),
    [
        ("bump", {"allowed": False}, AutomergeOff(), False),
        ("bump", {"allowed": "migration"}, AutomergeLimited(allowed="migration"), False),
        ("migration", {"allowed": "version"}, AutomergeLimited(allowed="version"), False),
        ("recipe", {}, MergedByPeople(kind="recipe"), False),
        ("fix", {}, MergedByPeople(kind="fix"), False),
        ("bump", {"review": NotProposed(status="blocked")}, NotProposed(status="blocked"), False),
        ("bump", {"may_label": False}, LabelsRefused(), False),
        ("bump", {"labelled": True}, AlreadyLabelled(), False),
        ("bump", {"checks": "red"}, ChecksState(checks="red"), True),
        ("bump", {"checks": "pending"}, ChecksState(checks="pending"), True),
        ("bump", {"checks": "none"}, ChecksState(checks="none"), True),
    ],
)
def test_the_label_is_not_set_where_anything_is_in_the_way(
    kind: str, but: dict[str, Any], reason: AutomergeReason, later: bool
) -> None:
    verdict = automerge(kind, **{**FINE, **but})
    assert (verdict.label, verdict.reason, verdict.later) == (False, reason, later)


@pytest.mark.parametrize(
    ("but", "review"),
    [
        ({}, None),
        ({"proof": "better"}, None),
        ({"status": "blocked"}, NotProposed(status="blocked")),
        ({"compared": False}, UncomparedReleases()),
        ({"notes": ["add x by hand", "and y"]}, LeftForPerson(note="add x by hand")),
        ({"proof": "worse"}, WorseWithBump(outcome="worse")),
        ({"proof": "unknown"}, UnprovenTargets()),
        ({"proof": ""}, UnprovenTargets()),
    ],
)
def test_a_person_has_to_look_where_anything_is_open(but: dict[str, Any], review: ReviewReason | None) -> None:
    fine: dict[str, Any] = {"status": "proposed", "notes": [], "compared": True, "proof": "same"}
    assert review_reason(**{**fine, **but}) == review
