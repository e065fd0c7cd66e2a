"""Functions that recipes call (`compiler`, `stdlib`, `pin_subpackage`…) and the requirements they stand for.

A call puts a mark of private-use characters in front of its text; the mark outlives filters and YAML, and
`requirement` reads it back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import cast
from urllib.parse import quote, unquote

from dirac_forge.recipe.reading.recipe_text import Kind, ReadRequirement, Section
from dirac_forge.recipe.reading.values import EvaluationError, Function, Unknown, as_text, merged

FUNCTIONS = frozenset({"compiler", "stdlib", "cdt"})
"""Functions whose answer differs between platforms."""

_MARK = re.compile("\ue000([a-z_]+)\ue001([^\ue000]*)\ue000")
_CALL = re.compile(r"\b(compiler|stdlib)\(\s*['\"](\w+)")
_NAME = re.compile(r"[\s<>=!~\[;]")
_COMPILERS: Mapping[str, Mapping[str, str]] = {
    "linux": {"c": "gcc", "cxx": "gxx", "fortran": "gfortran"},
    "osx": {"c": "clang", "cxx": "clangxx", "fortran": "gfortran"},
    "win": {"c": "vs2022", "cxx": "vs2022", "fortran": "flang"},
}
_ELSEWHERE = {"go": "go-nocgo", "cgo": "go-cgo", "cuda": "cuda-nvcc", "m2w64_c": "gcc", "m2w64_cxx": "gxx"}
USUAL_KEYS = frozenset(
    {
        *(f"{language}_compiler" for language in (*_COMPILERS["linux"], *_ELSEWHERE, "m2w64_fortran", "rust")),
        *("c_stdlib", "m2w64_c_stdlib"),
    }
)
"""The keys of conda-forge's pinning that `compiler` and `stdlib` usually read."""
_STDLIBS = {"linux": "sysroot", "osx": "macosx_deployment_target", "win": "vs"}


def called_names(text: str) -> frozenset[str]:
    """Return the variables that `compiler` and `stdlib` read, such as `c_compiler_version` for `compiler("c")`."""
    keys = {f"{language}_{function}" for function, language in _CALL.findall(text)}
    return frozenset(keys | {f"{key}_version" for key in keys})


def called_languages(text: str) -> tuple[tuple[str, str], ...]:
    """Return each call of `compiler` and `stdlib` outside of comments, once: the function and its argument."""
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return tuple(dict.fromkeys((match[1], match[2]) for line in lines for match in _CALL.finditer(line)))


def functions(platform: str, variant: Mapping[str, str], *, stubs: bool = False) -> dict[str, object]:
    """Return the functions of both formats for a platform and variant, by name.

    With `stubs` they give the names that migrations know (`c_compiler_stub`), which are the same on every platform.
    """

    def named(kind: str, language: object, usual: Mapping[str, str]) -> object:
        if isinstance(language, Unknown):
            return language
        name = as_text(language)
        if stubs:
            return mark(kind, name) + f"{name}_{kind}_stub"
        package = variant.get(f"{name}_{kind}") or usual.get(name, name)
        version = variant.get(f"{name}_{kind}_version")
        text = f"{package}_{variant.get('target_platform', platform)}"
        return mark(kind, name) + (f"{text} {_fuzzy(version)}" if version and version != "None" else text)

    system = platform.partition("-")[0]
    usual = _ELSEWHERE | dict(_COMPILERS.get(system, {}))
    return {
        "compiler": Function(lambda language: named("compiler", language, usual)),
        "stdlib": Function(lambda language: named("stdlib", language, {"c": _STDLIBS.get(system, "c")})),
        "cdt": Function(lambda name, *_, **__: _cdt("" if stubs else name, platform, variant)),
        "pin_subpackage": Function(lambda name, *args, **kwargs: _pin("pin_subpackage", name, args, kwargs)),
        "pin_compatible": Function(lambda name, *args, **kwargs: _pin("pin_compatible", name, args, kwargs)),
    }


def mark(kind: str, argument: str) -> str:
    """Return the mark of one call."""
    return f"\ue000{kind}\ue001{argument}\ue000"


def _fuzzy(version: str) -> str:
    """Return a bare version as conda-build reads it: any build of any patch of it."""
    return version if any(sign in version for sign in "*<>=!|") else f"{version}.*"


