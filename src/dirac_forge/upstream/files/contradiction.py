"""Where the metadata of a wheel and of an sdist of one release differ."""

from __future__ import annotations

import ast

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from dirac_forge.untrusted import parse_specifiers, parse_version
from dirac_forge.upstream.files.facts import CoreMetadata
from dirac_forge.upstream.files.literals import parse
from dirac_forge.upstream.problems import Problem

_NAMED = 6
_PYTHONS = ("2.6", "2.7", *(f"3.{minor}.{micro}" for minor in range(40) for micro in (0, 99)), "4.0")
"""Versions of Python that tell specifiers apart, beside those that they name."""


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
                problems.append(Problem(kind="required-by-one", about=first, other=second, names=named))
    if "requires-python" not in source.dynamic and not _admit_the_same(_python(wheel), _python(source)):
        own = (source.requires_python,) if source.requires_python else ()
        said = wheel.requires_python or ""
        problems.append(Problem(kind="other-python", about=wheel_name, what=said, other=sdist_name, names=own))
    return tuple(problems)


_Key = tuple[str, frozenset[str], SpecifierSet, str | None, str]


def _requirements(metadata: CoreMetadata) -> dict[_Key, str]:
    """Return lines of requirements by a key that is the same for equal ones."""
    return {_key(requirement): requirement.line for requirement in metadata.requires_dist}


def _key(requirement: Requirement) -> _Key:
    name, extras = canonicalize_name(requirement.name), frozenset(map(canonicalize_name, requirement.extras))
    return name, extras, requirement.specifier, requirement.url, _condition(requirement.marker)


def _condition(marker: Marker | None) -> str:
    """Return a marker without its order and its needless parentheses: tools write both as they like."""
    text = str(marker) if marker is not None else ""
    # A marker is an expression of Python, but for the two operators that Python lacks: `<<` and `>>` bind as they do.
    tree = parse(text.replace("~=", "<<").replace("===", ">>").encode())
    match tree:
        case ast.Module(body=[ast.Expr(value=condition)]):
            return _flat(condition)
        case _:
            return text


def _flat(condition: ast.expr) -> str:
    if not isinstance(condition, ast.BoolOp):
        return ast.unparse(condition)
    joined = " and " if isinstance(condition.op, ast.And) else " or "
    return joined.join(sorted({f"({_flat(part)})" for part in _parts(condition, type(condition.op))}))


def _parts(condition: ast.expr, operator: type[ast.boolop]) -> list[ast.expr]:
    """Return what one operator joins, at any depth."""
    if isinstance(condition, ast.BoolOp) and isinstance(condition.op, operator):
        return [part for value in condition.values for part in _parts(value, operator)]
    return [condition]


def _admit_the_same(one: SpecifierSet | str, other: SpecifierSet | str) -> bool:
    """Whether two Requires-Python admit the same Pythons: `>=3,!=3.0.*,!=3.1.*` is another spelling of `>=3.2`."""
    if one == other or isinstance(one, str) or isinstance(other, str):
        return one == other
    named = {clause.version.removesuffix(".*") for clause in (*one, *other)}
    around = {f"{version}{more}" for version in named for more in ("", ".0", ".1", ".99")}
    pythons = [*_PYTHONS, *(version for version in around if parse_version(version) is not None)]
    return all(one.contains(python, prereleases=True) == other.contains(python, prereleases=True) for python in pythons)


def _python(metadata: CoreMetadata) -> SpecifierSet | str:
    text = metadata.requires_python or ""
    parsed = parse_specifiers(text)
    return text if parsed is None else parsed
