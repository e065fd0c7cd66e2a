"""A meta.yaml (v0) as the recipe.yaml (v1) that is built in its place, for one platform and variant.

Selectors and templates are decided first, so that what is written has no expressions but the functions that read the
variant. What has no counterpart is refused with its line; what is written is read back and has to ask for the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from dirac_forge.errors import InputError
from dirac_forge.recipe.reading.functions import marked
from dirac_forge.recipe.reading.parsing import parse_recipe
from dirac_forge.recipe.reading.recipe_text import ReadOutput, ReadRequirement, ReadSource, RecipeError
from dirac_forge.recipe.reading.templates import TemplateLine
from dirac_forge.recipe.reading.v0 import RecipeV0
from dirac_forge.recipe.reading.yamlnodes import Node, lines_of, pairs, plain

Tree = dict[str, Any]

_VARIABLES = (
    *("PYTHON", "PIP", "PREFIX", "BUILD_PREFIX", "SRC_DIR", "RECIPE_DIR", "SP_DIR", "STDLIB_DIR", "PY_VER", "R"),
    *("PKG_NAME", "PKG_VERSION", "PKG_BUILDNUM", "CPU_COUNT", "SHLIB_EXT", "LIBRARY_PREFIX", "SCRIPTS", "CC", "CXX"),
)
"""What templates of build scripts know and both engines also set as environment variables."""
_TOP = {
    "package": ("name", "version"),
    "requirements": ("build", "host", "run", "run_constrained"),
}
_BUILD_READ = ("script_env", "number", "noarch", "skip", "run_exports", "ignore_run_exports", "ignore_run_exports_from")
_BUILD: Mapping[str, tuple[str, ...]] = {
    "script": ("script",),
    "entry_points": ("python", "entry_points"),
    "skip_compile_pyc": ("python", "skip_pyc_compilation"),
    "always_include_files": ("always_include_files",),
    "merge_build_host": ("merge_build_and_host_envs",),
    "rpaths": ("dynamic_linking", "rpaths"),
    "binary_relocation": ("dynamic_linking", "binary_relocation"),
    "missing_dso_whitelist": ("dynamic_linking", "missing_dso_allowlist"),
    "error_overdepending": ("dynamic_linking", "overdepending_behavior"),
    "error_overlinking": ("dynamic_linking", "overlinking_behavior"),
}
_ERRORS = {True: "error", False: "ignore"}
"""What v1 says for the switches `error_…` of v0."""
_SOURCE: Mapping[str, str] = {
    "url": "url",
    "sha256": "sha256",
    "md5": "md5",
    "fn": "file_name",
    "folder": "target_directory",
    "patches": "patches",
    "git_url": "git",
    "git_rev": "rev",
    "git_tag": "tag",
    "path": "path",
}
_ABOUT: Mapping[str, str] = {
    "home": "homepage",
    "license": "license",
    "license_file": "license_file",
    "summary": "summary",
    "description": "description",
    "doc_url": "documentation",
    "dev_url": "repository",
}
_ABOUT_LEFT = ("license_family", "license_url", "doc_source_url", "keywords", "tags", "identifiers", "readme")
_TEST = ("imports", "commands", "requires", "requirements", "files", "source_files")
_BARE = re.compile(r"[\w.+!-]+")
_EXPORTS = {"strong": "strong", "weak": "weak", "noarch": "noarch"}
_EXPORTS |= {"strong_constrains": "strong_constraints", "weak_constrains": "weak_constraints"}


def converted_recipe(
    text: str, *, path: Path | str, platform: str, variant: Mapping[str, str], files: Collection[str] = ()
) -> str:
    """Return the text of a recipe.yaml that asks for what a meta.yaml asks for on a platform with a variant.

    Args:
        text: of the meta.yaml.
        path: of its file, for messages.
        platform: that it is built for and on.
        variant: the values of the pinning.
        files: the names of the files next to it; tests in `run_test.sh` and `run_test.py` run too.

    Raises:
        RecipeError: it can't be read, has no counterpart, or what was written does not read the same.
    """
    recipe = RecipeV0(text, path=path)
    outputs = recipe.render(platform=platform, variant=variant).outputs
    if len(outputs) != 1:
        raise RecipeError(f"it has {len(outputs)} outputs; only a recipe with one output can be converted", path=path)
    document = _Document(recipe, platform, variant)
    written: Tree = {
        "schema_version": 1,
        "package": {"name": outputs[0].name, "version": outputs[0].version},
        **_part("source", document.sources()),
        "build": document.build(outputs[0]),
        "requirements": _requirements(outputs[0], document),
        **_part("tests", document.tests(outputs[0], files)),
        "about": document.about(),
    }
    result = _dumped(written)
    _prove(outputs[0], result, path=path, platform=platform, variant=variant)
    return result


def _part(key: str, value: Any) -> Tree:
    return {key: value} if value else {}


class _Document:
    """The rendered YAML of one meta.yaml."""

    def __init__(self, recipe: RecipeV0, platform: str, variant: Mapping[str, str]) -> None:
        self.path = recipe.path
        shell = "%{}%" if platform.startswith("win-") else "${}"
        variables = {name: shell.format(name) for name in _VARIABLES}
        root, lines = recipe.document(platform=platform, variant=variant, variables=variables)
        _decided(lines, self.path)
        self._numbers = [line.number for line in lines]
        self._lines = {place: self._number(line) for place, line in lines_of(root)}
        self._root = {key: value for key, _, value in pairs(root)}
        self._only((), (*_TOP, "extra", "source", "build", "test", "about"))
        for key, inner in _TOP.items():
            self._only((key,), inner)

    def _number(self, line: int) -> int:
        return self._numbers[line - 1] if line <= len(self._numbers) else 0

    def refuse(self, what: str, *place: str | int) -> RecipeError:
        """Return the error for a key, with its line."""
        return RecipeError(what, path=self.path, line=self._lines.get(place, 0))

    def _only(self, place: tuple[str, ...], known: Iterable[str]) -> None:
        """Raise RecipeError for a key that has no counterpart."""
        fields = self._fields(*place) if place else self._root
        for key in fields:
            if key not in known:
                raise self.refuse(f"{'.'.join((*place, key))} has no counterpart in a recipe.yaml", *place, key)

    def _fields(self, key: str) -> Mapping[str, Node]:
        return {name: value for name, _, value in pairs(self._root.get(key))}

    def _value(self, node: Node, *place: str | int) -> Any:
        """Return plain text, lists and mappings without anything undefined."""
        value = plain(node, typed=True)
        for text in _texts(value):
            if marked(text):
                raise self.refuse("this depends on an undefined variable or on a function", *place)
            if "${{" in text:
                raise self.refuse("${{ means something else in a recipe.yaml", *place)
        return value

    def sources(self) -> list[Tree]:
        """Return the sources, key by key."""
        node = self._root.get("source")
        if node is None:
            return []
        value = self._value(node, "source")
        found = []
        for source in value if isinstance(value, list) else [value]:
            unknown = [key for key in source if key not in _SOURCE]
            if unknown:
                raise self.refuse(f"source.{unknown[0]} has no counterpart in a recipe.yaml", "source", unknown[0])
            found.append({_SOURCE[key]: each for key, each in source.items() if each not in (None, [], "")})
        return found

    def build(self, output: ReadOutput) -> Tree:
        """Return the build, without what is decided already."""
        self._only(("build",), (*_BUILD_READ, *_BUILD))
        if output.build_number is None:
            raise self.refuse("the build number is not known", "build", "number")
        written: Tree = {"number": output.build_number, **_part("noarch", output.noarch)}
        for key, node in self._fields("build").items():
            if key in _BUILD:
                *outer, last = _BUILD[key]
                place = written
                for each in outer:
                    place = place.setdefault(each, {})
                value = self._value(node, "build", key)
                place[last] = _ERRORS[bool(value)] if key.startswith("error_") else value
        if variables := self._variables():
            written["script"] = {**_part("content", written.get("script")), "env": variables}
        return written

    def _variables(self) -> dict[str, str]:
        """Return the environment variables of the script; those that are passed on from outside are refused."""
        node = self._fields("build").get("script_env")
        pairs_ = [
            str(each).partition("=") for each in _listed(self._value(node, "build", "script_env") if node else [])
        ]
        if not all(equals for _, equals, _ in pairs_):
            raise self.refuse("variables that builds take from outside have no counterpart here", "build", "script_env")
        return {name: value for name, _, value in pairs_}

    def tests(self, output: ReadOutput, files: Collection[str]) -> list[Tree]:
        """Return one script that does everything in one environment, as conda-build does."""
        self._only(("test",), _TEST)
        fields = {key: self._value(node, "test", key) for key, node in self._fields("test").items()}
        lines = [f'python -c "import {name}"' for name in self._imports(fields.get("imports"))]
        lines += _listed(fields.get("commands"))
        scripts = {"run_test.sh": "bash -e run_test.sh", "run_test.py": "python run_test.py"}
        own = [name for name in scripts if name in files]
        lines += [scripts[name] for name in own]
        if not lines:
            return []
        test: Tree = {"script": lines}
        needs = [_written(need, self) for need in output.of("test")]
        test |= _part("requirements", _part("run", needs))
        source, recipe = _listed(fields.get("source_files")), [*_listed(fields.get("files")), *own]
        return [{**test, **_part("files", {**_part("source", source), **_part("recipe", recipe)})}]

    def _imports(self, value: Any) -> list[str]:
        names = _listed(value)
        if not all(isinstance(name, str) and re.fullmatch(r"\w+(\.\w+)*", name) for name in names):
            raise self.refuse("these imports are not names of Python modules", "test", "imports")
        return names

    def about(self) -> Tree:
        """Return what v1 has a key for; the rest says nothing to the build."""
        self._only(("about",), (*_ABOUT, *_ABOUT_LEFT))
        fields = self._fields("about")
        return {_ABOUT[key]: self._value(node, "about", key) for key, node in fields.items() if key in _ABOUT}


def _decided(lines: Iterable[TemplateLine], path: str) -> None:
    """Raise RecipeError for a line under a condition that can't be decided."""
    for line in lines:
        if line.condition is not None:
            raise RecipeError(f"this line depends on {line.condition}, which is not known", path=path, line=line.number)


