"""meta.yaml (format v0) as conda-build reads it: selectors first, then Jinja, then YAML.

What conda-build does by running code (`load_setup_py_data`, `load_file_regex`, environment variables) is Unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from dirac_forge.recipe.platforms import platform_names
from dirac_forge.recipe.reading import yamlnodes
from dirac_forge.recipe.reading.functions import called_names, functions
from dirac_forge.recipe.reading.outlines import CachedRecipe, OutlineReader, with_common_sources
from dirac_forge.recipe.reading.recipe_text import Mistake, ReadOutput, ReadRequirement, RecipeError
from dirac_forge.recipe.reading.schema import sources_without_hash, unfit_v0, unknown_v0, upper_names
from dirac_forge.recipe.reading.selectors import select, selector_names, selector_of
from dirac_forge.recipe.reading.templates import Rendered, TemplateLine, names_read, render, tags
from dirac_forge.recipe.reading.values import EvaluationError, Function, Unknown, environment_value
from dirac_forge.recipe.reading.yamlnodes import MappingNode, Node, SequenceNode, YamlError
from dirac_forge.untrusted import parse_whole_number

_WORD = re.compile(r"[A-Za-z_]\w*")
_BARE = re.compile(r"^[ \t]*-[ \t]+([A-Za-z0-9_.-]+)[ \t]*(?:#.*)?$", re.MULTILINE)
"""A requirement that pins reach: conda-build looks for them by lines, and takes `host: [python]` for a selector."""
_NUMBER = re.compile(r"\d+")
_QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")
_VERSIONS = (("py", "python"), ("np", "numpy"))
_SYSTEMS = frozenset({*platform_names("linux-64", "linux-64"), "py", "py2k", "py3k"})
_UNKNOWN_CALLS: Mapping[str, object] = {
    name: Function(lambda *_, **__: Unknown(("the source tree",)))
    for name in (
        "load_setup_py_data",
        "load_setuptools",
        "load_npm",
        "load_file_regex",
        "load_file_data",
        "load_str_data",
        "resolved_packages",
    )
}

_ENVIRON = {"get": Function(environment_value)}
_BASE: Mapping[str, object] = {
    "os": {"environ": _ENVIRON, "getenv": Function(environment_value), "sep": "/", "pathsep": ":"},
    "environ": _ENVIRON,
    "True": True,
    "False": False,
    "None": None,
    "nomkl": False,
}


def selector_variables(platform: str, build_platform: str, variant: Mapping[str, str]) -> dict[str, object]:
    """Return the variables of selectors: platform, variant (typed values), Python's and NumPy's versions."""
    names: dict[str, object] = {**_BASE, **platform_names(platform, build_platform)}
    for key, text in variant.items():
        if key not in names:
            number = parse_whole_number(text)
            names[key] = {"true": True, "false": False}.get(text.lower(), text) if number is None else number
    for name, key in _VERSIONS:
        parts = variant.get(key, "").split(" ")[0].split(".")
        if len(parts) > 1 and (number := parse_whole_number(parts[0] + parts[1])) is not None:
            names[name] = number
    python = names.get("py")
    names["py2k"] = isinstance(python, int) and python < 30
    names["py3k"] = not names["py2k"]
    for older in ("py26", "py27", "py33", "py34", "py35", "py36"):
        names[older] = names.get("py") == int(older[2:])
    if "perl" in variant:
        names["pl"] = variant["perl"]
    return names


def selected_text(text: str, names: Mapping[str, object], *, path: Path | str) -> tuple[str, dict[int, str]]:
    """Return the lines of `text` whose selectors hold; those dropped are left empty, so that line numbers stay.

    Also the selectors, by line from 0, that hang on a variable `names` lacks: their lines are kept. Raises RecipeError
    for a selector that is not an expression.
    """
    lines: list[str] = []
    perhaps: dict[int, str] = {}
    decided: dict[str, bool | Unknown] = {}
    for index, raw in enumerate(text.split("\n")):
        line, selector = selector_of(raw)
        if selector is not None and "#" not in raw and not set() < selector_names(selector) <= _SYSTEMS:
            # conda-build takes `key: [a, b]` for a selector too; nobody who writes a list means one.
            line, selector = raw.rstrip(), None
        if selector is None:
            lines.append(line)
            continue
        if selector not in decided:
            try:
                decided[selector] = select(selector, names)
            except EvaluationError as exc:
                raise RecipeError(
                    f"the selector [{selector}] can't be evaluated: {exc}", path=path, line=index + 1
                ) from exc
        holds = decided[selector]
        if isinstance(holds, Unknown):
            perhaps[index] = selector
        lines.append(line if holds is not False else "")
    return "\n".join(lines), perhaps


class RecipeV0(CachedRecipe):
    """A meta.yaml; see `RecipeText`."""

    format = "v0"

    @cached_property
    def _template_names(self) -> frozenset[str]:
        words: set[str] = set()
        for start, end in tags(self.text):
            words.update(_WORD.findall(_QUOTED.sub("", self.text[start:end])) if end > 0 else ())
        return frozenset(words) | called_names(self.text)

    @cached_property
    def names(self) -> frozenset[str]:
        """Every variable that selectors and templates read."""
        names = set(self._template_names)
        for raw in self.text.split("\n"):
            _, selector = selector_of(raw)
            if selector is not None:
                names |= selector_names(selector)
        names |= {key for name, key in _VERSIONS if name in names}
        return frozenset(names)

    @cached_property
    def pinned(self) -> frozenset[str]:
        """Packages that pins reach; see `RecipeText`."""
        return frozenset(name.lower() for name in _BARE.findall(self.text))

    @cached_property
    def given(self) -> frozenset[str]:
        """What every meta.yaml may read or call."""
        return super().given | _UNKNOWN_CALLS.keys() | {"py", "np", "pl", "lua", "time", "datetime"}

    @cached_property
    def definitions(self) -> tuple[frozenset[str], frozenset[str]]:
        """Return the names that the template reads, and those that it sets."""
        try:
            return names_read(self.text)
        except EvaluationError as exc:
            raise RecipeError(str(exc), path=self.path, line=exc.line) from exc

    @cached_property
    def unbuildable(self) -> tuple[Mistake, ...]:
        """What conda-build refuses, on Linux."""
        root, lines = self.document(platform="linux-64", variant={}, variables={})
        return tuple(unfit_v0(root, lambda node: _place(node, lines).number))

    @cached_property
    def unknown_keys(self) -> tuple[Mistake, ...]:
        """What no build understands though it does not refuse it, and sources without a hash, on Linux."""
        root, lines = self.document(platform="linux-64", variant={}, variables={})

        def line(node: Node) -> int:
            return _place(node, lines).number

        return *unknown_v0(root, line), *sources_without_hash(root, line), *upper_names(root, line)

    def _scope(self, platform: str, build_platform: str, variant: Mapping[str, str]) -> dict[str, object]:
        return selector_variables(platform, build_platform, variant)

    def _selected(self, scope: Mapping[str, object]) -> tuple[str, Mapping[int, str]]:
        return selected_text(self.text, scope, path=self.path)

    def document(
        self, *, platform: str, variant: Mapping[str, str], variables: Mapping[str, str]
    ) -> tuple[Node | None, Sequence[TemplateLine]]:
        """Return the rendered YAML for a platform and variant, and where each of its lines comes from.

        `variables` are added to what templates know; scalars keep the marks of calls and of undefined variables.
        Raises RecipeError.
        """
        scope = self._scope(platform, platform, variant)
        text, perhaps = self._selected(scope)
        names = {**scope, **variant, **_UNKNOWN_CALLS, **functions(platform, variant), **variables}
        rendered, root = self._parsed(text, perhaps, names)
        return root, rendered.lines

    def _read(
        self, text: str, perhaps: Mapping[int, str], scope: dict[str, object], variant: Mapping[str, str]
    ) -> Iterator[ReadOutput]:
        # conda-build gives booleans of the variant to Jinja as such: `false` as text would be true.
        texts = {name: value for name, value in variant.items() if not isinstance(scope.get(name), bool)}
        rendered, root = self._parsed(text, perhaps, {**scope, **texts, **_UNKNOWN_CALLS})
        return _Reader(self.path, variant, rendered.lines).outputs(root)

    def _parsed(
        self, text: str, perhaps: Mapping[int, str], scope: Mapping[str, object]
    ) -> tuple[Rendered, Node | None]:
        try:
            rendered = render(text, scope, conditions=perhaps)
        except EvaluationError as exc:
            raise RecipeError(str(exc), path=self.path, line=exc.line) from exc
        try:
            return rendered, yamlnodes.compose(rendered.text)
        except YamlError as exc:
            place = rendered.lines[exc.line - 1].number if 0 < exc.line <= len(rendered.lines) else 0
            raise RecipeError(exc.message, path=self.path, line=place) from exc


class _Reader(OutlineReader):
    """Reads the nodes of one rendered meta.yaml."""

    sections: ClassVar = {"build": "build", "host": "host", "run": "run", "run_constrained": "run_constrained"}
    git = ("git_url", "git_tag", "git_rev")
    exports_in = "build"

    def __init__(self, path: str, variant: Mapping[str, str], lines: Sequence[TemplateLine]) -> None:
        super().__init__(path, variant)
        self.lines = lines

    def outputs(self, root: Node | None) -> Iterator[ReadOutput]:
        if not isinstance(root, MappingNode):
            raise RecipeError("expected a mapping with `package`", path=self.path)
        top = self.mapping(root)
        name, common = self._package(top)
        whole = self.output(top, {}, name.lower(), self.text(common) or "", line=self.line(root))
        whole = self.versioned(whole, common)
        build = self.mapping(top.get("build"))
        parts = (self.part(node, build, name, common) for node, _ in self.items(top.get("outputs")))
        outputs = list(filter(None, parts))
        if not outputs:
            yield whole
            return
        if whole.requirements:
            yield replace(whole, is_package=bool(whole.of("run")) and whole.name not in {each.name for each in outputs})
        for output in outputs:
            yield with_common_sources(output, whole.sources)

    def _package(self, top: Mapping[str, Node]) -> tuple[str, Node | None]:
        """Return the name and version at the top; raises RecipeError if there is no name."""
        package = self.mapping(top.get("package"))
        return self.package_name(package.get("name"), self.path), package.get("version")

    def part(self, node: Node, build: Mapping[str, Node], name: str, common: Node | None) -> ReadOutput | None:
        if not isinstance(node, MappingNode):
            return None
        fields = self.mapping(node)
        own_name = (self.text(fields.get("name")) or name).lower()
        version = self.own_or(fields.get("version"), common)
        output = self.output(fields, build, own_name, self.text(version) or "", line=self.line(node))
        return self.versioned(output, version)

    def skip(self, values: list[Node]) -> tuple[bool | None, int]:
        perhaps = 0
        for node in values:
            if (self.text(node) or "").lower() in {"true", "yes", "on", "1"}:
                if self.place(node).condition is None:
                    return True, self.line(node)
                perhaps = self.line(node)
        return (None, perhaps) if perhaps else (False, 0)

    def test_requirements(self, fields: Mapping[str, Node]) -> Iterator[ReadRequirement]:
        test = self.mapping(fields.get("test"))
        for key in ("requires", "requirements"):
            yield from self.section(test.get(key), "test")

    def items(self, node: Node | None) -> Iterator[tuple[Node, str | None]]:
        if node is not None:
            for value in node.value if isinstance(node, SequenceNode) else [node]:
                yield value, self.place(value).condition

    def marked(self, node: Node | None) -> str | None:
        return yamlnodes.scalar(node)

    def place(self, node: Node) -> TemplateLine:
        return _place(node, self.lines)

    def line(self, node: Node) -> int:
        return self.place(node).number


def _place(node: Node, lines: Sequence[TemplateLine]) -> TemplateLine:
    """Return the line where a node begins; none that is known where YAML counts more of them (U+2028)."""
    index = yamlnodes.line_of(node) - 1
    return lines[index] if index < len(lines) else TemplateLine(0, None)
