"""The sources that an sdist has, by language, and whether its build files say that a build compiles them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from dirac_forge.recipe.making.hosts import backend_texts
from dirac_forge.upstream.files.declared import table
from dirac_forge.upstream.files.facts import SdistFacts
from dirac_forge.upstream.files.places import is_aside

_SOURCES = {
    "c": (".c", ".m", ".pyx", ".i"),
    "cxx": (".cpp", ".cc", ".cxx", ".c++", ".mm"),
    "fortran": (".f", ".f90", ".f77", ".f95", ".for", ".pyf"),
    "rust": (".rs",),
}
_FILE = re.compile(r"\.([a-z][a-z0-9+]*)[\"']", re.IGNORECASE)
"""The ending of a file's name, or of the names that a pattern stands for, as text in Python."""
_COMPUTED = re.compile(
    r"\bglob\b|\br?glob\(|\bwalk\(|\blistdir\(|\biterdir\(|\bscandir\(|\bendswith\(|\bimport_module\b|\bexec\("
)
_IMPORTED = re.compile(r"^[ \t]*(?:import|from)\s+(\w+)", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*#.*$", re.MULTILINE)


def source_files(sdist: SdistFacts, language: str) -> list[str]:
    """Return the sources in one language (`c`, `cxx`, `fortran`, `rust`), tests and documentation aside."""
    return [member for member in sdist.members if _language(member) == language]


def source_languages(sdist: SdistFacts) -> tuple[str, ...]:
    """Return the languages of the sources, tests and documentation aside."""
    found = set(map(_language, sdist.members))
    return tuple(language for language in _SOURCES if language in found)


def _language(member: str) -> str:
    ending = PurePosixPath(member).suffix.lower()
    language = next((language for language, endings in _SOURCES.items() if ending in endings), "")
    return "" if language and is_aside(member) else language


def build_texts(sdist: SdistFacts) -> str:
    """Return the Python that builds: setup.py and an in-tree backend."""
    return "\n".join((sdist.texts.get("setup.py", ""), *backend_texts(sdist)))


def is_compiled(sdist: SdistFacts, language: str) -> bool | None:
    """Return whether setuptools is told to compile sources in a language; None where the list is computed, or unknown.

    The build files of CMake and Meson tell it better: they list the languages themselves.
    """
    text = _COMMENT.sub("", build_texts(sdist))
    named = {f".{ending.lower()}" for ending in (*_FILE.findall(text), *_endings(sdist))}
    if named.intersection(_SOURCES[language]):
        return True
    others = {ending for other, endings in _SOURCES.items() if other != language for ending in endings}
    return False if named & others and not _is_computed(sdist, text) else None


def _is_computed(sdist: SdistFacts, text: str) -> bool:
    """Whether the list of sources is more than text: it is searched for, or comes from another file of the sdist."""
    tops = {member.partition("/")[0].removesuffix(".py") for member in sdist.members}
    return _COMPUTED.search(text) is not None or not tops.isdisjoint(_IMPORTED.findall(text))


def _endings(sdist: SdistFacts) -> Iterator[str]:
    """Yield the endings of the sources that pyproject.toml lists for setuptools."""
    listed = table(table(sdist.pyproject, "tool"), "setuptools").get("ext-modules")
    for extension in listed if isinstance(listed, list) else []:
        sources = extension.get("sources") if isinstance(extension, dict) else None
        yield from (
            (str(each).rpartition(".")[2] for each in sources if "." in str(each)) if isinstance(sources, list) else ()
        )
