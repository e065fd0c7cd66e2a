"""What becomes of a proposal that is decided again."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from dirac_forge.bump.proposal import bump_of, still_blocked
from dirac_forge.bump.skip_reasons import StillBlocked
from dirac_forge.bump.versions import Edited
from dirac_forge.feedstock.change import Skip


@pytest.mark.parametrize(("status", "kind"), [("blocked", "no"), ("waiting", "no"), ("unknown", "unknown")])
def test_a_bump_that_can_not_be_sent_now(
    status: Literal["waiting", "blocked", "unknown"], kind: Literal["no", "unknown"]
) -> None:
    edited = Edited(before="version: 1.0\n", after="version: 1.1\n", old="1.0", new="1.1")
    bump = replace(bump_of("demo", "v1.x", "recipe/meta.yaml", edited), status=status, blocked_by=("why",))
    assert still_blocked(bump) == Skip(
        feedstock="demo", branch="v1.x", reason=StillBlocked(by=("why",)), kind=kind, current="1.0"
    )
