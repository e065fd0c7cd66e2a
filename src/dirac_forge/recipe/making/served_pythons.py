"""The Pythons that an output serves: by Requires-Python, and by the stable ABI."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from dirac_forge.errors import InputError
from dirac_forge.recipe.making.specs import conda_spec
from dirac_forge.recipe.model import When
from dirac_forge.recipe.notes import Note, NoteKind, note
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.files.facts import ReleaseFacts
from dirac_forge.upstream.files.places import is_aside, of_others
from dirac_forge.upstream.files.requirements import read_specifiers


def requires_python(facts: ReleaseFacts) -> SpecifierSet:
    """Return Requires-Python; every version if it can't be read (which is a problem of the facts)."""
    try:
        return read_specifiers(facts.metadata.requires_python or "")
    except InputError:
        return SpecifierSet()


def python_spec(facts: ReleaseFacts, python_min: str) -> str:
    """Return what a noarch output requires of Python in run."""
    return ",".join([">=@{python_min}", *_patch(facts, python_min), *_ceiling(facts, python_min)])


def _patch(facts: ReleaseFacts, python_min: str) -> list[str]:
    """Return `>=3.11.14` where upstream asks for a patch level of the oldest Python that is built for."""
    oldest = Version(python_min).release[:2]
    lower = (Version(c.version) for c in requires_python(facts) if c.operator in {">=", ">", "~="})
    return [f">={version}" for version in lower if version.release[:2] == oldest and version.micro]


def _ceiling(facts: ReleaseFacts, python_min: str) -> list[str]:
    """Return clauses of Requires-Python that exclude a Python 3 above the floor: `<3.13`, `!=3.11.*`."""
    floor = Version(python_min).minor
    kept = []
    for clause in conda_spec(requires_python(facts)).split(","):
        if match := re.fullmatch(r"3\.(\d{1,9})\.\*", clause):
            kept.append(f"<3.{int(match[1]) + 1}")
        elif (match := re.fullmatch(r"(?:<=?|!=)3\.(\d{1,9})(?!\d).*", clause)) and int(match[1]) > floor:
            kept.append(clause)
    return sorted(kept)


def untried_pythons(facts: ReleaseFacts, scope: Scope) -> Iterator[Note]:
    """Yield a note on the Pythons that are newer than those of a compiled release's wheels, or of its classifiers.

    What is compiled for one Python at a time, and was released before the next one, may not compile for that: C that
    Cython made then calls what is gone now. Where there are no wheels, classifiers count.
    """
    names = [wheel.filename for wheel in facts.release.wheels]
    wheels = [] if any("-abi3-" in name for name in names) else _served(r"-cp3(\d{1,3})-\w+-[^-]+\.whl$", names)
    classified = _served(r"^Programming Language :: Python :: 3\.(\d{1,3})$", facts.metadata.classifiers)
    last = max(wheels or classified, default=None)
    untried = [python for python in scope.pythons if last is not None and Version(python) > Version(f"3.{last}")]
    if not untried or (names and not wheels):  # wheels for every Python, or for the stable ABI
        return
    newest = [f"3.{max(classified)}"] if classified else []
    generated = _generated(facts.sdist.members if facts.sdist is not None else ())
    with_wheels = NoteKind.UNTRIED_CYTHON if generated else NoteKind.UNTRIED_PYTHONS
    kind = with_wheels if wheels else NoteKind.UNCLASSIFIED_PYTHONS
    yield note("warning", kind, pythons=untried, classified=newest, generated=generated, first=untried[0])


def _served(pattern: str, texts: Iterable[str]) -> list[int]:
    """Return the minor versions that texts name."""
    return [int(match[1]) for match in (re.search(pattern, text) for text in texts) if match]


def _generated(members: Iterable[str]) -> str:
    """Return the first source that Cython made before, "" if the sdist has none."""
    there = {path for path in members if not is_aside(path) and not of_others(path)}
    made = (path.removesuffix(".pyx") for path in sorted(there) if path.endswith(".pyx"))
    return next((f"{path}{ending}" for path in made for ending in (".c", ".cpp") if f"{path}{ending}" in there), "")


def skipped_but_for_the_stable_abi(abi3: str, scope: Scope, channel: Scope) -> tuple[When, tuple[Note, ...]]:
    """Return the condition for all builds but the one for the stable ABI, which is that of the oldest Python.

    The pinning calls the channel's own oldest one `is_python_min`
    (https://conda-forge.org/docs/maintainer/example_recipes/maturin-abi3/); a later one is named, except on platforms
    whose oldest Python is later still.

    Args:
        abi3: the oldest Python of the wheels for the stable ABI.
        scope: the Pythons that upstream admits.
        channel: all of the channel's.
    """
    floor = max(abi3, scope.pythons[0], key=Version)
    if floor == channel.pythons[0] or floor not in channel.pythons:
        return When("is_abi3 and not is_python_min", "is_abi3 and not is_python_min"), ()
    named = floor.replace(".", "")
    condition = When(
        f'is_abi3 and not match(python, "{floor}.*") and not (is_python_min and match(python, ">={floor}"))',
        f"is_abi3 and py != {named} and not (is_python_min and py >= {named})",
    )
    return condition, (note("info", NoteKind.STABLE_ABI_LATER, python=floor, oldest=channel.pythons[0]),)
