"""Where the metadata of a wheel and of an sdist of one release differ, in words."""

from __future__ import annotations

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from dirac_forge.upstream.files.facts import CoreMetadata

__all__ = ["contradictions"]

_NAMED = 6


def contradictions(wheel: CoreMetadata, source: CoreMetadata, *, wheel_name: str, sdist_name: str) -> tuple[str, ...]:
    """The differences in requirements and Requires-Python; what the sdist leaves open contradicts nothing."""
    problems = []
    if "requires-dist" not in source.dynamic:
        built, declared = _requirements(wheel), _requirements(source)
        for have, lack, first, second in (
            (built, declared, wheel_name, sdist_name),
            (declared, built, sdist_name, wheel_name),
        ):
            if only := sorted(have.keys() - lack.keys()):
                named = ", ".join(have[key] for key in only[:_NAMED]) + (", …" if len(only) > _NAMED else "")
                problems.append(f"{first} requires {named}; {second} does not")
    if "requires-python" not in source.dynamic and _python(wheel) != _python(source):
        problems.append(
            f"{wheel_name} says Requires-Python {wheel.requires_python or 'nothing'}, "
            f"{sdist_name} says {source.requires_python or 'nothing'}"
        )
    return tuple(problems)


def _requirements(metadata: CoreMetadata) -> dict[str, str]:
    """Requirements as written, by a spelling that is the same for equal ones."""
    found = {}
    for text in metadata.requires_dist:
        try:
            parsed = Requirement(text)
        except InvalidRequirement:
            found[text] = text
            continue
        parsed.name = canonicalize_name(parsed.name)
        found[str(parsed).replace("'", '"').replace("(", "").replace(")", "")] = text
    return found


def _python(metadata: CoreMetadata) -> str:
    text = metadata.requires_python or ""
    try:
        return str(SpecifierSet(text))
    except InvalidSpecifier:
        return text
