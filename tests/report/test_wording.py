"""The words of reasons without a function of their own."""

from __future__ import annotations

import dataclasses
from string import Formatter

from dirac_forge.report.bot_words import REGISTERED, worded


def test_words_name_fields_that_their_reasons_have() -> None:
    assert REGISTERED  # imported, so that all are there
    bound = {kind: getattr(words, "__self__", None) for kind, words in worded.registry.items()}
    templates = {kind: text for kind, text in bound.items() if isinstance(text, str)}
    asked = {
        f"{kind.__name__}.{(name or '').removeprefix('0.')}": {field.name for field in dataclasses.fields(kind)}
        for kind, text in templates.items()
        for _, name, _, _ in Formatter().parse(text)
        if name is not None
    }
    assert len(templates) > 40
    assert {place for place, fields in asked.items() if place.partition(".")[2] not in fields} == set()
