"""Whether a lock is what would be locked today, from values."""

from __future__ import annotations

from datetime import date

import pytest

from dirac_forge.distribution.lock_check import LockCheck, OtherChannels, other_channels
from dirac_forge.distribution.solving import OutdatedPackage, UnsatisfiedSpecs
from dirac_forge.report.locks import check_sections
from dirac_forge.report.markdown import markdown

DAY = date(2026, 8, 21)
MOVED = OutdatedPackage(environment="default", platform="linux-64", name="lib", old="1.0", new="1.1")
WRONG = UnsatisfiedSpecs(environment="default", platform="linux-64", specs=("lib >=2",))
OTHER = OtherChannels(environment="default", locked=("https://a.example/x",), asked=("https://b.example/x",))


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (LockCheck(), "up-to-date"),
        (LockCheck(outdated=(MOVED,)), "outdated"),
        (LockCheck(channels=(OTHER,)), "outdated"),
        (LockCheck(as_of=DAY), "unknown"),
        (LockCheck(as_of=DAY, outdated=(MOVED,)), "unknown"),
        (LockCheck(as_of=DAY, unsatisfied=(WRONG,)), "outdated"),
        (LockCheck(as_of=DAY, channels=(OTHER,)), "outdated"),
    ],
)
def test_packages_alone_are_unknown_where_a_snapshot_answered(found: LockCheck, status: str) -> None:
    assert found.status == status


def test_channels_are_compared_in_order_and_without_credentials() -> None:
    locked = {"default": ["https://user:secret@a.example/x/", "https://b.example/y"], "gone": ["https://a.example/x"]}
    asked = ["https://user:other@a.example/x", "https://b.example/y/"]
    assert other_channels(locked, {"default": asked, "new": ["https://b.example/y"]}) == ()
    (found,) = other_channels(locked, {"default": asked[::-1]})
    assert (found.environment, found.asked) == ("default", found.locked[::-1])
    assert "secret" not in str(found)


def test_what_a_snapshot_tells_of_a_lock_is_called_a_comparison() -> None:
    text = markdown(check_sections("pixi.lock", LockCheck(as_of=DAY, outdated=(MOVED,)), {"lib"}))
    assert "pixi.lock: it satisfies the file, but may be outdated" in text
    assert "conda-forge may have newer packages than the embedded snapshot (2026-08-21). Compared with that:" in text
    assert "linux-64: 1 package would change (lib 1.0 → 1.1)" in text
