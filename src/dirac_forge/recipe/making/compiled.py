"""noarch or not: from wheel tags and the contents of the sdist."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace

from dirac_forge.recipe.making.hosts import build_backend, build_tool_names
from dirac_forge.recipe.making.nature_reasons import NatureKind, NatureReason
from dirac_forge.recipe.making.optional import asked_by_variable
from dirac_forge.recipe.making.source_files import source_languages
from dirac_forge.recipe.making.toolchain import generates_sources, pure_build, toolchain, what_compiles
from dirac_forge.recipe.notes import Note, NoteKind, note
from dirac_forge.upstream.files.facts import ReleaseFacts, SdistFacts
from dirac_forge.values import dataclass

_COMPILED_ANYHOW = ("maturin", "mesonpy", "scikit_build_core", "py_build_cmake", "setuptools_rust", "sipbuild")
"""Backends that compile even where no source in a known language is seen."""
_MYPYC = re.compile(r"mypycify|mypyc\.build")
_SYSTEMS = {"linux": ("manylinux", "musllinux", "linux"), "osx": ("macosx",), "win": ("win",)}
_NAMES = {"linux": "Linux", "osx": "macOS", "win": "Windows"}
_CLASSIFIERS = {
    "linux": ("Operating System :: POSIX :: Linux",),
    "osx": ("Operating System :: MacOS",),
    "win": ("Operating System :: Microsoft",),
}
_FRAMEWORK = re.compile(r"[\"']-framework[\"'\s]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Nature:
    """Whether one build serves all platforms, and what the builds need."""

    noarch: bool
    reason: NatureReason
    languages: tuple[str, ...] = ()
    """Of compilers: `c`, `cxx`, `fortran`, `rust`."""
    libraries: tuple[str, ...] = ()
    """System libraries, as packages for host."""
    programs: tuple[str, ...] = ()
    """What the build runs, as packages for build, where no requirement names them."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that let the build link the channel's libraries."""
    abi3: str = ""
    """The oldest Python of the wheels for the stable ABI (`3.9`), where all wheels of CPython are such."""
    only: str = ""
    """The one system that it is for (`linux`, `osx`, `win`), "" if it is for several."""
    notes: tuple[Note, ...] = ()


