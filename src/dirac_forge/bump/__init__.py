"""Decisions: which feedstock moves to which version, or why not."""
