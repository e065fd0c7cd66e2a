"""Clients of package indexes: project pages, releases and their descriptions (PEP 503, 691)."""
