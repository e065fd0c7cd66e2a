"""meta.yaml (format v0) as conda-build reads it: selectors first, then Jinja, then YAML.

What conda-build does by running code (`load_setup_py_data`, `load_file_regex`, environment variables) is Unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Final, cast

from dirac_forge.recipe.platforms import platform_names
from dirac_forge.recipe.reading import yamlnodes
from dirac_forge.recipe.reading.functions import FUNCTIONS, called_names, functions, marked, requirement, without_marks
from dirac_forge.recipe.reading.pins import reached, with_pins
from dirac_forge.recipe.reading.recipe_text import (
    ReadOutput,
    ReadRequirement,
    ReadRunExport,
    ReadSource,
    RecipeError,
    RenderedRecipe,
    Section,
)
from dirac_forge.recipe.reading.selectors import select, selector_names, selector_of
from dirac_forge.recipe.reading.templates import Rendered, TemplateLine, render, tags
from dirac_forge.recipe.reading.values import EvaluationError, Function, Unknown, environment_value
from dirac_forge.recipe.reading.yamlnodes import MappingNode, Node, ScalarNode, SequenceNode, YamlError

__all__ = ["RecipeV0", "selected_text", "selector_variables"]

_WORD = re.compile(r"[A-Za-z_]\w*")
_NUMBER = re.compile(r"\d+")
_SECTIONS: Mapping[str, Section] = {
    "build": "build",
    "host": "host",
    "run": "run",
    "run_constrained": "run_constrained",
}
_QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")
_BARE = re.compile(r"^[ \t]*-[ \t]+([A-Za-z0-9_.-]+)[ \t]*(?:#.*)?$", re.MULTILINE)
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
_STRENGTHS = {"strong", "weak", "noarch", "strong_constrains", "weak_constrains"}


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
    """What selectors know: the platform, the variant (numbers and booleans as such), Python's and NumPy's versions."""
    names: dict[str, object] = {**_BASE, **platform_names(platform, build_platform)}
    for key, text in variant.items():
        if key not in names:
            names[key] = (
                int(text) if _NUMBER.fullmatch(text) else {"true": True, "false": False}.get(text.lower(), text)
            )
    names["py2k"], names["py3k"] = False, True
    for name, key in _VERSIONS:
        parts = variant.get(key, "").split(" ")[0].split(".")
        if len(parts) > 1 and parts[0].isdigit() and parts[1].isdigit():
            names[name] = int(parts[0] + parts[1])
    for older in ("py26", "py27", "py33", "py34", "py35", "py36"):
        names[older] = names.get("py") == int(older[2:])
    if "perl" in variant:
        names["pl"] = variant["perl"]
    return names


def selected_text(text: str, names: Mapping[str, object], *, path: Path | str) -> tuple[str, dict[int, str]]:
    """The lines of `text` whose selectors hold; those dropped are left empty, so that line numbers stay.

    Also the selectors, by line from 0, that hang on a variable `names` lacks: their lines are kept. Raises RecipeError
    for a selector that is no expression.
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


