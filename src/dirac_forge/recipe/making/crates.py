"""Where the crates of a project are in its sources, and how the licences of the crates that they link are collected."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatchcase

from dirac_forge.recipe.notes import Note, NoteKind, note
from dirac_forge.upstream.files.crate import manifest
from dirac_forge.upstream.files.declared import table
from dirac_forge.upstream.files.facts import SdistFacts
from dirac_forge.upstream.files.literals import parse
from dirac_forge.values import dataclass

_MANIFEST = "Cargo.toml"
_PLAIN = re.compile(r"(?:[\w.+][\w.+-]*/)*Cargo\.toml")
"""A manifest in a folder that a shell takes as it is."""
_TOP = "."
_CALLS = ("RustExtension", "RustBin")
"""How setup.py names crates to setuptools-rust: the path is the second argument."""
_COMPUTED = ""
"""Stands for a path that setup.py does not give as text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CrateLicences:
    """How the licences of crates get into a package."""

    commands: tuple[str, ...]
    """The last ones of a build, which write them to the top of the sources."""
    files: tuple[str, ...]
    """What they write."""
    notes: tuple[Note, ...] = ()


def crate_licences(sdist: SdistFacts | None) -> CrateLicences:
    """Return how the licences of the crates are collected that a build links.

    cargo-bundle-licenses reads the manifest of the folder that it runs in, and has no option for another one. In that
    of a workspace without a crate of its own it takes all members
    (https://github.com/sstadick/cargo-bundle-licenses/blob/main/src/package_loader.rs).
    """
    if sdist is None:
        return _bundled([_TOP])
    named = tuple(dict.fromkeys(_named_manifests(sdist)))
    there = {member for member in sdist.members if _PLAIN.fullmatch(member)}
    folders = [posixpath.dirname(path) or _TOP for path in named if path in there]
    if len(folders) > 1 and (workspace := _workspace_of(folders, sdist.texts, there)):
        folders = [workspace]
    outermost = min(there, key=lambda path: (path.count("/"), path), default="")
    computed = (note("warning", NoteKind.CRATES_COMPUTED),) if _COMPUTED in named else ()
    return _bundled(folders or [posixpath.dirname(outermost) or _TOP], computed)


def crate_manifests(sdist: SdistFacts) -> tuple[str, ...]:
    """Return the manifests of the crates that the build is told to compile, as far as they are there."""
    return tuple(path for path in dict.fromkeys(_named_manifests(sdist)) if path in sdist.texts)


def _bundled(folders: Collection[str], notes: tuple[Note, ...] = ()) -> CrateLicences:
    """Return the commands that go from one folder to the next, each of which has a file if there are several."""
    commands: list[str] = []
    files: list[str] = []
    here = _TOP
    for folder in folders:
        if folder != here:
            commands.append(f"cd {posixpath.relpath(folder, here)}")
        here = folder
        files.append(f"THIRDPARTY-{folder.replace('/', '-')}.yml" if len(folders) > 1 else "THIRDPARTY.yml")
        path = posixpath.relpath(files[-1], folder)
        commands.append(f"cargo-bundle-licenses --format yaml --output {path}")
    return CrateLicences(commands=tuple(commands), files=tuple(files), notes=notes)


def _workspace_of(folders: Collection[str], texts: Mapping[str, str], there: Collection[str]) -> str:
    """Return the folder of the workspace that all these crates are members of, "" if there is none.

    One with a crate of its own is none: there that crate alone would be read.
    """
    inner = posixpath.commonpath(folders) if _TOP not in folders else ""
    while inner:
        inner = posixpath.dirname(inner)
        path = posixpath.join(inner, _MANIFEST)
        said = manifest(texts.get(path, "")) if path in there else None
        if said and "package" not in said and _has_members(table(said, "workspace"), inner, folders):
            return inner or _TOP
    return ""


def _has_members(workspace: Mapping[str, object], top: str, folders: Collection[str]) -> bool:
    members, left_out = (_texts(workspace.get(key)) for key in ("members", "exclude"))
    crates = [posixpath.relpath(folder, top or _TOP) for folder in folders]
    return all(
        any(fnmatchcase(crate, pattern.strip("./")) for pattern in members)
        and not any(f"{crate}/".startswith(f"{path.strip('./')}/") for path in left_out)
        for crate in crates
    )


def _texts(value: object) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def _named_manifests(sdist: SdistFacts) -> Iterator[str]:
    """Yield the manifests that maturin's and setuptools-rust's settings name, with their default."""
    tool = table(sdist.pyproject, "tool")
    named = [table(tool, "maturin").get("manifest-path")]
    for key in ("ext-modules", "bins"):
        listed = table(tool, "setuptools-rust").get(key)
        for each in listed if isinstance(listed, list) else []:
            named += [each.get("path", _MANIFEST)] if isinstance(each, dict) else []
    named += _in_setup_py(sdist.texts.get("setup.py", ""))
    given = [posixpath.normpath(path) if path else path for path in named if isinstance(path, str)]
    yield from (path for path in given if ".." not in path)
    if not given:
        yield _MANIFEST


def _in_setup_py(text: str) -> Iterator[str]:
    """Yield the paths that setup.py gives."""
    tree = parse(text.encode()) if any(call in text for call in _CALLS) else None
    for node in ast.walk(tree) if tree is not None else ():
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args, keywords=words):
                if name in _CALLS:
                    given = [*args[1:2], *(word.value for word in words if word.arg == "path")]
                    yield _path(given[0]) if given else _MANIFEST


def _path(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else _COMPUTED
