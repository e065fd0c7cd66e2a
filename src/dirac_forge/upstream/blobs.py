"""Facts as blobs for the store, so that a file is read once; a damaged blob counts as missing."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, TypeVar

from packaging.version import Version

from dirac_forge.upstream.choice import Choice, Rejected
from dirac_forge.upstream.files.facts import CoreMetadata, EntryPoint, SdistFacts, WheelFacts
from dirac_forge.upstream.files.requirements import RequirementList
from dirac_forge.upstream.index.project import Release, ReleaseFile

__all__ = [
    "dump_choice",
    "dump_sdist",
    "dump_wheel",
    "key_of",
    "kind",
    "load_choice",
    "load_sdist",
    "load_wheel",
    "plain",
    "sealed",
    "tree_of",
]

SCHEMA = 3
"""Raised whenever more, or something else, is read from a file."""

_T = TypeVar("_T")


def kind(what: str) -> str:
    """Return the store's kind for `what` ("wheel", "wheel-metadata", "sdist") as it is read now."""
    return f"{what}-{SCHEMA}"


def key_of(file: ReleaseFile) -> str | None:
    """Return the store's key; None where the index gives no SHA-256.

    It covers the URL too: a file that was read in parts is never hashed, so that another index's claim must not answer.
    """
    return hashlib.sha256(f"{file.sha256} {file.filename} {file.url}".encode()).hexdigest() if file.sha256 else None


def dump_wheel(facts: WheelFacts) -> bytes:
    """Return the blob of `facts`."""
    return sealed(tree_of(facts))


def dump_sdist(facts: SdistFacts) -> bytes:
    """Return the blob of `facts`."""
    return sealed(tree_of(facts))


def dump_choice(choice: Choice) -> bytes:
    """Return the blob of `choice`."""
    release = choice.release
    files = [{**asdict(file), "version": str(file.version), "uploaded": _iso(file.uploaded)} for file in release.files]
    return sealed(
        {
            "project": release.project,
            "version": str(release.version),
            "files": files,
            "problems": choice.problems,
            "rejected": [[str(rejected.version), rejected.reason] for rejected in choice.rejected],
        }
    )


def load_choice(blob: bytes | None) -> Choice | None:
    """Return the choice of a blob; None where there is none, or it is damaged."""
    return _opened(blob, _choice)


def load_wheel(blob: bytes | None) -> WheelFacts | None:
    """Return the facts of a blob; None where there is none, or it is damaged."""
    return _opened(blob, _wheel)


def load_sdist(blob: bytes | None) -> SdistFacts | None:
    """Return the facts of a blob; None where there is none, or it is damaged."""
    return _opened(blob, _sdist)


def sealed(tree: Mapping[str, object]) -> bytes:
    """Return a blob with its own checksum over the tree of some facts."""
    body = json.dumps(tree, ensure_ascii=True, separators=(",", ":")).encode()
    return hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def _opened(blob: bytes | None, read: Callable[[dict[str, Any]], _T]) -> _T | None:
    digest, _, body = (blob or b"").partition(b"\n")
    if not body or hashlib.sha256(body).hexdigest().encode() != digest:
        return None
    try:
        return read(json.loads(body))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def tree_of(facts: WheelFacts | SdistFacts) -> dict[str, Any]:
    """Return facts as JSON has them."""
    tree = asdict(facts)
    if (metadata := facts.metadata) is not None:
        tree["metadata"] |= {"version": str(metadata.version), "requires_dist": metadata.requires_dist.lines}
    if isinstance(facts, SdistFacts):
        tree["command_line_modules"] = sorted(facts.command_line_modules)
    return tree


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None


def _choice(tree: dict[str, Any]) -> Choice:
    return Choice(
        release=Release(
            project=tree["project"], version=Version(tree["version"]), files=tuple(map(_file, tree["files"]))
        ),
        problems=tuple(tree["problems"]),
        rejected=tuple(Rejected(version=Version(version), reason=reason) for version, reason in tree["rejected"]),
    )


def _file(tree: dict[str, Any]) -> ReleaseFile:
    uploaded = datetime.fromisoformat(tree["uploaded"]) if tree["uploaded"] else None
    return ReleaseFile(**(tree | {"version": Version(tree["version"]), "uploaded": uploaded}))


def _wheel(tree: dict[str, Any]) -> WheelFacts:
    lists = {name: tuple(tree[name]) for name in ("members", "problems")}
    rest = {"metadata": _metadata(tree["metadata"]), "entry_points": _points(tree["entry_points"])}
    return WheelFacts(**(tree | lists | rest))


def _sdist(tree: dict[str, Any]) -> SdistFacts:
    lists = {name: tuple(tree[name]) for name in ("members", "problems")}
    metadata = _metadata(tree["metadata"]) if tree["metadata"] else None
    rest = {"metadata": metadata, "entry_points": _points(tree["entry_points"])}
    return SdistFacts(**(tree | lists | rest | {"command_line_modules": frozenset(tree["command_line_modules"])}))


def _metadata(tree: dict[str, Any]) -> CoreMetadata:
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in tree.items()}
    known = {"version": Version(fields["version"]), "requires_dist": RequirementList(fields["requires_dist"])}
    return CoreMetadata(**(fields | known))


def _points(trees: list[dict[str, Any]]) -> tuple[EntryPoint, ...]:
    return tuple(EntryPoint(**tree) for tree in trees)


def plain(value: object, depth: int = 0) -> Any:
    """Return a tree of TOML or Python literals as JSON keeps it: the same when read again; raises ValueError if
    deep.
    """
    if depth > 60:
        raise ValueError("nested more than 60 levels deep")
    if isinstance(value, Mapping):
        return {str(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item, depth + 1) for item in value]
    return _scalar(value)


def _scalar(value: object) -> object:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case float():
            return value if math.isfinite(value) else str(value)
        case int():
            return value if value.bit_length() <= 64 else hex(value)
        case None:
            return None
        case _:
            return str(value)
