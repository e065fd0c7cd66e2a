"""What both formats have in common: checks of names, comments that ask a person for something, and shared lines."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Final

from dirac_forge.errors import InputError
from dirac_forge.recipe.model import About, Output, Recipe, Requirement, Source
from dirac_forge.recipe.writing.blocks import Lines, items, nested
from dirac_forge.recipe.writing.scalars import V1, Dialect

SHA256_MISSING: Final = "TODO: add sha256, the SHA-256 of the file at this URL; it could not be found out"
LICENSE_MISSING: Final = "TODO: add license, an SPDX expression; nothing that upstream published states it"
LICENSE_FILE_MISSING: Final = "TODO: add license_file; the sources ship none, so add a source for it too"
LICENSE_FILE_UNSEEN: Final = "TODO: add license_file; the source could not be looked at"
MAINTAINERS_MISSING: Final = (
    "TODO: add recipe-maintainers, your GitHub user name; --maintainer or the settings fill it in"
)

_PACKAGE: Final = re.compile(r"[a-z0-9_][a-z0-9_.-]*")
_OF_LANGUAGES: Final = frozenset({"compiler", "stdlib", "cross_python"})
_LANGUAGE: Final = re.compile(r"[a-z0-9_-]+")
_SPEC: Final = re.compile(r"(?:[A-Za-z0-9_.*+!<>=~,|^ -]|@\{[a-z_]+\})*")
_VERSION: Final = re.compile(r"[A-Za-z0-9_.!+]+")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_VALUE: Final = re.compile(r"[A-Za-z0-9_.!+*<>=-]+")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_MODULE: Final = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_ENTRY_POINT: Final = re.compile(r"[\w.+-]+ = [^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_COMMAND: Final = re.compile(r"[\w.+!~@{}=:,/ -]+")
"""A line of a script or test: words alone, nothing that a shell would read as more than that."""
_URL: Final = re.compile(r"(?:https?|file)://(?!\S*/\.\.(?:/|$))[^\s\"'<>\\^`|;$]+")
_MAINTAINER: Final = re.compile(r"[A-Za-z0-9-]+(?:/[A-Za-z0-9_.-]+)?")


def check(recipe: Recipe) -> None:
    """Refuse what no recipe can hold.

    Raises:
        InputError: a name, version, spec, hash, URL, command, module, entry point or path cannot be valid.
    """
    _each("feedstock name", _PACKAGE, [recipe.feedstock])
    _each("version", _VERSION, [recipe.version])
    _each("name of a context variable", _VARIABLE, recipe.context)
    _each("value of a context variable", _VALUE, recipe.context.values())
    _each("maintainer", _MAINTAINER, recipe.maintainers)
    if not recipe.outputs:
        raise InputError(f"The recipe of {recipe.feedstock} has no output.", hint="Give at least one project.")
    for output in recipe.outputs:
        _check_output(output)
    _check_sources(recipe.sources)
    _check_paths(recipe.about.license_files)
    names = [output.name for output in recipe.outputs]
    if len(set(names)) < len(names):
        raise InputError(f"The recipe of {recipe.feedstock} has two outputs of the same name: {', '.join(names)}.")


def is_maintainer(name: str) -> bool:
    """Whether a recipe can name a maintainer so: a GitHub user, or a team as ORGANISATION/TEAM."""
    return _MAINTAINER.fullmatch(name) is not None


def _check_output(output: Output) -> None:
    _each("package name", _PACKAGE, [output.name])
    _each("version", _VERSION, [output.version] if output.version is not None else [])
    _check_sources(output.sources)
    _each("command", _COMMAND, [*script_lines(output), *output.test.commands])
    _each("module to import", _MODULE, output.test.imports)
    _each("entry point", _ENTRY_POINT, output.entry_points)
    _check_paths(output.about.license_files)
    for line in (*output.build, *output.host, *output.run, *output.run_constraints):
        _each("requirement", _LANGUAGE if line.kind in _OF_LANGUAGES else _PACKAGE, [line.name])
        _each(f"version spec of {line.name}", _SPEC, [line.spec])


def _check_sources(sources: Iterable[Source]) -> None:
    for source in sources:
        _each("sha256", _SHA256, [source.sha256] if source.sha256 is not None else [])
        _each("URL of a source", _URL, [source.url] if source.path is None else [])
        _check_paths([source.file_name] if source.file_name is not None else [])


def _each(what: str, pattern: re.Pattern[str], values: Iterable[str]) -> None:
    for value in values:
        if not pattern.fullmatch(value):
            raise InputError(
                f"Not a valid {what}: {value!r} (expected {pattern.pattern}).",
                hint="A recipe cannot hold it; correct it in the workspace's settings or tell upstream.",
            )


def _check_paths(paths: Iterable[str]) -> None:
    for path in paths:
        pure = PurePosixPath(path)
        if pure.is_absolute() or ".." in pure.parts or not pure.parts or ":" in path:
            raise InputError(
                f"Not a path within the source: {path!r}.", hint="Name files relative to the source's folder."
            )


def requirement(line: Requirement, dialect: Dialect) -> str:
    """Return the scalar of one requirement."""
    match line.kind:
        case "compiler" | "stdlib":
            return dialect.variable(f"{line.kind}('{line.name}')")
        case "pin_subpackage":
            return dialect.variable(f"pin_subpackage('{line.name}', exact=True)")
        case "pin_version":
            bound = "upper_bound" if dialect is V1 else "max_pin"
            return dialect.variable(f"pin_subpackage('{line.name}', {bound}='x.x.x.x.x.x')")
        case "cross_python":
            return f"cross-python_{dialect.variable('target_platform')}"
        case "package":
            return dialect.template(f"{line.name} {line.spec}".rstrip())


def todo_lines(recipe: Recipe, dialect: Dialect) -> Lines:
    """Return what a person must fill in, as comments for the top of the file."""
    return [f"{_ASKING}{dialect.comment(note.sentence)}" for note in recipe.notes if note.level == "todo"]


def placeholders(text: str) -> tuple[int, ...]:
    """Return the lines of a recipe, from 1, where a person is asked for something by what is written here.

    Those are the comments that bear this tool's name, and the ones that stand for a missing key. Others are the
    authors' own.
    """
    lines = text.splitlines()
    return tuple(at for at, line in enumerate(lines, 1) if line.startswith(_ASKING) or _MISSING.match(line))


_ASKING: Final = "# TODO(dirac-forge): "
_KEYS: Final = "|".join(
    re.escape(re.split("[,;]", each)[0])
    for each in (SHA256_MISSING, LICENSE_MISSING, LICENSE_FILE_MISSING, LICENSE_FILE_UNSEEN, MAINTAINERS_MISSING)
)
_MISSING: Final = re.compile(rf"\s*# (?:{_KEYS})(?:[,;]|$)")


def maintainers(recipe: Recipe, dialect: Dialect) -> Lines:
    """Return the section of maintainers, or what asks for them: nobody is listed who did not ask."""
    if not recipe.maintainers:
        return [f"# {MAINTAINERS_MISSING}", "recipe-maintainers: []"]
    return nested("recipe-maintainers", items([dialect.literal(name)] for name in recipe.maintainers))


def licence_file_missing(about: About) -> str:
    """Return the comment in place of license_file."""
    return f"# {LICENSE_FILE_UNSEEN if about.license_files_unseen else LICENSE_FILE_MISSING}"


def source_comments(source: Source, dialect: Dialect) -> Lines:
    """Return where the source comes from, if there is something to say."""
    return [f"# {dialect.comment(source.comment)}"] if source.comment else []


def script_lines(output: Output) -> list[str]:
    """Return the commands of the build."""
    return [line.strip() for line in output.script.splitlines() if line.strip()]


def capped(output: Output) -> bool:
    """Whether the output's own requirement rules out some newer Python."""
    return any(line.name == "python" and "<" in line.spec for line in output.run)


def feedstock_name(recipe: Recipe, name: str) -> str | None:
    """Return the feedstock's name, where `name` in the recipe does not tell it (or there are several)."""
    return recipe.feedstock if len(recipe.outputs) > 1 or recipe.feedstock != name else None