def _cdt(name: object, platform: str, variant: Mapping[str, str]) -> object:
    if isinstance(name, Unknown):
        return name
    package, _, rest = as_text(name).partition(" ")
    architecture = platform.partition("-")[2]
    machine = variant.get("cdt_arch", {"64": "x86_64"}.get(architecture, architecture))
    text = f"{package}-{variant.get('cdt_name', 'conda')}-{machine}"
    return mark("cdt", package) + (f"{text} {rest}" if rest else text)


_PIN_ARGUMENTS = {
    "pin_subpackage": ("min_pin", "max_pin", "exact"),
    "pin_compatible": ("lower_bound", "upper_bound", "min_pin", "max_pin"),
}


def _pin(kind: str, name: object, args: tuple[object, ...], kwargs: Mapping[str, object]) -> object:
    unknown = merged(name)
    if unknown is not None:
        return unknown
    given = dict(zip(_PIN_ARGUMENTS[kind], args, strict=False)) | dict(kwargs)
    arguments = {key: as_text(value) for key, value in given.items() if value is not None and value is not False}
    # An argument that is None takes the bound away, which is not the same as not giving it.
    arguments |= {key: "" for key, value in given.items() if value is None}
    packed = "&".join(f"{key}={quote(value, safe='')}" for key, value in arguments.items())
    return mark(kind, packed) + as_text(name)


def marked(text: str) -> bool:
    """Whether calls or Unknowns left their marks in `text`."""
    return "\ue000" in text


def without_marks(text: str) -> str:
    """Return `text` without the marks of calls and Unknowns."""
    return _MARK.sub("", text) if "\ue000" in text else text


def undefined_in(text: str) -> tuple[str, ...]:
    """Return the undefined variables that left their marks in `text`."""
    marks = (match[2] for match in _MARK.finditer(text) if match[1] == "unknown")
    return tuple(dict.fromkeys(name for names in marks for name in names.split(",")))


def requirement(
    text: str, *, section: Section, line: int, condition: str | None, variant: Mapping[str, str]
) -> ReadRequirement | None:
    """Return the requirement that a rendered line stands for, None for an empty one.

    A bare package in host or build takes its pin from the variant, as in conda-build and rattler-build.
    """
    kind, argument, unknown = _marks(text) if marked(text) else ("package", "", ())
    clean = without_marks(text).strip()
    if not clean and not unknown:
        return None
    name, spec = _split(clean)
    if unknown and "\ue000unknown" in _NAME.split(text.strip(), maxsplit=1)[0]:
        name = ""
    if section in {"build", "host"} and not spec and kind == "package":
        spec = variant.get(name.replace("-", "_"), variant.get(name, ""))
    pin = dict(_pin_arguments(argument)) if kind in _PIN_ARGUMENTS else {}
    return ReadRequirement(
        section=section,
        name=name,
        spec=spec,
        text=clean,
        line=line,
        kind=kind,
        stub=_stub(kind, argument),
        pin=pin,
        condition=condition,
        unknown=unknown,
    )


def _marks(text: str) -> tuple[Kind, str, tuple[str, ...]]:
    """Return the function that makes a line's requirement, its argument, and the line's undefined variables."""
    kind, argument = "package", ""
    for match in _MARK.finditer(text):
        if match[1] != "unknown":
            kind, argument = match[1], match[2]
    if kind not in {"package", "compiler", "stdlib", "cdt", *_PIN_ARGUMENTS}:
        raise EvaluationError(f"{kind} does not make a requirement")
    return cast("Kind", kind), argument, undefined_in(text)


def _stub(kind: Kind, argument: str) -> str | None:
    match kind:
        case "compiler" | "stdlib":
            return f"{argument}_{kind}_stub"
        case "cdt":
            return "cdt_stub"
        case _:
            return None


def _pin_arguments(packed: str) -> Iterator[tuple[str, str]]:
    for part in filter(None, packed.split("&")):
        key, _, value = part.partition("=")
        yield key, unquote(value)


@lru_cache(maxsize=4096)  # each line is rendered for each platform and variant
def _split(text: str) -> tuple[str, str]:
    parts = _NAME.split(text, maxsplit=1)
    name = parts[0].rpartition("::")[2].lower()
    rest = text[len(parts[0]) :].strip()
    return name, rest.partition(" #")[0].strip()
