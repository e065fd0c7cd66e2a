"""Who may merge without a person looking."""

from __future__ import annotations

from typing import Any

import pytest

from dirac_forge.bot.automerge import automerge, review_reason

FINE: dict[str, Any] = {"may_label": True, "allowed": True, "review": "", "checks": "green"}


@pytest.mark.parametrize(
    ("kind", "but", "reason"),
    [
        ("bump", {}, "all checks passed"),
        ("migration", {}, "all checks passed"),
        ("bump", {"allowed": "version"}, "all checks passed"),
        ("migration", {"allowed": "migration"}, "all checks passed"),
    ],
)
def test_the_label_is_set_last_where_all_agree(kind: str, but: dict[str, Any], reason: str) -> None:
    verdict = automerge(kind, **{**FINE, **but})
    assert (verdict.label, verdict.reason) == (True, reason)


@pytest.mark.parametrize(
    ("kind", "but", "reason", "later"),
    [
        ("bump", {"allowed": False}, "bot.automerge of the feedstock does not allow it", False),
        ("bump", {"allowed": "migration"}, "bot.automerge of the feedstock allows it for migration only", False),
        ("migration", {"allowed": "version"}, "bot.automerge of the feedstock allows it for version only", False),
        ("recipe", {}, "a recipe is for people to merge", False),
        ("fix", {}, "a fix is for people to merge", False),
        ("bump", {"review": "it is blocked"}, "it is blocked", False),
        ("bump", {"may_label": False}, "the bot may not set labels there: a maintainer can", False),
        ("bump", {"labelled": True}, "the label is already set", False),
        ("bump", {"checks": "red"}, "checks failed", True),
        ("bump", {"checks": "pending"}, "checks are running", True),
        ("bump", {"checks": "none"}, "no check has started", True),
    ],
)
def test_the_label_is_not_set_where_anything_is_in_the_way(
    kind: str, but: dict[str, Any], reason: str, later: bool
) -> None:
    verdict = automerge(kind, **{**FINE, **but})
    assert (verdict.label, verdict.reason, verdict.later) == (False, reason, later)


@pytest.mark.parametrize(
    ("but", "review"),
    [
        ({}, ""),
        ({"proof": "better"}, ""),
        ({"status": "blocked"}, "it is blocked"),
        ({"compared": False}, "the requirements of the two releases were not compared"),
        ({"todo": ["add x by hand"]}, "something is left for a person: add x by hand"),
        ({"notes": ["a patch may not apply"]}, "something is left for a person: a patch may not apply"),
        ({"proof": "worse"}, "with it the targets are worse off"),
        ({"proof": "unknown"}, "no solver has said what it does to the targets"),
        ({"proof": ""}, "no solver has said what it does to the targets"),
    ],
)
def test_a_person_has_to_look_where_anything_is_open(but: dict[str, Any], review: str) -> None:
    fine: dict[str, Any] = {"status": "proposed", "notes": [], "todo": [], "compared": True, "proof": "same"}
    assert review_reason(**{**fine, **but}) == review
