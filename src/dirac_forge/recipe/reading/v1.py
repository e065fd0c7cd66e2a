"""recipe.yaml (format v1) as rattler-build reads it: YAML first, then conditions and `${{ }}` for each variant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Final, cast

from dirac_forge.recipe.platforms import platform_names
from dirac_forge.recipe.reading import yamlnodes
from dirac_forge.recipe.reading.expressions import braces, evaluate, expression_names
from dirac_forge.recipe.reading.functions import FUNCTIONS, called_names, functions, marked, requirement, without_marks
from dirac_forge.recipe.reading.pins import reached, with_pins
from dirac_forge.recipe.reading.recipe_text import (
    Kind,
    ReadOutput,
    ReadRequirement,
    ReadRunExport,
    ReadSource,
    RecipeError,
    RenderedRecipe,
    Section,
)
from dirac_forge.recipe.reading.templates import unknown_mark
from dirac_forge.recipe.reading.values import (
    Budget,
    EvaluationError,
    Function,
    Unknown,
    as_text,
    environment_value,
    merged,
    truth,
)
from dirac_forge.recipe.reading.yamlnodes import MappingNode, Node, ScalarNode, SequenceNode, YamlError, line_of

__all__ = ["RecipeV1"]

_WORD = re.compile(r"[A-Za-z_]\w*")
_QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")
_BARE = re.compile(r"^[ \t]*(?:-|(?:- )?then:|else:)[ \t]+([A-Za-z0-9_.-]+)[ \t]*(?:#.*)?$", re.MULTILINE)
_CONDITION = re.compile(r"^[ \t]*(?:- )?(?:if|skip):[ \t]*(\S.*)$", re.MULTILINE)
_SKIPS = re.compile(r"^([ \t]*)(?:skip|use_keys):[ \t]*\n((?:\1[ \t]*-.*\n)+)", re.MULTILINE)
_SECTIONS: Mapping[str, Section] = {
    "build": "build",
    "host": "host",
    "run": "run",
    "run_constraints": "run_constrained",
    "run_constrained": "run_constrained",
}
_STRENGTHS = {
    "strong": "strong",
    "weak": "weak",
    "noarch": "noarch",
    "strong_constraints": "strong_constrains",
    "weak_constraints": "weak_constrains",
    "strong_constrains": "strong_constrains",
    "weak_constrains": "weak_constrains",
}
_MAX_VALUES = 100_000


def _match(value: object, spec: object) -> object:
    if (unknown := merged(value, spec)) is not None:
        return unknown
    from rattler import Version, VersionSpec  # noqa: PLC0415  # 40 ms that few recipes need

    version = as_text(value).split(" ")[0].removesuffix(".*").removeprefix("==").removeprefix("=")
    try:
        return bool(VersionSpec(as_text(spec)).matches(Version(version)))
    except Exception as exc:  # rattler's errors share no base class
        raise EvaluationError(f"match({as_text(value)}, {as_text(spec)}): {exc}") from exc


_FUNCTIONS: Mapping[str, object] = {
    "match": Function(_match),
    "cmp": Function(_match),
    "env": {"get": Function(environment_value), "exists": Function(lambda name: Unknown((as_text(name),)))},
    "load_from_file": Function(lambda *_, **__: Unknown(("a file of the source",))),
    "git": {
        name: Function(lambda *_, **__: Unknown(("git",))) for name in ("head_rev", "latest_tag", "latest_tag_rev")
    },
    "true": True,
    "false": False,
    "True": True,
    "False": False,
    "None": None,
}


class RecipeV1:
    """A recipe.yaml; see `RecipeText`."""

    format: Final = "v1"

    def __init__(self, text: str, *, path: Path | str) -> None:
        self.text = text
        self.path = str(path)
        self._outputs: dict[object, tuple[ReadOutput, ...]] = {}

    @cached_property
    def _root(self) -> MappingNode:
        try:
            root = yamlnodes.compose(self.text)
        except YamlError as exc:
            raise RecipeError(exc.message, path=self.path, line=exc.line) from exc
        if not isinstance(root, MappingNode):
            raise RecipeError("a recipe is a mapping", path=self.path)
        seen: dict[str, int] = {}
        for key, node, _ in yamlnodes.pairs(root):
            if key in seen:
                raise RecipeError(f"{key} is there already in line {seen[key]}", path=self.path, line=line_of(node))
            seen[key] = line_of(node)
        return root

    @cached_property
    def names(self) -> frozenset[str]:
        """Every variable that conditions and templates read."""
        found = set(called_names(self.text))
        for _, _, expression in braces(self.text):
            found |= expression_names(expression)
        for match in _CONDITION.finditer(self.text):
            condition = match[1].partition(" #")[0].strip()
            found |= expression_names(condition.strip("\"'")) or set(_WORD.findall(condition))
        for match in _SKIPS.finditer(self.text):
            found.update(_WORD.findall(_QUOTED.sub("", match[2])))
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
        names: dict[str, object] = {**_FUNCTIONS, **{key: _typed(value) for key, value in values.items()}}
        names |= platform_names(platform, build_platform or platform)
        # Platforms and variants differ in few conditions: what comes out the same is read once.
        used = [(name, names[name]) for name in sorted(self.names) if name in names]
        key = (
            tuple((name, value) for name, value in used if isinstance(value, (str, int, bool))),
            reached(values, self.pinned),
            stubs or (platform if self.names & FUNCTIONS else ""),
        )
        if key not in self._outputs:
            names |= functions("", {}, stubs=True) if stubs else functions(platform, values)
            try:
                self._outputs[key] = with_pins(tuple(_Reader(self.path, names, values).outputs(self._root)))
            except YamlError as exc:
                raise RecipeError(exc.message, path=self.path, line=exc.line) from exc
        return RenderedRecipe(path=self.path, format="v1", platform=platform, outputs=self._outputs[key])


def _typed(text: str) -> object:
    """A variant's value as rattler-build has it in conditions: booleans as such, all else as text."""
    return {"true": True, "false": False}.get(text.lower(), text)


