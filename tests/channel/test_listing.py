from __future__ import annotations

from collections.abc import Callable

import pytest

from dirac_forge.channel.listing import Availability, Listing, availability, newer
from dirac_forge.errors import InputError

MakeListing = Callable[..., Listing]


@pytest.mark.parametrize(
    ("package", "spec", "unread", "expected"),
    [
        ("there", "", (), Availability(status="available", satisfying="1.5", newest="1.5")),
        ("there", "*", ("other",), Availability(status="available", satisfying="1.5", newest="1.5")),
        ("there", ">=1.2, <2", (), Availability(status="available", satisfying="1.5", newest="1.5")),
        ("there", "1.*", (), Availability(status="available", satisfying="1.5", newest="1.5")),
        ("there", ">=2", (), Availability(status="outdated", newest="1.5")),
        ("there", "!=1.5", (), Availability(status="outdated", newest="1.5")),
        ("there", ">=2", ("other",), Availability(status="unknown", newest="1.5")),
        ("absent", "", (), Availability(status="missing")),
        ("absent", "", ("other",), Availability(status="unknown")),
    ],
)
def test_how_a_requirement_stands(
    listing: MakeListing, package: str, spec: str, unread: tuple[str, ...], expected: Availability
) -> None:
    assert availability(listing("there=1.5", unread=unread), package, spec) == expected


def test_without_a_channel_nothing_is_known() -> None:
    assert availability(None, "any", ">=1") == Availability(status="unknown")


def test_a_spec_that_is_none_is_named(listing: MakeListing) -> None:
    with pytest.raises(InputError, match=r"^there >=>=: not a version spec of conda: "):
        availability(listing("there"), "there", ">=>=")


def test_versions_are_compared_in_condas_order() -> None:
    assert newer("1.10", "1.9")
    assert not newer("1.0", "1.0.0")
    assert newer("1.0", "1.0rc1")
