"""Where the modules of a source tree are, and which are installed, as the settings of its build say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from dirac_forge.recipe.making.hosts import build_tool_names
from dirac_forge.recipe.notes import Note, NoteKind, note
from dirac_forge.upstream.files.declared import table
from dirac_forge.upstream.files.facts import SdistFacts

_USUAL_ROOTS = ("src", "lib", "python")
_JAVASCRIPT_TOOLS = frozenset({"hatch-jupyter-builder", "jupyter-packaging"})
_SUBMODULE = re.compile(r"^[ \t]*path\s*=\s*(\S+)\s*$", re.MULTILINE)


def source_roots(sdist: SdistFacts) -> tuple[str, ...]:
    """Return the folders that packages are below: those that the settings name, then the usual ones."""
    named = (path.removeprefix("./").strip("/") for path in _named_roots(sdist))
    return tuple(dict.fromkeys((*(path for path in named if path not in {"", "."}), *_USUAL_ROOTS)))


def _named_roots(sdist: SdistFacts) -> Iterator[str]:
    tool = table(sdist.pyproject, "tool")
    for folders in (table(sdist.setup, "package_dir"), table(tool, "setuptools", "package-dir")):
        for package, folder in folders.items():
            end = f"/{package.replace('.', '/')}" if package else ""
            yield from [folder.removesuffix(end)] if isinstance(folder, str) and folder.endswith(end) else []
    yield from _texts(
        [
            table(tool, "pdm", "build").get("package-dir"),
            table(tool, "maturin").get("python-source"),
            table(tool, "uv", "build-backend").get("module-root"),
        ]
    )
    yield from _texts(table(tool, "setuptools", "packages", "find").get("where"))
    packages = _texts(table(tool, "hatch", "build", "targets", "wheel").get("packages"))
    yield from (path.strip("/").rpartition("/")[0] for path in packages)
    poetry = table(tool, "poetry").get("packages")
    if isinstance(poetry, list):
        yield from _texts([item.get("from") for item in poetry if isinstance(item, Mapping)])


def declared_modules(sdist: SdistFacts, is_namespace: Callable[[str], bool]) -> list[str]:
    """Return the packages and modules that setup() or [tool.setuptools] list, none within another; [] if none do."""
    settings = table(sdist.pyproject, "tool", "setuptools")
    packages = sdist.setup.get("packages", settings.get("packages", []))
    if not isinstance(packages, list):
        return []
    real = [name for name in _texts(packages) if not is_namespace(name)]
    starts = tuple(f"{name}." for name in real)
    modules = _texts(sdist.setup.get("py_modules", settings.get("py-modules")))
    names = [*(name for name in real if not name.startswith(starts)), *modules]
    return [name for name in names if all(part.isidentifier() for part in name.split("."))]


def lacking_sources(sdist: SdistFacts) -> Iterator[Note]:
    """Yield what the archive of a tag may lack, and an sdist has: submodules of git, JavaScript that npm builds."""
    paths = _SUBMODULE.findall(sdist.texts.get(".gitmodules", ""))
    if missing := [path for path in paths if not any(member.startswith(f"{path}/") for member in sdist.members)]:
        yield note("warning", NoteKind.MISSING_SUBMODULES, paths=missing)
    built = any("labextension/" in member and member.endswith(".js") for member in sdist.members)
    tools = build_tool_names(sdist) & _JAVASCRIPT_TOOLS
    if tools and not built and "package.json" in sdist.members:
        yield note("warning", NoteKind.MISSING_JAVASCRIPT, tool=min(tools))


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list | tuple) else []
