"""Records as repodata.json has them, of packages and of solved environments."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from rattler import PackageRecord
from rattler.package import IndexJson, PathsJson

from dirac_forge.channel.archives import read_info
from dirac_forge.errors import InputError
from dirac_forge.files import replace_file
from dirac_forge.untrusted import parse_json

_EXTENSION = re.compile(r"\.(?:cpython-\d\S*|abi3)\.so$|\.pyd$")
"""Suffixes of extension modules (https://docs.python.org/3/library/importlib.html#importlib.machinery.EXTENSION_SUFFIXES)."""
_Parsed = TypeVar("_Parsed")
_LONGEST_INFO = 128 * 1024**2
"""Bytes: paths.json of a package of several hundred thousand files."""
Entries = Mapping[str, Mapping[str, Any]]


def entry_of(record: PackageRecord) -> dict[str, Any]:
    """Return the record as an entry of repodata.json."""
    noarch = "python" if record.noarch.python else "generic" if record.noarch.generic else None
    fields: dict[str, Any] = {
        "name": record.name.normalized,
        "version": str(record.version),
        "build": str(record.build),
        "build_number": record.build_number,
        "subdir": record.subdir,
        "depends": list(record.depends),
        "constrains": list(record.constrains),
        "noarch": noarch,
        "license": record.license,
        "sha256": record.sha256.hex() if record.sha256 else None,
        "md5": record.md5.hex() if record.md5 else None,
        "size": record.size,
        "timestamp": int(record.timestamp.timestamp() * 1000) if record.timestamp else None,
        "track_features": " ".join(record.track_features) or None,
        "python_site_packages_path": record.python_site_packages_path,
    }
    return {key: value for key, value in fields.items() if value is not None}


def entry_of_archive(path: Path) -> dict[str, Any]:
    """Return the entry of a package file, with its own hash and size. Raises InputError for what is not a package."""
    index = _read(path, "index.json", IndexJson.from_str)
    noarch = index.noarch
    timestamp = index.timestamp
    fields: dict[str, Any] = {
        "name": index.name.normalized,
        "version": str(index.version),
        "build": str(index.build),
        "build_number": index.build_number,
        "subdir": index.subdir,
        "depends": list(index.depends),
        "constrains": list(index.constrains),
        "noarch": "python" if noarch.python else "generic" if noarch.generic else None,
        "license": index.license,
        "sha256": sha256_of(path),
        "size": path.stat().st_size,
        "timestamp": int(timestamp.timestamp() * 1000) if timestamp else None,
        "track_features": " ".join(index.track_features) or None,
        "python_site_packages_path": index.python_site_packages_path,
    }
    return {key: value for key, value in fields.items() if value is not None}


def extension_module(path: Path) -> str:
    """Return the first extension module of CPython in a package file; "" if there is none.

    Raises InputError for what is not a package.
    """
    paths = (str(entry.relative_path) for entry in _read(path, "paths.json", PathsJson.from_str).paths)
    return next(filter(_EXTENSION.search, paths), "")


def _read(path: Path, name: str, parse: Callable[[str], _Parsed]) -> _Parsed:
    """Return a file below info/ of a package, read within a budget. Raises InputError for what is not a package."""
    try:
        with path.open("rb") as file:
            raw = read_info(file, name, most=_LONGEST_INFO)
        if raw is None:
            raise InputError(f"{path.name} is not a package: it has no info/{name}")
        return parse(raw.decode("utf-8"))
    except InputError:
        raise
    except Exception as error:  # rattler's own have no common base
        raise InputError(f"{path.name} is not a package: {str(error).splitlines()[0]}") from error


def sha256_of(path: Path) -> str:
    """Return the file's SHA-256, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_repodata(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the entries of one subdir by file name; {} if there is no file, or it can't be read."""
    try:
        data = parse_json((folder / "repodata.json").read_bytes())
        return {**data.get("packages", {}), **data.get("packages.conda", {})}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def write_repodata(folder: Path, entries: Entries) -> None:
    """Write repodata.json of one subdir, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    old = {name: entry for name, entry in sorted(entries.items()) if name.endswith(".tar.bz2")}
    new = {name: entry for name, entry in sorted(entries.items()) if name.endswith(".conda")}
    data = {"info": {"subdir": folder.name}, "packages": old, "packages.conda": new, "repodata_version": 1}
    replace_file(folder / "repodata.json", json.dumps(data).encode())
