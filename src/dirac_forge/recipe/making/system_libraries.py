"""System libraries that a compiled project links to, read off its build files, as conda-forge's packages."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain

from dirac_forge.recipe.making.build_files import BUILD_FILES
from dirac_forge.recipe.making.library_tables import NOT_LIBRARIES, OF_SYSTEMS, discovered, libraries
from dirac_forge.recipe.making.link_lists import alternatives, built, linked, mentioned
from dirac_forge.recipe.making.subprojects import is_carried
from dirac_forge.upstream.files.literals import parse
from dirac_forge.upstream.files.places import is_aside, of_others
from dirac_forge.values import dataclass

_LINK_FLAG = re.compile(r"[\"'\s]-l([\w+.-]+)")
_STRING = re.compile(r"[\"']([\w+.-]+)[\"']")
_PKG_CONFIG = re.compile(
    r"pkg-?config[\w.]{0,40}+\(?[^)\n]{0,80}?[\"']([\w+][\w+.-]*)[\"']|--(?:libs|cflags|exists)[\"',\s]+([\w+.-]+)",
    re.IGNORECASE,
)
_ASKED_FOR = re.compile(
    r"\bdependency\(\s*'([\w+.-]+)'"
    r"|\bpkg_(?:check|search)_modules?\(\s*\w+\s+(?:(?:REQUIRED|QUIET|IMPORTED_TARGET)\s+)*([\w+.-]+)"
    r"|\bfind_package\(\s*([\w+-]+)",
    re.IGNORECASE,
)
_BOOST_PYTHON = re.compile(
    r"\bfind_package\s*\(\s*boost\b[^()]*\b(?:python|numpy)|\bdependency\(\s*'boost'[^()]*'(?:python|numpy)",
    re.IGNORECASE,
)
"""Boost's library for Python, which is a package of its own."""
_SEARCHED = re.compile(r"find_library_file\([^()\n]*[\"'](?:lib)?(\w+?)(?:_static)?[\"']\s*\)")
"""How setup.py asks a compiler whether a library is there (distutils' `find_library_file`)."""

_CHOSEN_BLAS = re.compile(r"\b(?:blas|lapack)_name\b")
"""How NumPy, SciPy and others look for the BLAS that an option names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LibraryChoice:
    """Libraries of which a build takes the first that is there."""

    path: str
    names: tuple[str, ...]
    package: str
    """The package of the first name that is known."""
    others: tuple[str, ...]
    """Packages of further names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedLibraries:
    """The libraries that build files name."""

    packages: Mapping[str, str]
    """Package to the file that names its library."""
    unknown: Mapping[str, str]
    """What Meson, CMake or setup.py looks for and no table knows, to the file."""
    choices: tuple[LibraryChoice, ...] = ()
    """Of libraries that a build file tries in turn, the first."""
    unread: tuple[str, ...] = ()
    """Python that is no Python of today, or too large: of what it hands to the linker nothing is known."""


def system_libraries(
    texts: Mapping[str, str], read: Collection[str] = (), *, only_read: bool = False, carried: Collection[str] = ()
) -> NamedLibraries:
    """Return the libraries that the build files in `texts` (path to text) name.

    `read` are the build files that the topmost one leads to, which count in any folder but those of other projects
    (`carried`). With `only_read`, no other file of Meson or CMake counts.
    """
    ours = (path for path in _own(texts, read, only_read=only_read) if not is_carried(path, carried))
    own = sorted(ours, key=lambda path: (path.count("/"), path))
    choices = {path: tuple(_choices(path, texts[path])) for path in own if path.endswith(".py")}
    named = [(path, name, found) for path in own for name, found in _named(path, texts[path], choices.get(path, ()))]
    compiled = frozenset().union(*(built(text) for path, text in texts.items() if path.endswith(".py")))
    packages = {package: path for path, _, found in reversed(named) for package in found}
    unknown = {name: path for path, name, found in reversed(named) if not found and name not in compiled}
    return NamedLibraries(
        packages=packages,
        unknown=unknown,
        choices=tuple(chain.from_iterable(choices.values())),
        unread=tuple(path for path in choices if path != "setup.py" and _may_link(texts[path])),
    )


def _may_link(text: str) -> bool:
    """Whether Python that names lists of libraries can't be parsed; that of setup.py is told with its metadata."""
    return "libraries" in text and parse(text.encode()) is None


def _choices(path: str, text: str) -> Iterator[LibraryChoice]:
    """Yield the lists of names that setup.py tries in turn, if they are of several packages."""
    known = {**libraries("linked"), **libraries("discovered")}
    for names in alternatives(text):
        packages = tuple(dict.fromkeys(package for name in names for package in known.get(name, ())[:1]))
        if len(packages) > 1:
            yield LibraryChoice(path=path, names=names, package=packages[0], others=packages[1:])


