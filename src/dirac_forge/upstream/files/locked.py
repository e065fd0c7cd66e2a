"""The crates that Cargo builds for a project: from its Cargo.lock, as far as its own manifests say what it uses.

https://doc.rust-lang.org/cargo/reference/resolver.html: a lock has what any feature of the workspace's members, and
their tests, may use.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache

from dirac_forge.upstream.files.crate import manifest
from dirac_forge.upstream.files.declared import table
from dirac_forge.values import dataclass

_LOCK = "Cargo.lock"
_TABLES = ("dependencies", "build-dependencies")


@dataclass(frozen=True, kw_only=True, slots=True)
class LockedCrate:
    """One crate of a Cargo.lock."""

    name: str
    version: str
    dependencies: tuple[str, ...]
    """As the lock writes them: a name, and the version where it has several."""
    own: bool
    """Whether its sources come along: it has no source on an index."""


def used_crates(
    texts: Mapping[str, str], path: str, *, features: Collection[str] = (), default: bool = True
) -> Mapping[str, frozenset[str]]:
    """Return the crates that the one at `path` (a Cargo.toml) is built with, itself included, to what each depends on.

    `features` are those that the build asks for; without `default` the crate's default ones are off. Empty if there is
    no lock, or the crate is not in it.
    """
    root = _name(manifest(texts.get(path, "")))
    crates = _by_key(texts.get(_lock_of(texts, path), ""))
    own = {_name(said): said for said in (manifest(text) for at, text in texts.items() if at.endswith("Cargo.toml"))}
    left_out = {name: _only_for_tests(said) for name, said in own.items()}
    if root in own:
        left_out[root] |= _not_asked_for(own[root], {*features, *(["default"] if default else [])})
    found: dict[str, set[str]] = {}
    waiting = [crate for crate in crates.values() if root and crate.name == root and crate.own][:1]
    seen = {(crate.name, crate.version) for crate in waiting}
    while waiting:
        crate = waiting.pop()
        aside = left_out.get(crate.name, frozenset()) if crate.own else frozenset()
        needs = [crates[key] for key in crate.dependencies if key in crates and crates[key].name not in aside]
        found.setdefault(crate.name, set()).update(need.name for need in needs)
        fresh = [need for need in needs if (need.name, need.version) not in seen]
        seen |= {(need.name, need.version) for need in fresh}
        waiting += fresh
    return {name: frozenset(needs) for name, needs in found.items()}


def _lock_of(texts: Mapping[str, str], path: str) -> str:
    """Return the lock next to a manifest, or in the nearest folder above it; "" if there is none."""
    folder = path.rpartition("/")[0]
    while folder:
        if f"{folder}/{_LOCK}" in texts:
            return f"{folder}/{_LOCK}"
        folder = folder.rpartition("/")[0]
    return _LOCK if _LOCK in texts else ""


@lru_cache(maxsize=16)
def _by_key(text: str) -> Mapping[str, LockedCrate]:
    """Return the crates of a lock by each of the spellings that its dependencies have."""
    listed = manifest(text).get("package")
    crates = [_crate(each) for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return {key: crate for crate in crates for key in (crate.name, f"{crate.name} {crate.version}")}


def _crate(said: Mapping[str, object]) -> LockedCrate:
    needs = said.get("dependencies")
    return LockedCrate(
        name=str(said.get("name", "")),
        version=str(said.get("version", "")),
        # A third word is the source, where crates of one version have several.
        dependencies=tuple(" ".join(str(need).split()[:2]) for need in needs) if isinstance(needs, list) else (),
        own="source" not in said,
    )


def _name(said: Mapping[str, object]) -> str:
    name = table(said, "package").get("name")
    return name if isinstance(name, str) else ""


def _dependencies(said: Mapping[str, object], *kinds: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield dependencies of these kinds, also those for some systems, by the name of the crate."""
    targets = [part for part in table(said, "target").values() if isinstance(part, Mapping)]
    for part in (said, *targets):
        for kind in kinds:
            for key, details in table(part, kind).items():
                given = details if isinstance(details, Mapping) else {}
                renamed = given.get("package")
                yield (renamed if isinstance(renamed, str) else key), {**given, "key": key}


def _only_for_tests(said: Mapping[str, object]) -> frozenset[str]:
    needed = {name for name, _ in _dependencies(said, *_TABLES)}
    return frozenset(name for name, _ in _dependencies(said, "dev-dependencies") if name not in needed)


def _not_asked_for(said: Mapping[str, object], features: Collection[str]) -> frozenset[str]:
    """Return the optional dependencies that none of these features turns on."""
    offered, on = table(said, "features"), set(features)
    waiting = list(on)
    for feature in waiting:  # which grows meanwhile
        more = offered.get(feature)
        fresh = {str(each) for each in more} - on if isinstance(more, list) else set()
        on |= fresh
        waiting += fresh
    asked = {each.removeprefix("dep:").partition("/")[0] for each in on if "?" not in each}
    listed = [(name, d.get("optional") is not True or d["key"] in asked) for name, d in _dependencies(said, *_TABLES)]
    return frozenset(name for name, _ in listed) - {name for name, used in listed if used}
