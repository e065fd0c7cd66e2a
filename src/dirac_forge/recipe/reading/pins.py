"""Pin expressions: the version range that `pin_subpackage` makes of a version."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from dirac_forge.recipe.reading.recipe_text import ReadOutput, ReadRequirement
from dirac_forge.untrusted import parse_whole_number


def pinned_range(version: str, pin: Mapping[str, str]) -> str:
    """Return `>=1.2.3,<1.3.0a0` for `version` and the arguments of `pin_subpackage` (`max_pin`, `upper_bound`…).

    Both formats' arguments are understood; the defaults are theirs: at least this version, below the next major one.
    """
    if pin.get("exact", "").lower() in {"true", "1"}:
        return f"=={version}"
    lower = pin.get("lower_bound", pin.get("min_pin", "x.x.x.x.x.x"))
    upper = pin.get("upper_bound", pin.get("max_pin", "x"))
    bounds = []
    if lower:
        bounds.append(f">={_cut(version, lower) if _places(lower) else lower}")
    if upper:
        bounds.append(f"<{_next(version, _places(upper)) if _places(upper) else upper}")
    return ",".join(bounds)


def reached(values: Mapping[str, str], pinned: Collection[str]) -> tuple[tuple[str, str], ...]:
    """Return the variant's values that pin one of the packages in `pinned`, by name; `_` and `-` count as equal."""
    return tuple((name, values[name]) for name in sorted(values) if name in pinned or name.replace("_", "-") in pinned)


def with_pins(outputs: Sequence[ReadOutput]) -> tuple[ReadOutput, ...]:
    """Return `outputs`, with the spec of every `pin_subpackage` that names one of them."""
    versions = {output.name: output.version for output in outputs if output.is_package and output.version}

    def pinned(need: ReadRequirement) -> ReadRequirement:
        if need.kind != "pin_subpackage" or need.spec or need.name not in versions:
            return need
        return replace(need, spec=pinned_range(versions[need.name], need.pin))

    if not any(need.kind == "pin_subpackage" for output in outputs for need in _all(output)):
        return tuple(outputs)
    return tuple(
        replace(
            output,
            requirements=tuple(map(pinned, output.requirements)),
            run_exports=tuple(replace(export, requirement=pinned(export.requirement)) for export in output.run_exports),
        )
        for output in outputs
    )


def _all(output: ReadOutput) -> list[ReadRequirement]:
    return [*output.requirements, *(export.requirement for export in output.run_exports)]


def _places(expression: str) -> int:
    parts = expression.split(".")
    return len(parts) if all(part == "x" for part in parts) else 0


def _cut(version: str, expression: str) -> str:
    return ".".join(version.split(".")[: _places(expression)])


def _next(version: str, places: int) -> str:
    release = version.split("+", maxsplit=1)[0].rsplit("!", maxsplit=1)[-1].split(".")[:places]
    last = release[-1]
    number = re.match(r"[0-9]+", last)
    letter = re.fullmatch(r"([0-9]+)([a-z])", last)
    if letter is not None:
        # OpenSSL's and JPEG's way: 9e is followed by 9f.
        release[-1] = f"{letter[1]}{chr(ord(letter[2]) + 1)}"
        return ".".join(release)
    release[-1] = str((parse_whole_number(number[0] if number else "0") or 0) + 1)
    return ".".join([*release, "0a0"])
