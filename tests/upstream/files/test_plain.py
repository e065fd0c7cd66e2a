"""Trees as JSON has them."""

from __future__ import annotations

import tomllib
from datetime import date

import pytest

from dirac_forge.upstream.files.plain import plain


def test_trees_are_plain() -> None:
    tree = tomllib.loads("a = 2020-01-01\nb = [nan, inf, 1.5]\nc = {d = 12345678901234567890123}")
    assert plain(tree) == {
        "a": str(date(2020, 1, 1)),
        "b": ["nan", "inf", 1.5],
        "c": {"d": hex(12345678901234567890123)},
    }
    deep: object = "x"
    for _ in range(100):
        deep = [deep]
    with pytest.raises(ValueError, match="nested more than 60 levels deep"):
        plain(deep)
