"""Embed a snapshot: `dirac-forge snapshot --compact --output FOLDER`, then `python tests/embed.py FOLDER`.

`--source TEXT` says where its records come from, where that is not simply conda-forge. The archive depends on the
snapshot alone: no times, no owners.
"""

from __future__ import annotations

import argparse
import io
import json
import lzma
import tarfile
from pathlib import Path

ARCHIVE = Path(__file__).parents[1] / "src" / "dirac_forge" / "channel" / "embedded.tar.xz"


def main() -> None:
    """Write the archive."""
    parser = argparse.ArgumentParser(description="Pack a snapshot as the embedded one.")
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--source", default="https://conda.anaconda.org/conda-forge")
    arguments = parser.parse_args()
    ARCHIVE.write_bytes(packed(arguments.folder, arguments.source))
    print(f"{ARCHIVE}: {ARCHIVE.stat().st_size:,} bytes")


def packed(folder: Path, source: str) -> bytes:
    """Return the archive of a snapshot; paths of this machine in its description are replaced by `source`."""
    about = json.loads((folder / "snapshot.json").read_text(encoding="utf-8"))
    texts = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    texts["snapshot.json"] = (json.dumps({**about, "channels": [source]}, indent=2) + "\n").encode()
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, text in sorted(texts.items()):
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    return lzma.compress(plain.getvalue(), preset=9 | lzma.PRESET_EXTREME)


if __name__ == "__main__":
    main()
