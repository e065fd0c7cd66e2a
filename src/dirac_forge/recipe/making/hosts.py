"""What a project is built with (PEP 517, 518), read from its sdist."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from dirac_forge.recipe.making.old_setups import DISTRIBUTE, old_setups
from dirac_forge.recipe.making.plain_build import imported_by_setup, plain_build
from dirac_forge.upstream.files.facts import SdistFacts
from dirac_forge.upstream.files.ini import IniError, read_ini
from dirac_forge.upstream.files.literals import parse
from dirac_forge.upstream.files.requirements import DeclaredRequirement, RequirementList
from dirac_forge.upstream.files.setuptools import from_setup_py

DEFAULT = ("setuptools",)
"""What PEP 517 says of a project without [build-system]; its `wheel` is in conda-forge's pip already."""
BROUGHT_BY_PIP = frozenset({"setuptools", "wheel"})
"""What conda-forge's pip requires, for older Pythons at least."""

BACKENDS = {
    "flit_core": "flit-core",
    "hatchling": "hatchling",
    "maturin": "maturin",
    "mesonpy": "meson-python",
    "pbr": "pbr",
    "pdm": "pdm-backend",
    "poetry": "poetry-core",
    "scikit_build_core": "scikit-build-core",
    "setuptools": "setuptools",
    "uv_build": "uv-build",
}
"""Top module of a build backend to its project."""

_NOT_NEEDED = frozenset({"pytest-runner", "wheel", DISTRIBUTE})
"""Requirements of old builds that a recipe does without."""
_NEEDS_SETUPTOOLS = frozenset({"pbr", "scikit-build", "setuptools-rust", "versioneer"})
"""Tools of setuptools' that do not bring it on conda-forge."""

_SETUP_IMPORTS = {
    "Cython": "cython",
    "cffi": "cffi",
    "cmake": "cmake",
    "cppy": "cppy",
    "extension_helpers": "extension-helpers",
    "jupyter_packaging": "jupyter-packaging",
    "mypyc": "mypy",
    "nanobind": "nanobind",
    "numpy": "numpy",
    "packaging": "packaging",
    "pbr": "pbr",
    "pkgconfig": "pkgconfig",
    "pybind11": "pybind11",
    "pythran": "pythran",
    "setuptools_cpp": "setuptools-cpp",
    "setuptools_dso": "setuptools-dso",
    "setuptools_git_versioning": "setuptools-git-versioning",
    "setuptools_rust": "setuptools-rust",
    "setuptools_scm": "setuptools-scm",
    "skbuild": "scikit-build",
    "torch": "torch",
    "versioneer": "versioneer",
}
"""Modules that setup.py imports to the projects that a build without isolation then needs."""
_OF_SETUPTOOLS = frozenset({"distutils", "pkg_resources", "setuptools"})
_NEAR = 2
"""Folders between the top of an archive and a module that its setup.py imports; tools may be vendored further down."""
_ANYWHERE = 100
_NUMPY_HEADERS = re.compile(r"\b(?:numpy|np)\.get_include\s*\(")
_IN_TREE = frozenset(
    {*_SETUP_IMPORTS.values(), "expandvars", "setuptools", "tomli", "scikit-build-core", "meson-python"}
)


def build_backend(sdist: SdistFacts) -> str:
    """Return the build backend, setuptools' where none is named (the default of PEP 517)."""
    return declared_backend(sdist) or "setuptools.build_meta"


def declared_backend(sdist: SdistFacts) -> str:
    """Return the build backend that pyproject.toml names, "" if it names none."""
    backend = _system(sdist).get("build-backend")
    return backend if isinstance(backend, str) else ""


def _system(sdist: SdistFacts) -> Mapping[str, object]:
    system = sdist.pyproject.get("build-system")
    return system if isinstance(system, dict) else {}


def build_tool_names(sdist: SdistFacts) -> frozenset[str]:
    """Return the projects that the build requires, normalised."""
    return frozenset(canonicalize_name(requirement.name) for requirement in build_requirements(sdist))


def build_requirements(sdist: SdistFacts) -> RequirementList:
    """Return requirements (PEP 508) of the build, in upstream's order.

    Those of [build-system], else setuptools; what an in-tree backend asks for; with setuptools also `setup_requires` of
    setup.cfg and setup.py, and what setup.py imports.
    """
    lines = _declared(sdist)
    lines += _undeclared_backend(sdist, _names(lines))
    lines += _others(_asked_in_tree(sdist), _names(lines))
    if _runs_setup_py(sdist) or "setuptools" in _names(lines):
        # setuptools' backend adds setup_requires to what [build-system] says.
        lines += _others(_setup_requires(sdist), _NOT_NEEDED)
        lines += _others(_imported(sdist), _names(lines))
        lines += [old.requirement for old in old_setups(sdist)[:1]]
    if _names(lines) & _NEEDS_SETUPTOOLS:
        lines += _others(["setuptools"], _names(lines))
    return RequirementList(tuple(dict.fromkeys(lines)))


def _runs_setup_py(sdist: SdistFacts) -> bool:
    return build_backend(sdist).startswith(("setuptools.", "backend"))


def _declared(sdist: SdistFacts) -> list[str]:
    requires = _system(sdist).get("requires")
    return [text for text in requires if isinstance(text, str)] if isinstance(requires, list) else [*DEFAULT]


def asks_for_distribute(sdist: SdistFacts) -> bool:
    """Whether setup_requires names distribute, which is left out of host, because no build can use it any more."""
    return DISTRIBUTE in _names(_setup_requires(sdist))