class RecipeV0:
    """A meta.yaml; see `RecipeText`."""

    format: Final = "v0"

    def __init__(self, text: str, *, path: Path | str) -> None:
        self.text = text
        self.path = str(path)
        self._outputs: dict[object, tuple[ReadOutput, ...]] = {}

    @cached_property
    def _template_names(self) -> frozenset[str]:
        found: set[str] = set()
        for start, end in tags(self.text):
            found.update(_WORD.findall(_QUOTED.sub("", self.text[start:end])) if end > 0 else ())
        return frozenset(found) | called_names(self.text)

    @cached_property
    def names(self) -> frozenset[str]:
        """Every variable that selectors and templates read."""
        found = set(self._template_names)
        for raw in self.text.split("\n"):
            _, selector = selector_of(raw)
            if selector is not None:
                found |= selector_names(selector)
        found |= {key for name, key in _VERSIONS if name in found}
        return frozenset(found)

    @cached_property
    def pinned(self) -> frozenset[str]:
        """Packages that pins reach; see `RecipeText`."""
        return frozenset(name.lower() for name in _BARE.findall(self.text))

    def render(
        self,
        *,
        platform: str,
        variant: Mapping[str, str] | None = None,
        build_platform: str | None = None,
        stubs: bool = False,
    ) -> RenderedRecipe:
        """The recipe for one platform and variant; see `RecipeText`."""
        values = dict(variant or {})
        names = selector_variables(platform, build_platform or platform, values)
        text, perhaps = selected_text(self.text, names, path=self.path)
        # Platforms and variants differ in few lines: what comes out the same is read once.
        used = [(name, values.get(name, names.get(name))) for name in sorted(self._template_names)]
        key = (
            text,
            tuple(perhaps.items()),
            tuple((name, value) for name, value in used if isinstance(value, (str, int, bool))),
            reached(values, self.pinned),
            stubs or (platform if self._template_names & FUNCTIONS else ""),
        )
        if key not in self._outputs:
            calls = functions("", {}, stubs=True) if stubs else functions(platform, values)
            # conda-build gives booleans of the variant to Jinja as such: `false` as text would be true.
            texts = {name: value for name, value in values.items() if not isinstance(names.get(name), bool)}
            rendered, root = self._parsed(text, perhaps, {**names, **texts, **_UNKNOWN_CALLS, **calls})
            self._outputs[key] = with_pins(tuple(_Reader(self.path, rendered.lines, values).outputs(root)))
        return RenderedRecipe(path=self.path, format="v0", platform=platform, outputs=self._outputs[key])

    def _parsed(
        self, text: str, perhaps: Mapping[int, str], scope: Mapping[str, object]
    ) -> tuple[Rendered, Node | None]:
        try:
            rendered = render(text, scope, conditions=perhaps)
        except EvaluationError as exc:
            line, _, problem = str(exc).removeprefix("line ").partition(": ")
            raise RecipeError(problem or str(exc), path=self.path, line=int(line) if line.isdigit() else 0) from exc
        try:
            return rendered, yamlnodes.compose(rendered.text)
        except YamlError as exc:
            place = rendered.lines[exc.line - 1].number if 0 < exc.line <= len(rendered.lines) else 0
            raise RecipeError(exc.message, path=self.path, line=place) from exc


