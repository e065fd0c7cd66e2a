"""Small wheels and source archives, made in memory."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Mapping

__all__ = ["metadata", "sdist", "tarball", "wheel"]

Files = Mapping[str, str | bytes]


def metadata(name: str, version: str, *lines: str, metadata_version: str = "2.4") -> str:
    """METADATA or PKG-INFO with more fields in `lines`."""
    return "\n".join(
        (f"Metadata-Version: {metadata_version}", f"Name: {name}", f"Version: {version}", *lines, "", "Text.")
    )


def wheel(name: str, version: str, *lines: str, files: Files | None = None, info: Files | None = None) -> bytes:
    """A wheel with the METADATA fields of `lines`, `files` from its root and `info` below .dist-info."""
    folder = f"{name}-{version}.dist-info"
    members = dict(files or {f"{name}/__init__.py": ""})
    members[f"{folder}/METADATA"] = metadata(name, version, *lines)
    members[f"{folder}/WHEEL"] = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    members |= {f"{folder}/{path}": text for path, text in (info or {}).items()}
    record = "".join(f"{path},{_hash(text)},{len(text)}\n" for path, text in members.items())
    members[f"{folder}/RECORD"] = f"{record}{folder}/RECORD,,\n"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in members.items():
            archive.writestr(zipfile.ZipInfo(path), text, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def sdist(name: str, version: str, files: Files, *, kind: str = "gz") -> bytes:
    """A .tar.gz (or what `kind` says: bz2, xz, zip, "" for a plain tar) with `files` below `name-version/`."""
    inside = {f"{name}-{version}/{path}": text for path, text in files.items()}
    if kind != "zip":
        return tarball(inside, kind=kind)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in inside.items():
            archive.writestr(zipfile.ZipInfo(path), text, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def tarball(
    files: Files, *, kind: str = "gz", extra: tuple[tarfile.TarInfo, ...] = (), dialect: int = tarfile.PAX_FORMAT
) -> bytes:
    """A tar of `files` as they are called, and the bodiless members of `extra`."""
    buffer = io.BytesIO()
    # gzip would note the time: the same files make the same archive.
    mode = "w" if kind == "gz" else f"w:{kind}"
    with tarfile.open(fileobj=buffer, mode=mode, format=dialect, encoding="utf-8") as archive:  # type: ignore[call-overload]
        for path, text in files.items():
            member = tarfile.TarInfo(path)
            body = text.encode() if isinstance(text, str) else text
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
        for member in extra:
            archive.addfile(member)
    return gzip.compress(buffer.getvalue(), mtime=0) if kind == "gz" else buffer.getvalue()


def _hash(text: str | bytes) -> str:
    digest = hashlib.sha256(text.encode() if isinstance(text, str) else text).digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
