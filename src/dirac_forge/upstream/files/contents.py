"""What is kept of a source archive while it streams by: names, small texts that decide things, command-line parsers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field, replace
from typing import TypeVar

from packaging.utils import canonicalize_name

from dirac_forge.upstream.files.archive import ArchiveMember
from dirac_forge.upstream.files.changelogs import is_changelog
from dirac_forge.upstream.files.configure import SCRIPT_LIMIT, is_configure, looked_for
from dirac_forge.upstream.files.facts import SourceModule
from dirac_forge.upstream.files.headers import HEADER, Headers, has_header
from dirac_forge.upstream.files.literals import SOURCE_LIMIT, names_parser
from dirac_forge.upstream.files.metadata import METADATA_LIMIT
from dirac_forge.upstream.files.modules import read_module
from dirac_forge.upstream.problems import Problem, unread
from dirac_forge.values import dataclass

_T = TypeVar("_T")

_TEXT_LIMIT = 512 * 1024
_TEXTS_LIMIT = 16 * 1024 * 1024
_MOST_MODULES = 20_000
_PARSED_LIMIT = 32 * 1024 * 1024
"""Bytes of one kept text, of all of them, and of all Python modules that are looked into."""
_SCRIPTS_LIMIT = 16 * 1024 * 1024
"""Bytes of all configure scripts."""

_ROOT_TEXTS = re.compile(
    r"(?:[^/]+\.py|\.gitmodules|readme(?:\.\w+)?|setup\.cfg|pyproject\.toml|meson_options\.txt|meson\.options|conanfile\.\w+"
    r"|environment\.ya?ml|tox\.ini"
    r"|MANIFEST\.in|build\.rs|configure\.ac|configure\.in|CMakePresets\.json|requirements[\w.-]*\.(?:txt|in)"
    r"|requirements/[\w.-]+\.(?:txt|in))",
    re.IGNORECASE,
)
_BUILD_TEXTS = frozenset({"meson.build", "CMakeLists.txt", "Cargo.toml", "build.rs"})
_DEEPEST_BUILD_TEXT = 6
_DEEPEST_LOCK = 2
"""Folders above the Cargo.lock of a project's own crate; those of vendored crates are further down."""
_MAYBE_INCLUDED = re.compile(r"(?:[^/]+/){0,6}[^/]+\.cmake")
"""Build files that another one may include, whose size is no problem if none does."""
_EGG_INFO = re.compile(r"(?:[^/]+/){0,3}[^/]+\.egg-info/(?:entry_points|requires|top_level|not-zip-safe)\.txt")
_LICENSES = re.compile(
    r"(?:[^/]+/){0,3}(?:licen[cs]es?/[^/]+|[^/]*(?:licen[cs]e|copying|copyright|notice|eula|unlicense)[^/]*|patents)",
    re.IGNORECASE,
)
_LICENSE_WORDS = ("licen", "copy", "notice", "eula", "patents")
"""One of these is in each name that `_LICENSES` has."""
_CODE = re.compile(
    r"\.(?:py|pyi|pyx|pxd|c|cc|cpp|h|hpp|js|ts|css|java|go|rs|rb|so|png|svg|gz|zip|html?|json|ipynb|f90|in|sh)\Z",
    re.IGNORECASE,
)
_LINKS = re.compile(rb"\b(?:libraries|library_dirs|ffibuilder|FFI\(\))")
_DOWNLOADS = re.compile(rb"\burl(?:retrieve|open)\s*\(|\brequests\.get\s*\(")
_RUNS = re.compile(rb"\bsubprocess\.\w+\s*\(|\bos\.system\s*\(")
_BUILD_MODULE = re.compile(r"\w*(?:build|setup|ffi|download|fetch)\w*\.py", re.IGNORECASE)
"""Modules below the top that may tell a compiler its libraries, download some, or run a program."""
_DEEPEST_BUILD_MODULE = 4
_ASIDE = re.compile(r"(?:^|/)(?:tests?|docs?|examples?|benchmarks?|site-packages)/")


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """What was kept; paths are relative to the single top folder."""

    names: tuple[str, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """What sources say of a GNU licence: see `Headers.found`."""
    includes: Mapping[str, str] = field(default_factory=dict)
    """What sources in C include: see `Headers.includes`."""
    configured: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The libraries that configure scripts look for, by the script, or its source."""
    pkg_info: bytes | None = None
    scripts: Mapping[str, bytes] = field(default_factory=dict)
    """Python modules that name something that builds command-line parsers."""
    modules: tuple[SourceModule, ...] = ()
    """What Python and Cython modules import."""
    has_egg_info: bool = False
    """Whether setuptools wrote an .egg-info folder: without a requires.txt in it, nothing is required."""
    problems: tuple[Problem, ...] = ()

    def egg_info(self, name: str) -> str | None:
        """Return the text of a file of the first .egg-info folder, where there is one."""
        paths = [path for path in self.texts if path.endswith(f".egg-info/{name}")]
        return self.texts[min(paths, key=lambda path: (path.count("/"), path))] if paths else None


class Reader:
    """Collects from one member after another, in the archive's order."""

    def __init__(self, filename: str, *, imports: bool = True) -> None:
        """Look into special modules only, unless `imports` is true: most of the time goes into the others."""
        self._filename = filename
        self._imports = imports
        self._names: list[str] = []
        self._texts: dict[str, str] = {}
        self._pkg_info: dict[str, bytes] = {}
        self._scripts: dict[str, bytes] = {}
        self._modules: list[SourceModule] = []
        self._left_out = 0
        self._headers = Headers()
        self._configured: dict[str, tuple[str, ...]] = {}
        self._scripts_left = _SCRIPTS_LIMIT
        self._left = _TEXTS_LIMIT
        self._parse_left = _PARSED_LIMIT
        self._problems: list[Problem] = []

    def add(self, member: ArchiveMember) -> None:
        """Keep what is worth it of `member`."""
        name = member.name
        self._names.append(name)
        # Below the top folder; archives without one are put right at the end.
        inner = name.partition("/")[2]
        if name.endswith("PKG-INFO") and name.count("/") <= 4:
            self._pkg_info[name] = member.read(METADATA_LIMIT)
        elif is_configure(inner or name):
            self._look_for_libraries(member)
        elif is_changelog(inner) or _MAYBE_INCLUDED.fullmatch(inner):
            if member.size <= min(_TEXT_LIMIT, self._left):
                self._keep(member)
        elif _is_text(inner) or ("/" not in name and _is_text(name)):
            self._keep(member)
        elif name.endswith((".py", ".pyx")) and not _ASIDE.search(inner):
            self._look_into(member)
        elif has_header(inner):
            self._headers.look(name, member.read(HEADER))

    def _look_for_libraries(self, member: ArchiveMember) -> None:
        """Note what a configure script looks for; keep its source where that is at the top."""
        if member.size > min(SCRIPT_LIMIT, self._scripts_left):
            self._tell_large(member)
            return
        data = member.read(SCRIPT_LIMIT)
        self._scripts_left -= len(data)
        self._configured[member.name] = looked_for(data.decode("utf-8", "replace"))
        if _is_text(_inner(member.name)) and len(data) <= min(_TEXT_LIMIT, self._left):
            self._left -= len(data)
            self._add_text(member.name, data)

    def _look_into(self, member: ArchiveMember) -> None:
        """Note what a module imports; keep it where it parses a command line, is an in-tree build backend, or links."""
        # A module that is too large has its imports at its beginning.
        source = member.read(min(SOURCE_LIMIT, self._parse_left))
        cut = member.size > len(source)
        self._parse_left -= len(source)
        if has_header(member.name.partition("/")[2]):
            self._headers.look(member.name, source[:HEADER])
        if self._imports and not cut and member.name.endswith(".py") and names_parser(source):
            self._scripts[member.name] = source
        if _builds(member.name, source) and not cut:
            self._add_text(member.name, source)
        self._add_module(member.name, source, cut=cut)

    def _add_module(self, name: str, source: bytes, *, cut: bool = False) -> None:
        if not (self._imports or _is_special(name, source)):
            return
        if (module := read_module(name, source, cut=cut)) is None:
            return
        if len(self._modules) < _MOST_MODULES:
            self._modules.append(module)
        else:
            self._left_out += 1

    def _keep(self, member: ArchiveMember) -> None:
        if member.size > min(_TEXT_LIMIT, self._left):
            self._tell_large(member)
            return
        data = member.read(_TEXT_LIMIT)
        self._left -= len(data)
        if b"\0" in data:
            # A licence may be a document (`LICENSE.pdf`).
            if _decides(_inner(member.name)):
                self._problems.append(unread(self._told(member), "it is not text"))
            return
        self._add_text(member.name, data)
        if member.name.endswith(".py"):
            self._add_module(member.name, data)
            if self._imports and names_parser(data):
                self._scripts[member.name] = data

    def _tell_large(self, member: ArchiveMember) -> None:
        if _decides(_inner(member.name)):
            self._problems.append(unread(self._told(member), f"it is too large ({member.size} bytes)"))
        else:
            self._problems.append(Problem(kind="too-large", about=self._told(member), count=member.size))

    def _told(self, member: ArchiveMember) -> str:
        return f"{_inner(member.name)[:80]} of {self._filename}"

    def _add_text(self, name: str, data: bytes) -> None:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
        self._texts[name] = text.replace("\r\n", "\n")

    def contents(self) -> Contents:
        """Return all that was kept, below the single top folder."""
        top = self._top()
        cut = len(top)
        names = [name[cut:] for name in self._names if name.startswith(top)]
        if len(names) < len(self._names):
            self._problems.append(Problem(kind="outside", about=self._filename, what=top))
        if self._left_out:
            self._problems.append(Problem(kind="modules-left-out", about=self._filename, count=self._left_out))
        modules = sorted(self._modules, key=lambda module: module.path)
        return Contents(
            names=tuple(sorted(names)),
            texts=_below(top, dict(sorted(self._texts.items()))),
            headers=_below(top, self._headers.found),
            includes={name: path[cut:] for name, path in self._headers.includes.items() if path.startswith(top)},
            configured=_below(top, dict(sorted(self._configured.items()))),
            pkg_info=self._chosen_pkg_info(top),
            scripts=_below(top, self._scripts),
            modules=tuple(replace(m, path=m.path[cut:]) for m in modules if m.path.startswith(top)),
            has_egg_info=any(name.startswith(top) and ".egg-info/PKG-INFO" in name for name in self._pkg_info),
            problems=tuple(self._problems),
        )

    def _top(self) -> str:
        """Return the top folder with a slash, "" if there is none; beside others, the one that is named as the
        archive.
        """
        tops = {name.partition("/")[0] if "/" in name else "" for name in self._names}
        if len(tops) == 1:
            only = tops.pop()
            return f"{only}/" if only else ""
        own = [top for top in sorted(tops) if top and self._is_own(top)]
        return f"{own[0]}/" if own else ""

    def _is_own(self, top: str) -> bool:
        stem = re.sub(r"\.(?:tar(?:\.\w+)?|t[bgx]z2?|zip)\Z", "", self._filename)
        return canonicalize_name(top) == canonicalize_name(stem)

    def _chosen_pkg_info(self, top: str) -> bytes | None:
        """Return the one at the top; else the egg-info's, which setuptools wrote as its copy."""
        infos = {name[len(top) :]: data for name, data in self._pkg_info.items() if name.startswith(top)}
        if "PKG-INFO" in infos:
            return infos["PKG-INFO"]
        eggs = sorted(
            (name for name in infos if name.endswith(".egg-info/PKG-INFO")), key=lambda name: (name.count("/"), name)
        )
        return infos[eggs[0]] if eggs else None


def _builds(path: str, source: bytes) -> bool:
    """Return whether a module is an in-tree build backend, or one of a build that links, downloads or runs programs."""
    if path.count("/") > _DEEPEST_BUILD_MODULE:
        return False
    named = _BUILD_MODULE.fullmatch(path.rpartition("/")[2]) is not None
    return b"build_wheel" in source or (named and any(says.search(source) for says in (_LINKS, _DOWNLOADS, _RUNS)))


def _is_special(path: str, source: bytes) -> bool:
    """Whether a module is more than its imports: setup.py, Cython, perhaps a namespace package of the old kinds."""
    if path.endswith("/__init__.py"):
        return b"extend_path" in source or b"declare_namespace" in source
    return path.endswith((".pyx", "setup.py"))


def _inner(name: str) -> str:
    """Return a member's path below the top folder, where it is in one."""
    return name.partition("/")[2] or name


def _decides(path: str) -> bool:
    """Whether a text tells how the project is built or what it requires."""
    return not _LICENSES.fullmatch(path) and not path.lower().startswith("readme")


def _is_text(path: str) -> bool:
    """Whether a file decides something; a pattern is tried where a word that it needs is there."""
    folder, _, name = path.rpartition("/")
    if name in _BUILD_TEXTS:
        return path.count("/") <= _DEEPEST_BUILD_TEXT
    if name == "Cargo.lock":
        return path.count("/") <= _DEEPEST_LOCK
    if folder.lower() in {"", "requirements"} and _ROOT_TEXTS.fullmatch(path):
        return True
    if ".egg-info/" in path and _EGG_INFO.fullmatch(path):
        return True
    lowered = path.lower()
    said = any(word in lowered for word in _LICENSE_WORDS)
    return said and _LICENSES.fullmatch(path) is not None and _CODE.search(path) is None


def _below(top: str, files: Mapping[str, _T]) -> dict[str, _T]:
    """Return the files of a folder, by their names in it."""
    return {name[len(top) :]: value for name, value in files.items() if name.startswith(top)}
