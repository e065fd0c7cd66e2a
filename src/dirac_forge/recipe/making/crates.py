"""Where the crate of a project is in its sources, and how the licences of the crates that it links are collected."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from dirac_forge.upstream.files.declared import table
from dirac_forge.upstream.files.facts import SdistFacts

LICENCES_OF_CRATES = "THIRDPARTY.yml"
_MANIFEST = "Cargo.toml"
_PLAIN = re.compile(r"(?:[\w.+][\w.+-]*/)*Cargo\.toml")
"""A manifest in a folder that a shell takes as it is."""
_EXTENSION = re.compile(r"RustExtension\([^()]*?[\"']([\w./-]*Cargo\.toml)[\"']", re.DOTALL)


def bundling_commands(sdist: SdistFacts | None) -> tuple[str, ...]:
    """Return the last commands of a build, which write the licences of all crates to the top of the sources.

    cargo-bundle-licenses reads the manifest of the folder that it runs in, and has no option for another one.
    """
    folder = _crate_folder(sdist) if sdist is not None else ""
    if not folder:
        return (_bundle(LICENCES_OF_CRATES),)
    up = "../" * len(PurePosixPath(folder).parts)
    return f"cd {folder}", _bundle(f"{up}{LICENCES_OF_CRATES}")


def _bundle(path: str) -> str:
    return f"cargo-bundle-licenses --format yaml --output {path}"


def _crate_folder(sdist: SdistFacts) -> str:
    """Return the folder of the manifest that the build names, else of the outermost one; "" for the top."""
    there = {member for member in sdist.members if _PLAIN.fullmatch(member)}
    named = next((path for path in _named_manifests(sdist) if path in there), None)
    outermost = min(there, key=lambda path: (path.count("/"), path), default="")
    return (named or outermost).rpartition("/")[0]


def _named_manifests(sdist: SdistFacts) -> Iterator[str]:
    """Yield the manifests that maturin's and setuptools-rust's settings name, with their defaults."""
    tool = table(sdist.pyproject, "tool")
    named = [table(tool, "maturin").get("manifest-path")]
    extensions = table(tool, "setuptools-rust").get("ext-modules")
    for extension in extensions if isinstance(extensions, list) else []:
        named += [extension.get("path")] if isinstance(extension, dict) else []
    named += _EXTENSION.findall(sdist.texts.get("setup.py", ""))
    yield from (str(PurePosixPath(path)) for path in named if isinstance(path, str) and ".." not in path)
    yield _MANIFEST
