"""The extension modules that a build makes, by the names that its build files give them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from dirac_forge.upstream.files.declared import table
from dirac_forge.upstream.files.facts import SdistFacts

_SETUP = re.compile(r"\b\w*Extension\(\s*(?:name\s*=\s*)?[\"']([\w.]+)[\"']")
_MESON = re.compile(r"\bextension_module\(\s*'([\w.]+)'")
_CMAKE = re.compile(
    r"\b(?:pybind11_add_module|nanobind_add_module|python3?_add_library)\s*\(\s*([\w.]+)", re.IGNORECASE
)


def extension_modules(sdist: SdistFacts) -> frozenset[str]:
    """Return the modules that setup.py, Meson, CMake and maturin are told to compile, where their names are text."""
    return frozenset(_named(sdist))


def _named(sdist: SdistFacts) -> Iterator[str]:
    for path, text in sdist.texts.items():
        match PurePosixPath(path).name:
            case "setup.py":
                yield from _SETUP.findall(text)
            case "meson.build":
                yield from _MESON.findall(text)
            case "CMakeLists.txt":
                yield from _CMAKE.findall(text)
    tool = table(sdist.pyproject, "tool")
    extensions = table(tool, "setuptools").get("ext-modules")
    for extension in extensions if isinstance(extensions, list) else []:
        if isinstance(extension, dict) and isinstance(name := extension.get("name"), str):
            yield name
    if isinstance(name := table(tool, "maturin").get("module-name"), str):
        yield name
