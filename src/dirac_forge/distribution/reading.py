"""Locks from files and installed prefixes: pixi.lock, conda-lock, explicit lists, `conda-meta` folders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from rattler import LockFile

from dirac_forge.check.files.pixi_lock import unreadable_hint
from dirac_forge.distribution.locks import DEFAULT_ENVIRONMENT, Lock, LockedPackage, file_parts, locked
from dirac_forge.errors import InputError
from dirac_forge.files import read_text
from dirac_forge.untrusted import parse_json

_PLATFORM = "# platform:"
_MAX_FILE = 64 * 1024 * 1024
_KINDS = "a pixi.lock, a conda-lock file, a list of package URLs, or an installed prefix with conda-meta"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def is_lock(path: Path) -> bool:
    """Whether a path is read by `read_lock`, judged by its name."""
    if (path / "conda-meta").is_dir():
        return True
    return path.name.endswith((".lock", "conda-lock.yml", "conda-lock.yaml")) or path.suffix == ".txt"


def read_lock(path: Path) -> Lock:
    """Return the packages of a lock file or an installed prefix.

    Raises:
        InputError: the file is missing, of another kind, of a format that is not known, or damaged.
    """
    if path.is_dir():
        return _prefix(path)
    text = _text(path)
    if any(line.strip() == "@EXPLICIT" for line in text.splitlines()) or path.suffix == ".txt":
        return _explicit(path, text)
    try:
        document = yaml.load(text, Loader=_LOADER)  # noqa: S506  # a safe loader, the fast one where there is one
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InputError(f"{path}: not readable as YAML: {str(error).splitlines()[0]}") from error
    if isinstance(document, dict) and "environments" in document:
        return _pixi(path)
    if isinstance(document, dict) and isinstance(document.get("package"), list):
        return _conda_lock(path, document)
    raise InputError(f"{path}: not a lock", hint=f"Expected {_KINDS}.")


def read_pixi_lock(path: Path) -> LockFile:
    """Return the lock as rattler reads it.

    Raises:
        InputError: the file is damaged, or its format is newer than this rattler knows.
    """
    try:
        return LockFile.from_path(path)
    except Exception as error:  # the exceptions of the parser share no base
        raise InputError(
            f"{path}: not readable as a pixi.lock: {str(error).splitlines()[0]}", hint=unreadable_hint(path)
        ) from error


def read_lock_channels(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the channels of each environment of a pixi.lock, the first has priority. Raises InputError."""
    return {
        name: tuple(str(channel) for channel in environment.channels())
        for name, environment in read_pixi_lock(path).environments()
    }


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MAX_FILE:
            raise InputError(f"{path}: larger than {_MAX_FILE // 1024 // 1024} MiB: not a lock")
        return read_text(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}", hint=f"Give {_KINDS}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a text file", hint=f"Give {_KINDS}.") from error


def _pixi(path: Path) -> Lock:
    lock = read_pixi_lock(path)
    environments: dict[str, dict[str, tuple[LockedPackage, ...]]] = {}
    channels: list[str] = []
    for name, environment in lock.environments():
        channels += [str(channel) for channel in environment.channels()]
        environments[name] = {
            platform: _sorted(map(locked, records))
            for platform, records in environment.conda_repodata_records().items()
        }
    return Lock(
        name=path.name,
        environments=environments,
        channels=tuple(dict.fromkeys(channels)),
        from_index=pip_packages(lock),
    )


def pip_packages(lock: LockFile) -> tuple[str, ...]:
    """Return the names of the packages of a pixi.lock that pip installs."""
    found = {
        str(each.name)
        for _, environment in lock.environments()
        for some in environment.pypi_packages().values()
        for each in some
    }
    return tuple(sorted(found))


