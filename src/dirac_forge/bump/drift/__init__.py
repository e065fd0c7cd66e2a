"""Drift: what upstream changed between two releases, merged into the recipe."""