def _texts(value: Any) -> Iterable[str]:
    match value:
        case str():
            yield value
        case list():
            for each in value:
                yield from _texts(each)
        case dict():
            for each in value.values():
                yield from _texts(each)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [] if value in (None, "") else [value]


def _requirements(output: ReadOutput, document: _Document) -> Tree:
    """Return the requirements; without `host` and `compiler()`, conda-build has one environment for build and host."""
    build, host = output.of("build"), output.of("host")
    if build and not host and all(need.kind == "package" for need in build):
        build, host = (), build
    constraints = output.of("run_constrained")
    sections = {"build": build, "host": host, "run": output.of("run"), "run_constraints": constraints}
    written: Tree = {key: [_written(need, document) for need in needs] for key, needs in sections.items() if needs}
    exports: Tree = {}
    for export in output.run_exports:
        exports.setdefault(_EXPORTS[export.strength], []).append(_written(export.requirement, document))
    ignored = {
        **_part("by_name", list(output.ignore_run_exports)),
        **_part("from_package", list(output.ignore_run_exports_from)),
    }
    return {**written, **_part("run_exports", exports), **_part("ignore_run_exports", ignored)}


def _written(need: ReadRequirement, document: _Document) -> str:
    """Return a requirement as a recipe.yaml writes it."""
    path, line = document.path, need.line
    if need.unknown or need.condition is not None:
        raise RecipeError(f"{need.text or 'this requirement'} depends on an undefined variable", path=path, line=line)
    match need.kind:
        case "package":
            if need.spec == "x.x":
                raise RecipeError(f"{need.text}: x.x has no counterpart in a recipe.yaml", path=path, line=line)
            return _fuzzy(need.text)
        case "compiler" | "stdlib":
            language = (need.stub or "").removesuffix(f"_{need.kind}_stub")
            return f"${{{{ {need.kind}({_quoted(language)}) }}}}"
        case "pin_subpackage" | "pin_compatible" if need.text == need.name:
            arguments = [_quoted(need.name), *(_argument(key, value) for key, value in need.pin.items())]
            return f"${{{{ {need.kind}({', '.join(arguments)}) }}}}"
        case _:
            raise RecipeError(f"{need.text}: {need.kind} has no counterpart in a recipe.yaml", path=path, line=line)


