"""What a project is built with (PEP 517, 518), read from its sdist."""

from __future__ import annotations

import ast
import configparser
import re

from packaging.utils import canonicalize_name

from dirac_forge.upstream.files.facts import SdistFacts
from dirac_forge.upstream.files.requirements import RequirementList

__all__ = ["BACKENDS", "build_backend", "build_requirements"]

DEFAULT = ("setuptools",)
"""What PEP 517 says of a project without [build-system]; its `wheel` is in conda-forge's pip already."""

BACKENDS = {
    "flit_core": "flit-core",
    "hatchling": "hatchling",
    "maturin": "maturin",
    "mesonpy": "meson-python",
    "pdm": "pdm-backend",
    "poetry": "poetry-core",
    "scikit_build_core": "scikit-build-core",
    "setuptools": "setuptools",
    "uv_build": "uv-build",
}
"""Top module of a build backend to its project."""

_USELESS = re.compile(r"\s*(pytest[-_]runner|pbr\s*;|wheel\s*$)", re.IGNORECASE)


def build_backend(sdist: SdistFacts) -> str:
    """The build backend, setuptools' where none is named."""
    system = sdist.pyproject.get("build-system")
    backend = system.get("build-backend") if isinstance(system, dict) else None
    return backend if isinstance(backend, str) else "setuptools.build_meta"


def build_requirements(sdist: SdistFacts) -> RequirementList:
    """Requirements (PEP 508) of the build, in upstream's order.

    Those of [build-system], else setuptools; with setuptools also literal `setup_requires` of setup.cfg and setup.py.
    """
    system = sdist.pyproject.get("build-system")
    requires = system.get("requires") if isinstance(system, dict) else None
    declared = [text for text in requires if isinstance(text, str)] if isinstance(requires, list) else [*DEFAULT]
    declared += _undeclared_backend(sdist, declared)
    if not build_backend(sdist).startswith("setuptools."):
        return RequirementList(tuple(declared))
    # setuptools' backend adds setup_requires to what [build-system] says.
    legacy = [*_from_setup_cfg(sdist.texts.get("setup.cfg", "")), *_from_setup_py(sdist.texts.get("setup.py", ""))]
    return RequirementList(tuple(dict.fromkeys([*declared, *(text for text in legacy if not _USELESS.match(text))])))


def _undeclared_backend(sdist: SdistFacts, declared: list[str]) -> list[str]:
    """The backend's own project, where others bring it in: a recipe has to name it (conda-smithy's linter)."""
    system = sdist.pyproject.get("build-system")
    project = BACKENDS.get(build_backend(sdist).partition(":")[0].partition(".")[0])
    if project is None or (isinstance(system, dict) and "backend-path" in system):
        return []
    names = {canonicalize_name(match[0]) for text in declared if (match := re.match(r"[\w.-]+", text.strip()))}
    return [] if project in names else [project]


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
