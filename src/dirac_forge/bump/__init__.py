"""Decisions: which feedstock moves to what, or why not; and what moves with it."""