def _fuzzy(text: str) -> str:
    """Return a spec as conda-build takes it: a version by itself means every release that begins with it."""
    name, _, spec = text.partition(" ")
    return f"{name} {spec.strip()}.*" if _BARE.fullmatch(spec.strip()) else text


_PIN = {"max_pin": "upper_bound", "min_pin": "lower_bound"}


def _argument(key: str, value: str) -> str:
    if key == "exact":
        return f"exact={value.lower()}"
    return f"{_PIN.get(key, key)}={_quoted(value) if value else 'none'}"


def _quoted(text: str) -> str:
    return json.dumps(text)


class _Dumper(yaml.SafeDumper):
    """Repeats what comes twice, instead of anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True


def _dumped(written: Tree) -> str:
    return yaml.dump(written, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1_000)


_Compared = Callable[[ReadOutput], Any]
_PROOF: Mapping[str, _Compared] = {
    "the name": lambda one: one.name,
    "the version": lambda one: one.version,
    "the build number": lambda one: one.build_number,
    "noarch": lambda one: one.noarch,
    "sources": lambda one: [_source(each) for each in one.sources],
    "requirements of build and host": lambda one: [_need(each) for each in (*one.of("build"), *one.of("host"))],
    "requirements of run": lambda one: [_need(each) for each in one.of("run")],
    "constraints": lambda one: [_need(each) for each in one.of("run_constrained")],
    "requirements of tests": lambda one: [_need(each) for each in one.of("test")],
    "run exports": lambda one: [(each.strength, _need(each.requirement)) for each in one.run_exports],
    "ignored run exports": lambda one: (one.ignore_run_exports, one.ignore_run_exports_from),
}


def _prove(asked: ReadOutput, text: str, *, path: Path | str, platform: str, variant: Mapping[str, str]) -> None:
    """Raise RecipeError if the recipe.yaml does not read as the meta.yaml does."""
    try:
        outputs = parse_recipe(text, path="recipe.yaml").render(platform=platform, variant=variant).outputs
    except InputError as error:
        raise RecipeError(f"the recipe.yaml made from it can't be read: {error.message}", path=path) from error
    for what, of in _PROOF.items():
        if len(outputs) != 1 or of(asked) != of(outputs[0]):
            raise RecipeError(f"{what} would differ in a recipe.yaml", path=path)


def _source(source: ReadSource) -> tuple[Any, ...]:
    return (source.url, source.sha256, source.md5, source.git, source.rev, source.patches)


def _need(need: ReadRequirement) -> tuple[Any, ...]:
    spec = need.spec if not _BARE.fullmatch(need.spec) else f"{need.spec}.*"
    return (need.name, spec, need.kind, need.stub)