class _Reader:
    """Reads the nodes of one rendered meta.yaml."""

    def __init__(self, path: str, lines: Sequence[TemplateLine], variant: Mapping[str, str]) -> None:
        self.path = path
        self.lines = lines
        self.variant = variant

    def outputs(self, root: Node | None) -> Iterator[ReadOutput]:
        if not isinstance(root, MappingNode):
            raise RecipeError("a recipe is a mapping with `package`", path=self.path)
        top = self.mapping(root)
        package = self.mapping(top.get("package"))
        name, version = self.text(package.get("name")), self.text(package.get("version"))
        parts = [part for part in self.items(top.get("outputs")) if isinstance(part, MappingNode)]
        if not name:
            raise RecipeError("package: name is missing", path=self.path)
        whole = self.output(top, {}, name.lower(), version or "", line=self.line(root))
        if not parts:
            yield whole
            return
        build = self.mapping(top.get("build"))
        runs = any(requirement.section == "run" for requirement in whole.requirements)
        read = [self.mapping(part) for part in parts]
        own = [(self.text(part.get("name")) or name).lower() for part in read]
        if whole.requirements:
            yield replace(whole, is_package=runs and name.lower() not in own)
        for part, fields, output_name in zip(parts, read, own, strict=True):
            output_version = self.text(fields.get("version")) or version or ""
            output = self.output(fields, build, output_name, output_version, line=self.line(part))
            if not output.sources:
                output = replace(output, sources=whole.sources)
            yield output

    def output(
        self, fields: Mapping[str, Node], common: Mapping[str, Node], name: str, version: str, *, line: int
    ) -> ReadOutput:
        build = {**common, **self.mapping(fields.get("build"))}
        skip, skip_line = self.skip(common.get("skip"), self.mapping(fields.get("build")).get("skip"))
        number = self.text(build.get("number"))
        noarch = self.text(build.get("noarch")) or self.text(fields.get("noarch"))
        return ReadOutput(
            name=name,
            version=version,
            build_number=0 if number is None else int(number) if number.isdigit() else None,
            build_string=self.text(build.get("string")),
            noarch="python" if noarch == "python" else "generic" if noarch in {"generic", "true", "True"} else None,
            skip=skip,
            skip_line=skip_line,
            requirements=tuple(self.requirements(fields)),
            run_exports=tuple(self.run_exports(build.get("run_exports"))),
            ignore_run_exports=self.names(build.get("ignore_run_exports")),
            ignore_run_exports_from=self.names(build.get("ignore_run_exports_from")),
            sources=tuple(self.sources(fields.get("source"))),
            line=line,
        )

    def skip(self, *values: Node | None) -> tuple[bool | None, int]:
        result: bool | None = False
        place = 0
        for node in values:
            if node is None:
                continue
            text = (self.text(node) or "").lower()
            condition = self.place(node).condition
            if text in {"true", "yes", "on", "1"}:
                if condition is None:
                    return True, self.line(node)
                result, place = None, self.line(node)
        return result, place

    def requirements(self, fields: Mapping[str, Node]) -> Iterator[ReadRequirement]:
        node = fields.get("requirements")
        if isinstance(node, (SequenceNode, ScalarNode)):
            yield from self.section(node, "run")
        for key, value in self.mapping(node).items():
            if key in _SECTIONS:
                yield from self.section(value, _SECTIONS[key])
        test = self.mapping(fields.get("test"))
        for key in ("requires", "requirements"):
            yield from self.section(test.get(key), "test")

    def section(self, node: Node | None, section: Section) -> Iterator[ReadRequirement]:
        for value in self.items(node):
            text = yamlnodes.scalar(value)
            if text is None:
                continue
            place = self.place(value)
            read = requirement(
                text, section=section, line=place.number, condition=place.condition, variant=self.variant
            )
            if read is not None:
                yield read

    def run_exports(self, node: Node | None) -> Iterator[ReadRunExport]:
        if isinstance(node, MappingNode):
            for key, value in self.mapping(node).items():
                if key in _STRENGTHS:
                    for read in self.section(value, "run"):
                        yield ReadRunExport(strength=cast("object", key), requirement=read)  # type: ignore[arg-type]
            return
        for read in self.section(node, "run"):
            yield ReadRunExport(strength="weak", requirement=read)

    def sources(self, node: Node | None) -> Iterator[ReadSource]:
        for value in self.items(node):
            fields = self.mapping(value)
            hashes = {key: fields.get(key) for key in ("sha256", "md5", "sha1")}
            patches = [self.text(patch) for patch in self.items(fields.get("patches"))]
            for url in self.items(fields.get("url")):
                yield ReadSource(
                    url=self.text(url),
                    **{key: self.text(node) for key, node in hashes.items()},
                    line=self.line(url),
                    entry=self.line(value),
                    unknown=any(marked(yamlnodes.scalar(node) or "") for node in (url, *hashes.values())),
                    patches=tuple(filter(None, patches)),
                )
            git = fields.get("git_url")
            if git is not None:
                rev = fields.get("git_tag") or fields.get("git_rev")
                yield ReadSource(
                    url=None,
                    sha256=None,
                    line=self.line(rev or git),
                    entry=self.line(value),
                    unknown=any(marked(yamlnodes.scalar(node) or "") for node in (git, rev)),
                    git=self.text(git),
                    rev=self.text(rev),
                    patches=tuple(filter(None, patches)),
                )

    def mapping(self, node: Node | None) -> dict[str, Node]:
        # The last of two equal keys counts, as in conda-build.
        return {key: value for key, _, value in yamlnodes.pairs(node)}

    def items(self, node: Node | None) -> list[Node]:
        if node is None:
            return []
        return list(node.value) if isinstance(node, SequenceNode) else [node]

    def names(self, node: Node | None) -> tuple[str, ...]:
        texts = [self.text(value) for value in self.items(node)]
        return tuple(re.split(r"[\s<>=!]", text)[0].lower() for text in texts if text)

    def text(self, node: Node | None) -> str | None:
        value = yamlnodes.scalar(node)
        return None if value is None else without_marks(value).strip()

    def place(self, node: Node) -> TemplateLine:
        index = yamlnodes.line_of(node) - 1
        return self.lines[index] if index < len(self.lines) else TemplateLine(0, None)

    def line(self, node: Node) -> int:
        return self.place(node).number
