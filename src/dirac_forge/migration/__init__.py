"""Decisions: who must be rebuilt after a change of pins, in which order and why; what is done and what waits."""