def _by_tags(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the wheels for any platform, and those for single ones."""
    pure: list[str] = []
    tagged: list[str] = []
    for name in names:
        (pure if name.endswith("-any.whl") else tagged).append(name)
    return sorted(pure, key=_of_python2), tagged


def _of_python2(wheel: str) -> bool:
    """Whether a wheel is for Python 2 alone (`py2-none-any`)."""
    return re.search(r"-(?:py|cp|pp)?2[.\d]*-[^-]+-[^-]+\.whl$", wheel) is not None


def nature(facts: ReleaseFacts) -> Nature:
    """Decide from the tags of all wheels of the release, and from the sdist where they do not decide."""
    pure, tagged = _by_tags(wheel.filename for wheel in facts.release.wheels)
    match pure, tagged, facts.sdist:
        case [first, *_], [], _:
            notes = (note("warning", NoteKind.PYTHON_2_WHEEL, wheel=first),) if _of_python2(first) else ()
            return _pure(facts, NatureReason(NatureKind.PURE_WHEELS, first), notes)
        case _, _, None:
            return _without_sdist(facts, pure, tagged)
        case [], [first, *_], sdist:
            return _for_systems(_arch(sdist, NatureReason(NatureKind.COMPILED_WHEELS, first)), facts, tagged)
        case [first, *_], _, sdist:
            return _optional(sdist, what_compiles(sdist), first, tagged)
        case _, _, sdist:
            return _without_wheels(facts, sdist)


def _pure(facts: ReleaseFacts, reason: NatureReason, notes: tuple[Note, ...]) -> Nature:
    languages, programs = pure_build(facts.sdist) if facts.sdist is not None else ((), ())
    return Nature(noarch=True, reason=reason, languages=languages, programs=programs, notes=notes)


def always_compiles(facts: ReleaseFacts) -> bool:
    """Whether the sdist is built by a backend that compiles, so that no build of it is pure Python by default."""
    return facts.sdist is not None and build_backend(facts.sdist).startswith(_COMPILED_ANYHOW)


def _without_wheels(facts: ReleaseFacts, sdist: SdistFacts) -> Nature:
    compiles = what_compiles(sdist)
    if compiles and (source_languages(sdist) or generates_sources(sdist) or always_compiles(facts)):
        return _for_systems(_arch(sdist, compiles), facts, ())
    if "setup.py" in sdist.members and "setup.py" not in sdist.texts:
        unread = NatureReason(NatureKind.BUILD_FILE_UNREAD, "setup.py")
        compiled = _for_systems(_arch(sdist, unread), facts, ()) if source_languages(sdist) else None
        return compiled or _noarch_with_doubt(unread)
    return Nature(noarch=True, reason=NatureReason(NatureKind.NOTHING_COMPILES))


def _without_sdist(facts: ReleaseFacts, pure: list[str], tagged: list[str]) -> Nature:
    if pure:
        return _noarch_with_doubt(NatureReason(NatureKind.PURE_WHEEL_WITHOUT_SDIST, pure[0]))
    kind = NatureKind.COMPILED_WHEELS if tagged else NatureKind.NOTHING_SAYS_PURE
    reason, notes = NatureReason(kind, "".join(tagged[:1])), (note("todo", NoteKind.NO_SDIST_COMPILED),)
    return _for_systems(Nature(noarch=False, reason=reason, languages=("c",), notes=notes), facts, tagged)


def _optional(sdist: SdistFacts, compiles: NatureReason | None, pure: str, tagged: list[str]) -> Nature:
    """Decide by what a plain build does: there are wheels of both kinds."""
    setup = sdist.texts.get("setup.py", "")
    if variable := asked_by_variable(setup):
        return Nature(noarch=True, reason=NatureReason(NatureKind.COMPILES_IF_ASKED, pure, variable))
    # Cython compiles Python modules too: then nothing else in the archive looks like a source.
    sources = source_languages(sdist) or "cython" in build_tool_names(sdist)
    if compiles and sources and not _MYPYC.search(setup):
        reason = NatureReason(NatureKind.COMPILES_BY_DEFAULT, tagged[0])
        return _with_abi3(_arch(sdist, reason), tagged)
    return _noarch_with_doubt(NatureReason(NatureKind.COMPILING_IS_OPTIONAL, pure))


def _noarch_with_doubt(reason: NatureReason) -> Nature:
    doubt = note("warning", NoteKind.DOUBTFUL_NOARCH, reason=reason.text)
    return Nature(noarch=True, reason=reason, notes=(doubt,))


def _arch(sdist: SdistFacts, reason: NatureReason) -> Nature:
    needs = toolchain(sdist)
    return Nature(
        noarch=False,
        reason=reason,
        languages=needs.languages,
        libraries=needs.libraries,
        programs=needs.programs,
        environment=needs.environment,
        notes=needs.notes,
    )


def _for_systems(compiled: Nature, facts: ReleaseFacts, wheels: Iterable[str]) -> Nature:
    """Return the nature with its one system, or with a note on the systems for which upstream has no wheels."""
    tags = [name.rpartition("-")[2] for name in wheels]
    served = {s for s, starts in _SYSTEMS.items() if any(tag.startswith(starts) for tag in tags)}
    compiled = _with_every_python(_with_abi3(compiled, wheels), wheels)
    if (only := _only_system(facts, served)) is not None:
        system, kind, classifier = only
        skipped = note("warning", kind, system=_NAMES[system], classifier=classifier)
        return replace(compiled, only=system, notes=(*compiled.notes, skipped))
    missing = [system for system in _SYSTEMS if system not in served] if tags else []
    return replace(compiled, notes=(*compiled.notes, *_without_wheels_for(missing, facts)))


def _without_wheels_for(systems: Sequence[str], facts: ReleaseFacts) -> Iterator[Note]:
    """Yield notes on systems without wheels: to be checked, but where a classifier says that it runs there.

    Many leave it to users of Unix to build from source, so that a wheel that is missing says little alone.
    """
    said = _systems_named(facts)
    named = [system for system in systems if any(_names(classifier, system) for classifier in said)]
    if open_ones := [_NAMES[system] for system in systems if system not in named]:
        yield note("warning", NoteKind.NO_WHEELS_FOR, systems=open_ones)
    if named:
        yield note("info", NoteKind.NO_WHEELS_BUT_CLASSIFIER, systems=[_NAMES[system] for system in named])


def _names(classifier: str, system: str) -> bool:
    """Whether a classifier says that a release is for a system, alone or with others."""
    every = classifier == "Operating System :: OS Independent"
    unix = classifier in {"Operating System :: POSIX", "Operating System :: Unix"} and system != "win"
    return every or unix or classifier.startswith(_CLASSIFIERS[system])


def _only_system(facts: ReleaseFacts, served: set[str]) -> tuple[str, NoteKind, str] | None:
    """Return the only system that a release is for, what says so, and the classifier; None if it may be for several."""
    named = _systems_named(facts)
    # With an sdist, others build from source: on Unix many upstreams leave that to users.
    if served == {"win"} and facts.sdist is None:
        return "win", NoteKind.ONLY_WHEELS, ""
    if (system := _only_classified(named)) and served <= {system}:
        return system, NoteKind.ONLY_CLASSIFIER, named[0]
    if served <= {"osx"} and _links_framework(facts):
        return "osx", NoteKind.ONLY_FRAMEWORK, ""
    return None


def _systems_named(facts: ReleaseFacts) -> list[str]:
    return [name for name in facts.metadata.classifiers if name.startswith("Operating System :: ")]


def _only_classified(named: Sequence[str]) -> str:
    """Return the system that all classifiers of systems name, "" if there are none or several."""
    systems = (s for s, starts in _CLASSIFIERS.items() if all(name.startswith(starts) for name in named))
    return next(systems, "") if named else ""


def _links_framework(facts: ReleaseFacts) -> bool:
    """Whether setup.py links a framework of macOS, and does not ask which system it is on."""
    setup = facts.sdist.texts.get("setup.py", "") if facts.sdist is not None else ""
    return _FRAMEWORK.search(setup) is not None and re.search(r"platform|uname|darwin", setup) is None


def _with_every_python(compiled: Nature, wheels: Iterable[str]) -> Nature:
    """Return the nature, with a note if the wheels are for one platform and every Python 3 (`py3-none-PLATFORM`)."""
    tags = {tuple(name.removesuffix(".whl").split("-")[-3:-1]) for name in wheels}
    if not tags or not all(abi == "none" and "py3" in python.split(".") for python, abi in tags):
        return compiled
    return replace(compiled, notes=(*compiled.notes, note("info", NoteKind.EVERY_PYTHON_3)))


def _with_abi3(compiled: Nature, wheels: Iterable[str]) -> Nature:
    """Return the nature with the stable ABI's floor if all of CPython's wheels use it (free-threaded ones aside)."""
    tags = [name.removesuffix(".whl").split("-")[-3:-1] for name in wheels]
    if any(abi.startswith("cp") and not abi.endswith("t") for _, abi in tags):
        return compiled
    minors = (re.fullmatch(r"cp3(\d+)", python) for python, abi in tags if "abi3" in abi)
    oldest = min((int(minor[1]) for minor in minors if minor), default=None)
    return compiled if oldest is None else replace(compiled, abi3=f"3.{oldest}")
