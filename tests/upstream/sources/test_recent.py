"""Answers of the last minutes."""

from __future__ import annotations

import hashlib
from pathlib import Path

from dirac_forge.store import Store
from dirac_forge.upstream.sources.recent import Recent


def test_an_answer_is_kept_for_ten_minutes(tmp_path: Path) -> None:
    now = [1000.0]
    recent = Recent(Store(tmp_path), clock=lambda: now[0])
    assert recent.get("x", "question") is None
    recent.put("x", "question", {"a": [1]})
    assert recent.get("x", "question") == {"a": [1]}
    assert recent.get("x", "other") is None
    for later, expected in ((1599.0, {"a": [1]}), (1600.0, None), (999.0, None)):
        now[0] = later
        assert recent.get("x", "question") == expected
        assert Recent(Store(tmp_path), offline=True, clock=lambda: now[0]).get("x", "question") == {"a": [1]}


def test_a_damaged_answer_is_none(tmp_path: Path) -> None:
    store = Store(tmp_path)
    key = hashlib.sha256(b"question").hexdigest()
    for blob in (b"", b"[]", b"{}", b'{"at": "x", "value": 1}', b"null"):
        store.put("x", key, blob)
        assert Recent(store, offline=True).get("x", "question") is None
