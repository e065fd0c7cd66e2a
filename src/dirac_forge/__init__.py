"""Keeps DIRAC installable from conda-forge: recipes, checks, ABI migrations and version bumps."""

__version__ = "0.2.0"
