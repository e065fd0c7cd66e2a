"""Distributions: lists of specs that are released as a whole, their locks, differences and installers."""
