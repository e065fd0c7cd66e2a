"""Where the metadata of a wheel and of an sdist of one release differ, in words."""

from __future__ import annotations

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from dirac_forge.untrusted import parse_specifiers
from dirac_forge.upstream.files.facts import CoreMetadata

_NAMED = 6


def contradictions(wheel: CoreMetadata, source: CoreMetadata, *, wheel_name: str, sdist_name: str) -> tuple[str, ...]:
    """Return the differences in requirements and Requires-Python; what the sdist leaves open contradicts nothing."""
    problems = []
    if "requires-dist" not in source.dynamic:
        built, declared = _requirements(wheel), _requirements(source)
        for have, lack, first, second in (
            (built, declared, wheel_name, sdist_name),
            (declared, built, sdist_name, wheel_name),
        ):
            if only := sorted(have[key] for key in have.keys() - lack.keys()):
                named = ", ".join(only[:_NAMED]) + (", …" if len(only) > _NAMED else "")
                problems.append(f"{first} requires {named}; {second} does not")
    if "requires-python" not in source.dynamic and _python(wheel) != _python(source):
        problems.append(
            f"{wheel_name} says Requires-Python {wheel.requires_python or 'nothing'}, "
            f"{sdist_name} says {source.requires_python or 'nothing'}"
        )
    return tuple(problems)


def _requirements(metadata: CoreMetadata) -> dict[Requirement, str]:
    """Return lines of requirements by a key that is the same for equal ones."""
    return {requirement: requirement.line for requirement in metadata.requires_dist}


def _python(metadata: CoreMetadata) -> SpecifierSet | str:
    text = metadata.requires_python or ""
    parsed = parse_specifiers(text)
    return text if parsed is None else parsed
