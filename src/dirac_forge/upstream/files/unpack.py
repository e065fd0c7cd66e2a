"""Source archives of any format as one stream of regular files; nothing is written, no link followed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from dirac_forge.upstream.files.archive import CORRUPT, ArchiveLimits, ArchiveMember, Names, corrupt
from dirac_forge.upstream.files.packed import unpacked
from dirac_forge.upstream.files.tarball import tar_members
from dirac_forge.upstream.files.zipped import zip_members
from dirac_forge.upstream.problems import Problem


def members(
    file: IO[bytes], *, filename: str, size: int, limits: ArchiveLimits, problems: list[Problem]
) -> Iterator[ArchiveMember]:
    """Yield the regular files of a .zip or (packed) .tar in their order; names are relative and stay inside.

    What is left out (links, devices, paths that escape) is listed in `problems`; raises ArchiveError for what is
    corrupt, or beyond `limits`.
    """
    names = Names(filename, limits, problems)
    head = file.read(6)
    file.seek(0)
    try:
        if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
            yield from zip_members(file, names, size)
        else:
            yield from tar_members(unpacked(file, head, names, size), names)
    except CORRUPT as exc:
        raise corrupt(filename, exc) from exc
