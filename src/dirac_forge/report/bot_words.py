"""The words and codes of everything that the bot decides. Import them from here, so that all are registered."""

from __future__ import annotations

from dirac_forge.report import bump_reasons, hold_words
from dirac_forge.report.outcome_words import closing_words
from dirac_forge.report.run_words import decided_words
from dirac_forge.report.wording import clauses, reason_code, recorded, worded

__all__ = ["REGISTERED", "clauses", "closing_words", "decided_words", "reason_code", "recorded", "worded"]

REGISTERED = (bump_reasons, hold_words)
"""Modules whose import adds words to `worded`."""
