"""Git's loose objects, written and read without a process: thousands of commits in a second.

https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from pathlib import Path

__all__ = ["PackedError", "commit", "parent", "tree"]

Entries = dict[str, tuple[str, str]]
"""Path to mode and hash of a blob."""


class PackedError(Exception):
    """An object is in a pack, or not there."""


def commit(folder: Path, entries: Mapping[str, tuple[str, str] | bytes], parent: str, message: str, when: int) -> str:
    """Write a commit of these files (content, or what is there already), and return its hash."""
    known = {
        path: ("100644", _write(folder, "blob", each)) if isinstance(each, bytes) else each
        for path, each in entries.items()
    }
    who = f"Somebody <somebody@example.org> {when} +0000"
    head = [f"tree {_write_tree(folder, known)}", *([f"parent {parent}"] if parent else [])]
    return _write(folder, "commit", "\n".join([*head, f"author {who}", f"committer {who}", "", message]).encode())


def tree(folder: Path, sha: str) -> Entries:
    """The files of a commit; raises PackedError."""
    head = _read(folder, sha).decode().partition("\n")[0]
    return _read_tree(folder, head.removeprefix("tree "), "")


def parent(folder: Path, sha: str) -> str:
    """The first parent of a commit, "" for the first one; raises PackedError."""
    for line in _read(folder, sha).splitlines():
        if line.startswith(b"parent "):
            return line.split()[1].decode()
        if not line:
            break
    return ""


def _write_tree(folder: Path, entries: Entries) -> str:
    here: dict[str, tuple[str, str]] = {}
    below: dict[str, Entries] = {}
    for path, entry in entries.items():
        name, slash, rest = path.partition("/")
        if slash:
            below.setdefault(name, {})[rest] = entry
        else:
            here[name] = entry
    here |= {name: ("40000", _write_tree(folder, inside)) for name, inside in below.items()}
    # Folders are sorted as if their names ended in a slash.
    order = sorted(here, key=lambda name: f"{name}/" if here[name][0] == "40000" else name)
    lines = [f"{here[name][0]} {name}\0".encode() + bytes.fromhex(here[name][1]) for name in order]
    return _write(folder, "tree", b"".join(lines))


def _read_tree(folder: Path, sha: str, prefix: str) -> Entries:
    found: Entries = {}
    content = _read(folder, sha)
    while content:
        head, _, rest = content.partition(b"\0")
        mode, _, name = head.decode().partition(" ")
        inside = rest[:20].hex()
        if mode == "40000":
            found |= _read_tree(folder, inside, f"{prefix}{name}/")
        else:
            found[f"{prefix}{name}"] = (mode, inside)
        content = rest[20:]
    return found


def _write(folder: Path, kind: str, content: bytes) -> str:
    whole = f"{kind} {len(content)}\0".encode() + content
    sha = hashlib.sha1(whole).hexdigest()
    path = folder / "objects" / sha[:2] / sha[2:]
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(zlib.compress(whole, 1))
    return sha


def _read(folder: Path, sha: str) -> bytes:
    try:
        whole = zlib.decompress((folder / "objects" / sha[:2] / sha[2:]).read_bytes())
    except FileNotFoundError:
        raise PackedError(sha) from None
    return whole.partition(b"\0")[2]