class _Reader:
    """Reads the nodes of one recipe.yaml for one platform and variant."""

    def __init__(self, path: str, names: dict[str, object], variant: Mapping[str, str]) -> None:
        self.path = path
        self.names = names
        self.variant = variant
        self.budget = Budget()
        self.values = 0

    def outputs(self, root: MappingNode) -> Iterator[ReadOutput]:
        top = self.mapping(root)
        for key, _, value in yamlnodes.pairs(top.get("context")):
            self.names[key] = self.context(value)
        package = self.mapping(top.get("recipe") or top.get("package"))
        version = self.text(package.get("version")) or ""
        build = self.mapping(top.get("build"))
        if "outputs" not in top:
            name = self.text(package.get("name"))
            if not name:
                raise RecipeError("package: name is missing", path=self.path)
            yield self.output(top, {}, name.lower(), version, line=line_of(root))
            return
        sources = tuple(self.sources(top.get("source")))
        staged: dict[str, ReadOutput] = {}
        for part, _ in self.items(top["outputs"]):
            fields = self.mapping(part)
            staging = self.mapping(fields.get("staging"))
            own = staging or self.mapping(fields.get("package"))
            name = (self.text(own.get("name")) or "").lower()
            output = self.output(fields, build, name, self.text(own.get("version")) or version, line=line_of(part))
            output = output if output.sources else replace(output, sources=sources)
            if staging:
                staged[name] = output
                yield replace(output, is_package=False)
            else:
                yield self.inherited(output, fields, staged)

    def inherited(self, output: ReadOutput, fields: Mapping[str, Node], staged: Mapping[str, ReadOutput]) -> ReadOutput:
        """An output with what it inherits of a staging output: its build and host requirements."""
        node = fields.get("inherit")
        source = self.text(node) or self.text(self.mapping(node).get("from"))
        if not source or source.lower() not in staged:
            return output
        common = staged[source.lower()]
        taken = tuple(need for need in common.requirements if need.section in {"build", "host"})
        return replace(output, requirements=(*taken, *output.requirements))

    def output(
        self, fields: Mapping[str, Node], common: Mapping[str, Node], name: str, version: str, *, line: int
    ) -> ReadOutput:
        own = self.mapping(fields.get("build"))
        build = {**common, **own}
        number = self.text(build.get("number"))
        noarch = self.text(build.get("noarch"))
        requirements = self.mapping(fields.get("requirements"))
        ignored = self.mapping(requirements.get("ignore_run_exports"))
        skips = [node for node in (common.get("skip"), own.get("skip")) if node is not None]
        skip, skip_line = self.skip(skips)
        return ReadOutput(
            name=name,
            version=version,
            build_number=0 if number is None else int(number) if number.isdigit() else None,
            build_string=self.text(build.get("string")),
            noarch="python" if noarch == "python" else "generic" if noarch == "generic" else None,
            skip=skip,
            skip_line=skip_line,
            requirements=tuple(self.requirements(requirements, fields.get("tests"))),
            run_exports=tuple(self.run_exports(requirements.get("run_exports"))),
            ignore_run_exports=self.ignored(ignored.get("by_name")),
            ignore_run_exports_from=self.ignored(ignored.get("from_package")),
            sources=tuple(self.sources(fields.get("source"))),
            line=line,
        )

    def skip(self, nodes: list[Node]) -> tuple[bool | None, int]:
        """Any of the conditions: one that holds skips."""
        result: bool | None = False
        place = 0
        for node in nodes:
            for value, condition in self.items(node):
                holds = self.condition(value)
                if holds is True and condition is None:
                    return True, line_of(value)
                if holds is not False:
                    result, place = None, line_of(value)
        return result, place

    def requirements(self, sections: Mapping[str, Node], tests: Node | None) -> Iterator[ReadRequirement]:
        for key, node in sections.items():
            if key in _SECTIONS:
                yield from self.section(node, _SECTIONS[key], None)
        for test, condition in self.items(tests):
            fields = self.mapping(test)
            needs = self.mapping(fields.get("requirements"))
            for key in ("run", "build"):
                yield from self.section(needs.get(key), "test", condition)
            if "python" in fields and self.truth(self.mapping(fields["python"]).get("pip_check")) is not False:
                # rattler-build runs `pip check` unless told not to, and installs pip for it.
                yield ReadRequirement(section="test", name="pip", text="pip", line=line_of(test), condition=condition)

    def section(self, node: Node | None, section: Section, outer: str | None) -> Iterator[ReadRequirement]:
        for value, condition in self.items(node):
            if isinstance(value, MappingNode):
                read = self.pin(value, section, condition or outer)
            else:
                read = requirement(
                    self.marked(value) or "",
                    section=section,
                    line=line_of(value),
                    condition=condition or outer,
                    variant=self.variant,
                )
            if read is not None:
                yield read

    def pin(self, node: MappingNode, section: Section, condition: str | None) -> ReadRequirement | None:
        """A pin written as a mapping: `pin_subpackage: {name: x, upper_bound: x.x}`."""
        for key, value in self.mapping(node).items():
            if key in {"pin_subpackage", "pin_compatible"}:
                fields = {name: self.text(part) or "" for name, part in self.mapping(value).items()}
                name = (fields.pop("name", None) or self.text(value) or "").lower()
                return ReadRequirement(
                    section=section,
                    name=name,
                    text=name,
                    line=line_of(value),
                    kind=cast("Kind", key),
                    pin=fields,
                    condition=condition,
                )
        return None

    def run_exports(self, node: Node | None) -> Iterator[ReadRunExport]:
        if isinstance(node, MappingNode):
            for key, value in self.mapping(node).items():
                if key in _STRENGTHS:
                    for read in self.section(value, "run", None):
                        yield ReadRunExport(strength=_STRENGTHS[key], requirement=read)  # type: ignore[arg-type]
            return
        for read in self.section(node, "run", None):
            yield ReadRunExport(strength="weak", requirement=read)

    def sources(self, node: Node | None) -> Iterator[ReadSource]:
        for value, _ in self.items(node):
            fields = self.mapping(value)
            hashes = {key: fields.get(key) for key in ("sha256", "md5", "sha1")}
            patches = [self.text(patch) for patch, _ in self.items(fields.get("patches"))]
            for url, _ in self.items(fields.get("url")):
                texts = (self.marked(node) for node in (url, *hashes.values()) if node is not None)
                yield ReadSource(
                    url=self.text(url),
                    **{key: self.text(node) for key, node in hashes.items()},
                    line=line_of(url),
                    entry=line_of(value),
                    unknown=any(marked(text or "") for text in texts),
                    patches=tuple(filter(None, patches)),
                )
            git = fields.get("git")
            if git is not None:
                rev = fields.get("tag") or fields.get("rev")
                texts = (self.marked(node) for node in (git, rev) if node is not None)
                yield ReadSource(
                    url=None,
                    sha256=None,
                    line=line_of(rev or git),
                    entry=line_of(value),
                    unknown=any(marked(text or "") for text in texts),
                    git=self.text(git),
                    rev=self.text(rev),
                    patches=tuple(filter(None, patches)),
                )

    def ignored(self, node: Node | None) -> tuple[str, ...]:
        texts = [self.text(value) for value, _ in self.items(node)]
        return tuple(re.split(r"[\s<>=!]", text)[0].lower() for text in texts if text)

    def mapping(self, node: Node | None) -> dict[str, Node]:
        return {key: value for key, _, value in yamlnodes.pairs(node)}

    def items(self, node: Node | None, outer: str | None = None, depth: int = 0) -> Iterator[tuple[Node, str | None]]:
        """The values of a list (or a single value), conditions resolved; with each the test that isn't decided."""
        self.values += 1
        if self.values > _MAX_VALUES or depth > 40:
            raise RecipeError(
                "aliases make the recipe far larger than it is", path=self.path, line=line_of(node) if node else 0
            )
        if node is None or (isinstance(node, ScalarNode) and yamlnodes.scalar(node) is None):
            return
        if isinstance(node, SequenceNode):
            for value in node.value:
                yield from self.items(value, outer, depth + 1)
            return
        fields = self.mapping(node) if isinstance(node, MappingNode) else {}
        if "if" not in fields:
            yield node, outer
            return
        holds = self.condition(fields["if"])
        test = yamlnodes.scalar(fields["if"]) or ""
        for key, decided, text in (("then", True, test), ("else", False, f"not ({test})")):
            if key in fields and holds is not (not decided):
                open_test = text if isinstance(holds, Unknown) else None
                both = " and ".join(part for part in (outer, open_test) if part)
                yield from self.items(fields[key], both or None, depth + 1)

    def condition(self, node: Node) -> bool | Unknown:
        """An expression without braces, as after `if` and `skip`."""
        text = yamlnodes.scalar(node)
        if text is None:
            return False
        value = self.template(text, node) if "${{" in text else self.evaluate(text, node)
        if isinstance(value, str) and value.lower() in {"true", "false"}:
            value = value.lower() == "true"
        return truth(value)

    def truth(self, node: Node | None) -> bool | Unknown | None:
        return None if node is None else self.condition(node)

    def context(self, node: Node) -> object:
        if isinstance(node, SequenceNode):
            return [self.context(value) for value, _ in self.items(node)]
        if isinstance(node, MappingNode):
            chosen = [self.context(value) for value, _ in self.items(node)] if "if" in self.mapping(node) else []
            return chosen[0] if chosen else Unknown(("a mapping",))
        text = yamlnodes.scalar(node)
        if text is None:
            return None
        return self.template(text, node) if "${{" in text else yamlnodes.typed_scalar(node, text)

    def evaluate(self, text: str, node: Node) -> object:
        try:
            return evaluate(text, self.names, self.budget)
        except EvaluationError as exc:
            raise RecipeError(str(exc), path=self.path, line=line_of(node)) from exc

    def template(self, text: str, node: Node) -> object:
        """The value of a text with `${{ }}` in it; a single expression keeps its type."""
        found = list(braces(text))
        if len(found) == 1 and not text[: found[0][0]].strip() and not text[found[0][1] :].strip():
            return self.evaluate(found[0][2], node)
        parts: list[str] = []
        position = 0
        for start, end, expression in found:
            value = self.evaluate(expression, node)
            shown = unknown_mark(value) if isinstance(value, Unknown) else as_text(value)
            parts += [text[position:start], shown]
            position = end
        return "".join([*parts, text[position:]])

    def marked(self, node: Node) -> str | None:
        text = yamlnodes.scalar(node)
        if text is None or "${{" not in text:
            return text
        value = self.template(text, node)
        return unknown_mark(value) if isinstance(value, Unknown) else as_text(value)

    def text(self, node: Node | None) -> str | None:
        if node is None:
            return None
        if isinstance(node, MappingNode):
            chosen = [self.text(value) for value, _ in self.items(node)] if "if" in self.mapping(node) else []
            return chosen[0] if chosen else None
        text = self.marked(node)
        return None if text is None else without_marks(text).strip()
