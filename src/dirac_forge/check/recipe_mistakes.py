"""Mistakes that a rendered output shows: a build would stop at them, or the package would not be what was meant."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from rattler import Version
from rattler.exceptions import InvalidVersionError

from dirac_forge.channel.index import parsed
from dirac_forge.recipe.reading.recipe_text import Mistake, ReadOutput, ReadRequirement

_NAME = re.compile(r"[a-z0-9_.-]+")
_SPLIT = re.compile(r"[^\s,|]\s+[<>=!~]")
"""`>=2 <3`: what follows a blank would be a build string."""


def rendered_mistakes(output: ReadOutput, outputs: Collection[str], *, pinned: bool) -> Iterator[Mistake]:
    """Yield what is wrong in one output of a recipe.

    Args:
        output: as it is rendered for a variant.
        outputs: the names of all outputs of the recipe.
        pinned: whether the variant has the keys of a pinning, so that a name which is not defined then is never.
    """
    yield from _version(output)
    if output.name and _NAME.fullmatch(output.name) is None:
        yield Mistake(f"{output.name!r} is not the name of a package: letters, digits, -, _ and . are", output.line)
    if output.noarch not in (None, "python", "generic"):
        yield Mistake(f"{output.name}: noarch: expected python or generic, got {output.noarch!r}", output.line)
    for need in output.of("host") if output.noarch is not None else ():
        if (need.stub or "").endswith("_compiler_stub"):
            yield Mistake(f"{output.name}: a compiler belongs in build, not in host", need.line)
    for section in ("build", "host", "run", "run_constrained"):
        for need in output.of(section):
            problem = _problem(need, outputs, pinned)
            if problem:
                yield Mistake(f"{output.name}: {problem}", need.line)


def _version(output: ReadOutput) -> Iterator[Mistake]:
    try:
        Version(output.version)
    except InvalidVersionError as exc:
        if output.version_unknown:
            names = " and ".join(output.version_unknown)
            problem = f"{output.name}: the version is made from {names}, which nothing defines"
        elif output.version:
            problem = f"{output.name}: the version {output.version!r} is none: {exc}"
        else:
            problem = f"{output.name}: there is no version"
        yield Mistake(problem, output.version_line)


def _problem(need: ReadRequirement, outputs: Collection[str], pinned: bool) -> str:
    if need.unknown and (pinned or not need.name):
        names = " and ".join(need.unknown)
        return f"a requirement in {need.section} depends on {names}, which nothing defines"
    if not need.name:
        return ""
    if need.kind == "pin_subpackage" and need.name not in outputs:
        return f"pin_subpackage: the recipe has no output {need.name}"
    if need.kind == "package" and not need.unknown and not _is_spec(need):
        return f"{need.text!r} is not a package spec"
    return ""


def _is_spec(need: ReadRequirement) -> bool:
    return parsed(f"{need.name} {need.spec}".strip()) is not None and not _SPLIT.search(need.spec)
