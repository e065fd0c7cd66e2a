"""What a project is built with (PEP 517, 518), read from its sdist."""

from __future__ import annotations

import ast
import configparser
import re

from dirac_forge.upstream.facts import SdistFacts

__all__ = ["build_backend", "build_requirements"]

DEFAULT = ("setuptools",)
"""What PEP 517 says of a project without [build-system]; its `wheel` is in conda-forge's pip already."""

_USELESS = re.compile(r"\s*(pytest[-_]runner|pbr\s*;|wheel\s*$)", re.IGNORECASE)


def build_backend(sdist: SdistFacts) -> str:
    """The build backend, setuptools' where none is named."""
    system = sdist.pyproject.get("build-system")
    backend = system.get("build-backend") if isinstance(system, dict) else None
    return backend if isinstance(backend, str) else "setuptools.build_meta"


def build_requirements(sdist: SdistFacts) -> tuple[str, ...]:
    """Requirements (PEP 508) of the build, in upstream's order.

    Those of [build-system], else setuptools; with setuptools also literal `setup_requires` of setup.cfg and setup.py.
    """
    system = sdist.pyproject.get("build-system")
    requires = system.get("requires") if isinstance(system, dict) else None
    declared = [text for text in requires if isinstance(text, str)] if isinstance(requires, list) else [*DEFAULT]
    if not build_backend(sdist).startswith("setuptools."):
        return tuple(declared)
    # setuptools' backend adds setup_requires to what [build-system] says.
    legacy = [*_from_setup_cfg(sdist.texts.get("setup.cfg", "")), *_from_setup_py(sdist.texts.get("setup.py", ""))]
    return tuple(dict.fromkeys([*declared, *(text for text in legacy if not _USELESS.match(text))]))


def _from_setup_cfg(text: str) -> list[str]:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
        value = parser.get("options", "setup_requires", fallback="")
    except configparser.Error:
        return []
    return [line.strip() for line in re.split(r"[\n;,]", value) if line.strip()]


def _from_setup_py(text: str) -> list[str]:
    if "setup_requires" not in text:
        return []
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "setup_requires":
            try:
                value = ast.literal_eval(node.value)
            except (ValueError, TypeError, RecursionError, MemoryError):
                return []
            texts = [value] if isinstance(value, str) else value
            return [item for item in texts if isinstance(item, str)] if isinstance(texts, (list, tuple, set)) else []
    return []
