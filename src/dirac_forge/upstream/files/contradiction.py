"""Where the metadata of a wheel and of an sdist of one release differ."""

from __future__ import annotations

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from dirac_forge.untrusted import parse_specifiers
from dirac_forge.upstream.files.facts import CoreMetadata
from dirac_forge.upstream.problems import Problem

_NAMED = 6


def contradictions(
    wheel: CoreMetadata, source: CoreMetadata, *, wheel_name: str, sdist_name: str
) -> tuple[Problem, ...]:
    """Return the differences in requirements and Requires-Python; what the sdist leaves open contradicts nothing."""
    problems = []
    if "requires-dist" not in source.dynamic:
        built, declared = _requirements(wheel), _requirements(source)
        for have, lack, first, second in (
            (built, declared, wheel_name, sdist_name),
            (declared, built, sdist_name, wheel_name),
        ):
            if only := sorted(have[key] for key in have.keys() - lack.keys()):
                named = (*only[:_NAMED], "…") if len(only) > _NAMED else tuple(only)
                problems.append(Problem(kind="required-by-one", file=first, other=second, names=named))
    if "requires-python" not in source.dynamic and _python(wheel) != _python(source):
        own = (source.requires_python,) if source.requires_python else ()
        said = wheel.requires_python or ""
        problems.append(Problem(kind="other-python", file=wheel_name, what=said, other=sdist_name, names=own))
    return tuple(problems)


def _requirements(metadata: CoreMetadata) -> dict[Requirement, str]:
    """Return lines of requirements by a key that is the same for equal ones."""
    return {requirement: requirement.line for requirement in metadata.requires_dist}


def _python(metadata: CoreMetadata) -> SpecifierSet | str:
    text = metadata.requires_python or ""
    parsed = parse_specifiers(text)
    return text if parsed is None else parsed
