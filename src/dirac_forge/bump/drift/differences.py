"""What else differs between two releases of a project, for people to look at: nothing of it is edited."""

from __future__ import annotations

from dirac_forge.recipe.making.imports import imports_of
from dirac_forge.recipe.model import Note
from dirac_forge.upstream.facts import CoreMetadata, Facts

__all__ = ["differences"]


def differences(output: str, old: Facts, new: Facts, *, noarch: bool) -> tuple[Note, ...]:
    """Notes on licence, licence files, modules, and on compiled code that came or went."""
    notes = []
    licences = _licence(old.metadata), _licence(new.metadata)
    alike = bool(old.metadata.license_expression) == bool(new.metadata.license_expression)
    if licences[0] != licences[1] and alike:
        notes.append(f"upstream's licence is {licences[1] or 'not told'} (was {licences[0] or 'not told'})")
    files = set(old.metadata.license_files), set(new.metadata.license_files)
    if files[0] and files[1] and files[0] != files[1]:
        notes.append(f"upstream's licence files are {', '.join(sorted(files[1]))} (were {', '.join(sorted(files[0]))})")
    if old.wheel is not None and new.wheel is not None and old.wheel.pure != new.wheel.pure:
        if new.wheel.pure:
            notes.append("upstream's wheels are pure Python now: see whether the package can be noarch")
        elif noarch:
            notes.append("upstream's wheels are compiled now: the package can't stay noarch")
    gone = set(imports_of(old)) - set(imports_of(new))
    if gone:
        notes.append(f"modules that upstream no longer installs: {', '.join(sorted(gone))}; see the tests' imports")
    return tuple(Note(level="warning", text=f"{output}: {text}") for text in notes)


def _licence(metadata: CoreMetadata) -> str:
    """The expression, else the classifiers; the free text of a licence changes without a meaning."""
    classifiers = [c.rpartition("::")[2].strip() for c in metadata.classifiers if c.startswith("License ::")]
    return metadata.license_expression or ", ".join(sorted(classifiers))
