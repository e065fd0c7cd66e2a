"""The version of a source tree, where it can be read without running the build."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from packaging.utils import canonicalize_name
from packaging.version import Version

from dirac_forge.errors import InputError
from dirac_forge.untrusted import parse_json, parse_toml, parse_version
from dirac_forge.upstream.files.declared import table, without_placeholder
from dirac_forge.upstream.files.facts import SdistFacts
from dirac_forge.upstream.files.ini import IniError, read_ini
from dirac_forge.upstream.files.metadata import METADATA_LIMIT, read_email

_ASSIGNED: Final = re.compile(
    r"""^(?:__version__|VERSION)(?: ?: ?str)? *= *(['"])v?(.+?)\1""", re.IGNORECASE | re.MULTILINE
)
"""As hatchling and PDM read a version from a file (https://hatch.pypa.io/latest/plugins/version-source/regex/)."""


def version_of_tree(folder: Path, facts: SdistFacts, *, name: str) -> Version | None:
    """Return the version that a tree declares, that its PKG-INFO has, or that the build reads from a file of it.

    None if the build computes it.
    """
    if (declared := own_version(facts)) is not None:
        return declared
    if (published := _of_pkg_info(folder, name)) is not None:
        return published
    found = (read(text) for path, read in _places(facts, name) if (text := _text_of(folder, path)) is not None)
    return next((version for version in found if version is not None), None)


def own_version(facts: SdistFacts) -> Version | None:
    """Return the version that pyproject.toml or setup() declare, None if there is none or a placeholder."""
    declared = (table(facts.pyproject, "project"), without_placeholder(facts.pyproject), facts.setup)
    texts = (version for version in (place.get("version") for place in declared) if isinstance(version, str))
    return parse_version(next(texts, ""))


def _of_pkg_info(folder: Path, name: str) -> Version | None:
    """Return the version of an unpacked sdist."""
    text = _text_of(folder, "PKG-INFO")
    with suppress(InputError):
        metadata = read_email((text or "").encode(), where="PKG-INFO", sdist=True).metadata
        return metadata.version if canonicalize_name(metadata.name) == canonicalize_name(name) else None
    return None


def _places(facts: SdistFacts, name: str) -> Iterator[tuple[str, Callable[[str], Version | None]]]:
    """Yield the files that the settings of the build name, with how the version is read from each."""
    tool = table(facts.pyproject, "tool")
    for backend in ("hatch", "pdm"):
        if isinstance(path := table(tool, backend, "version").get("path"), str):
            yield path, _assigned
    if table(tool, "hatch", "version").get("source") == "nodejs":
        yield "package.json", _of_package_json
    yield from _of_setuptools(table(tool, "setuptools", "dynamic", "version"))
    yield from _of_setuptools(_setup_cfg(facts.texts.get("setup.cfg", "")))
    backend = str(table(facts.pyproject, "build-system").get("build-backend", ""))
    if backend.startswith("maturin"):
        manifest = table(tool, "maturin").get("manifest-path", "Cargo.toml")
        yield str(manifest), _of_cargo
    if backend.startswith("flit"):
        named = table(tool, "flit", "module").get("name") or table(tool, "flit", "metadata").get("module")
        module = named or canonicalize_name(name).replace("-", "_")
        yield from ((path, _assigned) for path in _files_of(str(module)))


def _of_setuptools(settings: Mapping[str, object]) -> Iterator[tuple[str, Callable[[str], Version | None]]]:
    """Yield the files of `attr` (a module) and `file` (a text) of setuptools."""
    if isinstance(attribute := settings.get("attr"), str):
        yield from ((path, _assigned) for path in _files_of(attribute.rpartition(".")[0]))
    named = settings.get("file")
    for path in named if isinstance(named, list) else [named]:
        if isinstance(path, str):
            yield path, lambda text: parse_version(text.strip())


def _setup_cfg(text: str) -> Mapping[str, str]:
    """Return `{"attr": …}` or `{"file": …}` of the version in setup.cfg."""
    try:
        version = read_ini(text).get("metadata", {}).get("version", "")
    except IniError:
        return {}
    how, _, what = version.partition(":")
    return {how.strip(): what.strip()}


def _files_of(module: str) -> list[str]:
    path = module.replace(".", "/")
    return [f"{start}{path}{end}" for start in ("", "src/") for end in (".py", "/__init__.py")]


def _assigned(text: str) -> Version | None:
    match = _ASSIGNED.search(text)
    return parse_version(match[2]) if match is not None else None


def _of_cargo(text: str) -> Version | None:
    """Return the version of a crate; maturin spells Rust's pre-releases (`1.0.0-beta.1`) as Python's."""
    return _declared_in(parse_toml, text, "package")


def _of_package_json(text: str) -> Version | None:
    return _declared_in(parse_json, text)


def _declared_in(parse: Callable[[str], object], text: str, *keys: str) -> Version | None:
    try:
        tree = parse(text)
    except (InputError, ValueError):
        return None
    version = table(tree, *keys).get("version") if isinstance(tree, Mapping) else None
    return parse_version(version) if isinstance(version, str) else None


def _text_of(folder: Path, path: str) -> str | None:
    """Return the start of a file below the folder, None if there is no such file."""
    file = (folder / path).resolve()
    if not file.is_relative_to(folder.resolve()) or not file.is_file():
        return None
    with file.open("rb") as opened:
        return opened.read(METADATA_LIMIT).decode("utf-8", errors="replace")
