"""What the crates of a project need beyond a Rust compiler: their build scripts run compilers and programs."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Final

from dirac_forge.recipe.making.crates import crate_manifests
from dirac_forge.recipe.notes import Note, NoteKind, note
from dirac_forge.upstream.files.crate import manifest
from dirac_forge.upstream.files.declared import table
from dirac_forge.upstream.files.facts import SdistFacts
from dirac_forge.upstream.files.locked import used_crates
from dirac_forge.values import dataclass

CXX: Final = "cxx"
"""The compiler, among packages."""
_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "autocxx-build": (CXX,),
    "autotools": ("autoconf", "automake", "libtool", "make"),
    "clang-sys": ("libclang",),
    "cmake": ("cmake", "make"),
    "cpp_build": (CXX,),
    "cxx-build": (CXX,),
    "jemalloc-sys": ("make",),
    "librocksdb-sys": (CXX,),
    "link-cplusplus": (CXX,),
    "nasm-rs": ("nasm",),
    "openssl-src": ("make", "perl"),
    "oxrocksdb-sys": (CXX,),
    "protobuf-src": (CXX,),
    "snmalloc-sys": (CXX,),
    "tikv-jemalloc-sys": ("make",),
}
"""Crates to what their build scripts, or those that use them, run."""
_IF_COMPILED: Final[Mapping[str, tuple[str, ...]]] = {
    "esaxx-rs": (CXX,),
    "harfbuzz-sys": (CXX,),
    "libduckdb-sys": (CXX,),
}
"""Crates that compile only with a feature, and depend on `cc` then."""
_PERHAPS: Final[Mapping[str, tuple[str, ...]]] = {
    "aws-lc-fips-sys": ("cmake", "go", "perl"),
    "aws-lc-sys": ("cmake", "nasm"),
    "prost-build": ("libprotobuf",),
}
"""Crates that need this on some systems only, or if the project gives them something to do."""
_IN_SCRIPT: Final = (
    (re.compile(r"\.cpp\(\s*true\s*\)|\bcxx_build::"), (CXX,)),
    (re.compile(r"\bbindgen::"), ("libclang",)),
    (re.compile(r"\bcmake::"), ("cmake", "make")),
)
_COMMENT: Final = re.compile(r"//.*$", re.MULTILINE)
_OPENSSL = "openssl-sys"


@dataclass(frozen=True, kw_only=True, slots=True)
class CrateNeeds:
    """What a build takes because of crates."""

    compilers: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    notes: tuple[Note, ...] = ()


def crate_needs(sdist: SdistFacts) -> CrateNeeds:
    """Return what the crates need that a build of the project uses, by its Cargo.lock; nothing if it has none."""
    used = _used(sdist)
    known = {crate: packages for crate, packages in _NEEDS.items() if crate in used and not _is_spare(crate, used)}
    known |= {crate: packages for crate, packages in _IF_COMPILED.items() if "cc" in used.get(crate, ())}
    for crate, packages in _by_script(sdist, used):
        known[crate] = (*known.get(crate, ()), *packages)
    notes: list[Note] = []
    vendored, openssl = known.pop("openssl-src", None) is not None, _OPENSSL in used
    if openssl:
        kind = NoteKind.CRATE_OPENSSL_VENDORED if vendored else NoteKind.CRATE_OPENSSL
        notes.append(note("warning", kind, crate=_OPENSSL))
    asked = sorted({package for needed in known.values() for package in needed})
    if asked:
        named = ["a C++ compiler" if package == CXX else package for package in asked]
        notes.append(note("warning", NoteKind.CRATES_NEED, packages=named, crates=sorted(known)))
    if "libclang" in asked:
        notes.append(note("warning", NoteKind.CRATE_LIBCLANG))
    perhaps = sorted(_PERHAPS.keys() & used.keys())
    notes += (note("warning", NoteKind.CRATE_MAY_NEED, crate=each, packages=_PERHAPS[each]) for each in perhaps)
    return CrateNeeds(
        compilers=(CXX,) if CXX in asked else (),
        programs=(*(package for package in asked if package != CXX), *(("pkg-config",) if openssl else ())),
        libraries=("openssl",) if openssl else (),
        environment=(("OPENSSL_NO_VENDOR", "1"),) if openssl and vendored else (),
        notes=tuple(notes),
    )


def _used(sdist: SdistFacts) -> Mapping[str, frozenset[str]]:
    """Return the crates that the build uses, to what they depend on."""
    settings = table(sdist.pyproject, "tool", "maturin")
    listed = settings.get("features")
    features = [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []
    default = settings.get("no-default-features") is not True
    found: dict[str, frozenset[str]] = {}
    for path in crate_manifests(sdist):
        for crate, needs in used_crates(sdist.texts, path, features=features, default=default).items():
            found[crate] = found.get(crate, frozenset()) | needs
    return found


def _is_spare(crate: str, used: Mapping[str, frozenset[str]]) -> bool:
    """Whether only crates depend on a tool that use it on some systems."""
    users = {user for user, needs in used.items() if crate in needs}
    return bool(users) and users <= _PERHAPS.keys()


def _by_script(sdist: SdistFacts, used: Mapping[str, frozenset[str]]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what the build scripts of the project's own crates call for."""
    for path, text in sdist.texts.items():
        if path.rpartition("/")[2] == "build.rs":
            own = table(manifest(sdist.texts.get(posixpath.join(posixpath.dirname(path), "Cargo.toml"), "")), "package")
            crate = str(own.get("name", ""))
            code = _COMMENT.sub("", text)
            if crate in used:
                yield from ((crate, packages) for says, packages in _IN_SCRIPT if says.search(code))