def _conda_lock(path: Path, document: Mapping[str, Any]) -> Lock:
    """Return the unified lock file of conda-lock, version 1."""
    if document.get("version") != 1:
        raise InputError(f"{path}: version {document.get('version')!r} of conda-lock's format is not known; expected 1")
    found: dict[str, list[LockedPackage]] = {}
    from_index: set[str] = set()
    for at, entry in enumerate(document["package"]):
        try:
            if entry["manager"] == "conda":
                found.setdefault(str(entry["platform"]), []).append(_conda_lock_package(entry))
            else:
                from_index.add(str(entry["name"]))
        except (KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{path}: package[{at}]: not an entry of conda-lock ({error!r})") from error
    platforms = {platform: _once(path, packages) for platform, packages in found.items()}
    metadata = document.get("metadata")
    listed = metadata.get("channels", ()) if isinstance(metadata, dict) else ()
    channels = tuple(str(each["url"]) for each in listed if isinstance(each, dict) and "url" in each)
    return Lock(
        name=path.name,
        environments={DEFAULT_ENVIRONMENT: platforms},
        channels=channels,
        from_index=tuple(sorted(from_index)),
    )


def _conda_lock_package(entry: Mapping[str, Any]) -> LockedPackage:
    url = str(entry["url"])
    parts = file_parts(url)
    hashes = entry.get("hash") or {}
    depends = (entry.get("dependencies") or {}).items()
    return LockedPackage(
        name=str(entry["name"]),
        version=str(entry["version"]),
        build=parts[3] if parts else "",
        subdir=parts[0] if parts else "",
        url=url,
        sha256=str(hashes.get("sha256", "")),
        md5=str(hashes.get("md5", "")),
        depends=tuple(f"{name} {spec}".rstrip() for name, spec in depends),
    )


def _explicit(path: Path, text: str) -> Lock:
    """Return `@EXPLICIT` lists of conda, and package lists of constructor: a URL or file name a line."""
    lines = [(at, line.strip()) for at, line in enumerate(text.splitlines(), 1)]
    packages = [_explicit_package(path, at, line) for at, line in lines if line and not line.startswith(("#", "@"))]
    if not packages:
        raise InputError(f"{path}: it lists no package", hint=f"Expected {_KINDS}.")
    noted = [line.removeprefix(_PLATFORM).strip() for _, line in lines if line.startswith(_PLATFORM)]
    platform = noted[-1] if noted else _platform_of(packages)
    return Lock(name=path.name, environments={DEFAULT_ENVIRONMENT: {platform: _once(path, packages)}})


def _explicit_package(path: Path, at: int, line: str) -> LockedPackage:
    parts = file_parts(line)
    if parts is None:
        raise InputError(f"{path}:{at}: expected the URL or file name of a conda package, got {line[:80]!r}")
    subdir, name, version, build = parts
    url, _, digest = line.partition("#")
    sha256 = digest.removeprefix("sha256:")
    return LockedPackage(
        name=name,
        version=version,
        build=build,
        subdir=subdir,
        url=url if "://" in url else "",
        md5=digest if len(digest) == 32 else "",
        sha256=sha256 if len(sha256) == 64 else "",
        depends_known=False,
    )


def _platform_of(packages: Iterable[LockedPackage]) -> str:
    """Return the platform that the packages are for; `noarch` where all are for any."""
    return next((each.subdir for each in packages if each.subdir not in ("", "noarch", ".")), "noarch")


def installed_entries(path: Path) -> list[dict[str, Any]]:
    """Return the records of an installed environment: one JSON file of `conda-meta` a package.

    Raises:
        InputError: it has none, or one of them is not a record.
    """
    files = sorted((path / "conda-meta").glob("*.json"))
    if not files:
        lists = sorted(path.glob("*.txt"))
        raise InputError(
            f"{path}: not an installed environment: it has no conda-meta/*.json",
            hint=f"Give a file in it, such as {lists[0]}." if lists else None,
        )
    return [_installed_entry(file) for file in files]


def _installed_entry(file: Path) -> dict[str, Any]:
    try:
        entry = parse_json(_text(file))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file}: not a record of an installed package ({error})") from error
    missing = [key for key in ("name", "version", "build") if not isinstance(entry, dict) or key not in entry]
    if missing:
        raise InputError(f"{file}: not a record of an installed package: it has no {missing[0]!r}")
    return dict(entry)


def _prefix(path: Path) -> Lock:
    """Return an environment that is installed."""
    packages = [_installed_package(entry) for entry in installed_entries(path)]
    return Lock(name=str(path), environments={DEFAULT_ENVIRONMENT: {_platform_of(packages): _once(path, packages)}})


def _installed_package(entry: Mapping[str, Any]) -> LockedPackage:
    depends = entry.get("depends")
    return LockedPackage(
        name=str(entry["name"]),
        version=str(entry["version"]),
        build=str(entry["build"]),
        subdir=str(entry.get("subdir", "")),
        url=str(entry.get("url", "")),
        sha256=str(entry.get("sha256") or ""),
        md5=str(entry.get("md5") or ""),
        size=entry.get("size") if isinstance(entry.get("size"), int) else None,
        license=str(entry.get("license") or ""),
        depends=tuple(map(str, depends)) if isinstance(depends, list) else (),
        depends_known=isinstance(depends, list),
        asked=bool(entry.get("requested_spec") or entry.get("requested_specs")),
    )


def _once(path: Path, packages: Iterable[LockedPackage]) -> tuple[LockedPackage, ...]:
    """Return the packages of one environment, sorted; raises InputError if two of them have one name.

    conda-lock lists a package once for each of its categories.
    """
    found: dict[str, LockedPackage] = {}
    for package in packages:
        other = found.setdefault(package.name, package)
        if (other.version, other.build) != (package.version, package.build):
            raise InputError(
                f"{path}: it has both {other} and {package}; an environment has one package of each name",
                hint="If these are several environments or platforms, give one file for each.",
            )
    return _sorted(found.values())


def _sorted(packages: Any) -> tuple[LockedPackage, ...]:
    return tuple(sorted(packages, key=lambda package: package.name))
