"""What an argument of `recipe` names."""

from __future__ import annotations

SDIST_SUFFIXES = (".tar.gz", ".zip", ".tgz", ".tar.bz2", ".tar.xz")


def is_given(text: str) -> bool:
    """Whether an argument names a repository, a folder or a file, and not a project on the index."""
    starts = ("http://", "https://", "./", "../", "/", "~", ".")
    return text.startswith(starts) or text.endswith((".whl", *SDIST_SUFFIXES))