def _left_out(choices: Iterable[LibraryChoice], name: str, packages: Collection[str]) -> bool:
    """Whether a library is only one that would do, too, in place of a chosen one."""
    tried = (choice for choice in choices if name in choice.names or not set(choice.others).isdisjoint(packages))
    return any(choice.package not in packages for choice in tried)


def _own(texts: Iterable[str], read: Collection[str], *, only_read: bool) -> Iterator[str]:
    for path in texts:
        alone = not (of_others(path) or path.endswith(".cmake") or (only_read and path.endswith(BUILD_FILES)))
        if not is_aside(path) and (path in read or alone):
            yield path


def _named(path: str, text: str, choices: Sequence[LibraryChoice]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the names of libraries in a build file with their packages, () if those are not known."""
    match path.rpartition("/")[2]:
        case "Cargo.toml":
            yield from ((c, p) for c, p in libraries("crate").items() if re.search(rf"^{c}\b", text, re.MULTILINE))
        case name if name in {"meson.build", "CMakeLists.txt"} or path.endswith(".cmake"):
            text = re.sub(r"#.*$", "", text, flags=re.MULTILINE)
            boost = libraries("linked")["boost_python"] if _BOOST_PYTHON.search(text) else discovered("boost")
            yield from _configured(text)
            if _CHOSEN_BLAS.search(text):
                yield "blas", libraries("discovered")["openblas"]
            for match in _ASKED_FOR.finditer(text):
                name = next(group for group in match.groups() if group)
                if name.lower() not in NOT_LIBRARIES:
                    yield name, boost if name.lower() == "boost" else discovered(name)
        case _ if path.endswith(".py"):
            code = re.sub(r"^[ \t]*#.*$", "", text, flags=re.MULTILINE)
            found = (*_in_python(code), *_searched(code), *_configured(code))
            yield from ((name, packages) for name, packages in found if not _left_out(choices, name, packages))


def _configured(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what pkg-config or a library's own program is asked for."""
    programs = libraries("program")
    yield from ((p, packages) for p, packages in programs.items() if re.search(rf"(?<![\w-]){p}(?![\w-])", text))
    for match in _PKG_CONFIG.finditer(text):
        name = next(group for group in match.groups() if group)
        if packages := discovered(name):
            yield name, packages


def _in_python(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    names = (*mentioned(text), *_LINK_FLAG.findall(text))
    known, asked = libraries("linked"), libraries("discovered")
    yield from ((name, known[name]) for name in map(_without_python, names) if name in known)
    yield from ((name, ()) for name in linked(text) if not _spellings(name) & {*known, *asked, *OF_SYSTEMS})
    if "pkg-config" in text:  # names are often handed to it through variables
        yield from ((name, asked[name]) for name in _STRING.findall(text) if name in asked)


def _without_python(name: str) -> str:
    """Return a name without the version of Python that it is built for: `boost_python` of `boost_python312`."""
    return re.sub(r"\A(boost_(?:python|numpy))\d+\Z", r"\1", name)


def _spellings(name: str) -> set[str]:
    """Return the names under which tables may have a library: `libxml2_a` and `z.lib` are Windows' spellings."""
    plain = re.sub(r"(?:_a|_?static|\.lib)\Z", "", name.lower())
    return {
        name,
        plain,
        _without_python(plain),
        plain.removeprefix("lib"),
        re.sub(r"32\Z|\d+(?:\.\d+)*t?\Z", "", plain),
    }


def is_of_systems(name: str) -> bool:
    """Return whether compilers, Python or operating systems bring a library."""
    return not OF_SYSTEMS.isdisjoint(_spellings(name))


def package_of(name: str) -> str:
    """Return the package of a library, by the linker's name or pkg-config's; "" if it is not known."""
    return next(iter(libraries("linked").get(name) or discovered(name)), "")


def _searched(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the libraries that setup.py looks for, other names of theirs on Windows aside."""
    known = {**libraries("discovered"), **libraries("linked")}
    for line in text.split("\n"):
        if "win32" not in line:
            yield from ((name, known.get(name, ())) for name in _SEARCHED.findall(line))


def included_libraries(
    includes: Mapping[str, str], members: Iterable[str], there: Collection[str]
) -> Mapping[str, tuple[str, str]]:
    """Return the packages, beyond those `there`, whose headers sources include: to the source and the header.

    A header that the archive brings along is not the system's.
    """
    known = libraries("header")
    missing = {header: path for header, path in includes.items() if header in known and known[header][0] not in there}
    own = [header for header in missing if any(f"/{member}".endswith(f"/{header}") for member in members)]
    return {known[header][0]: (path, header) for header, path in missing.items() if header not in own}