def _others(lines: Iterable[str], names: frozenset[str]) -> list[str]:
    """Return the lines of other projects than these."""
    return [line for line in lines if _bare(line) not in names]


def _bare(line: str) -> str:
    match = re.match(r"\s*([A-Za-z0-9][\w.-]*)", line)
    return canonicalize_name(match[1]) if match else ""


def _names(lines: Iterable[str]) -> frozenset[str]:
    return frozenset(map(_bare, lines))


def _undeclared_backend(sdist: SdistFacts, names: frozenset[str]) -> list[str]:
    """Return the backend's own project, where others bring it in: a recipe has to name it (conda-smithy's linter)."""
    project = BACKENDS.get(build_backend(sdist).partition(":")[0].partition(".")[0])
    return [project] if project is not None and project not in names and not backend_texts(sdist) else []


def backend_texts(sdist: SdistFacts) -> tuple[str, ...]:
    """Return the sources of a build backend that is in the archive itself; () if the backend is another project."""
    folders = _system(sdist).get("backend-path")
    starts = [str(folder).strip("./") for folder in folders] if isinstance(folders, list) else []
    texts = (
        text
        for path, text in sdist.texts.items()
        for start in starts
        if path.endswith(".py") and (not start or path.startswith(f"{start}/")) and "build_wheel" in text
    )
    return tuple(dict.fromkeys(texts))


def _asked_in_tree(sdist: SdistFacts) -> Iterator[str]:
    """Yield the literal requirements in `get_requires_for_build_wheel` of an in-tree backend."""
    for text in backend_texts(sdist):
        tree = parse(text.encode())
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, ast.FunctionDef) and node.name.startswith("get_requires_for_build"):
                yield from filter(_is_tool, _strings(node))


def _strings(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield " ".join(inner.value.split())


def _is_tool(line: str) -> bool:
    try:
        return canonicalize_name(Requirement(line).name) in _IN_TREE
    except ValueError:
        return False


def _setup_requires(sdist: SdistFacts) -> Iterator[str]:
    """Yield `setup_requires` of setup.cfg and setup.py, names of constants followed."""
    try:
        options = read_ini(sdist.texts.get("setup.cfg", "")).get("options", {})
    except IniError:
        options = {}
    yield from _list(options.get("setup_requires", ""))
    yield from _in_setup_py(sdist.texts.get("setup.py", ""))


@lru_cache(maxsize=64)  # of a release it is asked for again and again, and the syntax tree takes long
def _in_setup_py(text: str) -> tuple[str, ...]:
    declared = from_setup_py(text.encode(), where="setup.py").fields.get("setup_requires") if text else None
    if declared is None:
        return plain_build(text).setup_requires
    items = [declared] if isinstance(declared, str) else declared if isinstance(declared, list) else []
    return tuple(line for item in items if isinstance(item, str) for line in _list(item))


def _list(value: str) -> Iterator[str]:
    """Yield a list by line, or in one line with `;` (setuptools) or `,` between requirements."""
    lines = [line for line in map(str.strip, value.splitlines()) if line and not line.startswith("#")]
    if len(lines) != 1 or _readable(lines[0]):
        yield from lines
        return
    parts = [part.strip() for part in re.split(r"[;,]", lines[0])]
    if not all(map(_readable, filter(None, parts))):
        parts = [part.strip() for part in lines[0].split(";")]
    yield from filter(None, parts)


def _readable(line: str) -> bool:
    try:
        Requirement(line)
    except ValueError:
        return False
    return True


def _imported(sdist: SdistFacts) -> Iterator[str]:
    """Yield the tools that setup.py imports, and NumPy where its headers are asked for."""
    imported = imported_by_setup(sdist)
    yield from (_SETUP_IMPORTS[top] for top in imported if top in _SETUP_IMPORTS and not _is_own(top, sdist))
    if _NUMPY_HEADERS.search(sdist.texts.get("setup.py", "")):
        yield "numpy"


def _is_own(module: str, sdist: SdistFacts, *, near: int = _NEAR) -> bool:
    """Whether the archive has a module itself: setup.py finds it next to itself, or in a folder that it adds."""
    ends = (f"/{module}.py", f"/{module}/__init__.py")
    return any(f"/{member}".endswith(ends) and member.count("/") <= near for member in sdist.members)


def unknown_setup_imports(sdist: SdistFacts) -> tuple[str, ...]:
    """Return the modules that setup.py imports in a plain build, and nothing here is known to bring."""
    if not _runs_setup_py(sdist):
        return ()
    known = {*sys.stdlib_module_names, *_OF_SETUPTOOLS, *_SETUP_IMPORTS}
    tools = build_tool_names(sdist)
    foreign = (top for top in imported_by_setup(sdist) if top not in known and canonicalize_name(top) not in tools)
    return tuple(top for top in foreign if not _is_own(top, sdist, near=_ANYWHERE))


def relaxed_pin(line: str) -> str:
    """Return the requirement with a lower bound in place of an exact version; any other line as it is."""
    try:
        requirement = DeclaredRequirement(line)
    except ValueError:
        return line
    clauses = list(requirement.specifier)
    if len(clauses) != 1 or clauses[0].operator not in {"==", "==="} or clauses[0].version.endswith(".*"):
        return line
    requirement.specifier = SpecifierSet(f">={clauses[0].version}")
    return str(requirement)
