"""recipe.yaml (format v1) as rattler-build reads it: YAML first, then conditions and `${{ }}` for each variant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import ClassVar, cast

from dirac_forge.recipe.platforms import platform_names
from dirac_forge.recipe.reading import yamlnodes
from dirac_forge.recipe.reading.expressions import braces, evaluate
from dirac_forge.recipe.reading.outlines import CachedRecipe, OutlineReader, with_common_sources
from dirac_forge.recipe.reading.recipe_text import Kind, Mistake, ReadOutput, ReadRequirement, RecipeError, Section
from dirac_forge.recipe.reading.schema import unclosed, unfit_v1
from dirac_forge.recipe.reading.templates import unknown_mark
from dirac_forge.recipe.reading.used_names import evaluated, pinned, variables
from dirac_forge.recipe.reading.values import (
    Budget,
    EvaluationError,
    Function,
    Unknown,
    as_text,
    environment_value,
    limited_text,
    merged,
    truth,
)
from dirac_forge.recipe.reading.yamlnodes import MappingNode, Node, SequenceNode, YamlError, line_of

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


class RecipeV1(CachedRecipe):
    """A recipe.yaml; see `RecipeText`."""

    format = "v1"

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
                raise RecipeError(f"{key} is already in line {seen[key]}", path=self.path, line=line_of(node))
            seen[key] = line_of(node)
        return root

    @cached_property
    def names(self) -> frozenset[str]:
        """Every variable that conditions and templates read."""
        return variables(self._root)

    @cached_property
    def pinned(self) -> frozenset[str]:
        """Packages that pins reach; see `RecipeText`."""
        return pinned(self._root)

    @cached_property
    def given(self) -> frozenset[str]:
        """What every recipe.yaml may read or call; rattler-build knows the hash of the variant once it has rendered."""
        return super().given | {"hash"}

    @property
    def _template_names(self) -> frozenset[str]:
        return self.names

    @cached_property
    def definitions(self) -> tuple[frozenset[str], frozenset[str]]:
        """Return the names in `${{ }}` and in conditions, and those of `context`."""
        context = next((value for key, _, value in yamlnodes.pairs(self._root) if key == "context"), None)
        return evaluated(self._root), frozenset(key for key, _, _ in yamlnodes.pairs(context))

    @cached_property
    def unbuildable(self) -> tuple[Mistake, ...]:
        """What rattler-build refuses."""
        return (*unclosed(self.text), *unfit_v1(self._root))

    def _scope(self, platform: str, build_platform: str, variant: Mapping[str, str]) -> dict[str, object]:
        typed = {key: _BOOLEANS.get(value, value) for key, value in variant.items()}
        return {**_FUNCTIONS, **typed, **platform_names(platform, build_platform)}

    def _read(
        self, text: str, perhaps: Mapping[int, str], scope: dict[str, object], variant: Mapping[str, str]
    ) -> Iterator[ReadOutput]:
        del text, perhaps  # conditions are decided node by node
        return _Reader(self.path, variant, scope).outputs(self._root)


_BOOLEANS: Mapping[str, object] = {
    spelled: value
    for text, value in (("true", True), ("false", False))
    for spelled in (text, text.capitalize(), text.upper())
}
"""A variant's values as rattler-build has them in conditions: booleans as such, everything else as text."""


class _Reader(OutlineReader):
    """Reads the nodes of one recipe.yaml for one platform and variant."""

    sections: ClassVar = {
        "build": "build",
        "host": "host",
        "run": "run",
        "run_constraints": "run_constrained",
        "run_constrained": "run_constrained",
    }
    git = ("git", "tag", "rev")
    exports_in = "requirements"

    def __init__(self, path: str, variant: Mapping[str, str], names: dict[str, object]) -> None:
        super().__init__(path, variant)
        self.scope = names
        self.budget = Budget()
        self.values = 0

    def outputs(self, root: MappingNode) -> Iterator[ReadOutput]:
        top = self.mapping(root)
        for key, _, value in yamlnodes.pairs(top.get("context")):
            self.scope[key] = self.context(value)
        package = self.mapping(top.get("recipe") or top.get("package"))
        common = package.get("version")
        if "outputs" in top:
            yield from self.several(top, common)
            return
        name = self.package_name(package.get("name"), self.path)
        output = self.output(top, {}, name.lower(), self.text(common) or "", line=line_of(root))
        yield self.versioned(output, common)

    def several(self, top: Mapping[str, Node], common: Node | None) -> Iterator[ReadOutput]:
        build = self.mapping(top.get("build"))
        sources = tuple(self.sources(top.get("source")))
        cached = tuple(self.sources(self.mapping(top.get("cache")).get("source")))
        staged: dict[str, ReadOutput] = {}
        for part, _ in self.items(top["outputs"]):
            fields = self.mapping(part)
            staging = self.mapping(fields.get("staging"))
            own = staging or self.mapping(fields.get("package"))
            name = (self.text(own.get("name")) or "").lower()
            version = self.own_or(own.get("version"), common)
            output = self.output(fields, build, name, self.text(version) or "", line=line_of(part))
            output = with_common_sources(self.versioned(output, version), sources)
            output = replace(output, common_sources=(*output.common_sources, *cached))
            if staging:
                staged[name] = output
                yield replace(output, is_package=False)
            else:
                yield self.inherited(output, fields, staged)

    def inherited(self, output: ReadOutput, fields: Mapping[str, Node], staged: Mapping[str, ReadOutput]) -> ReadOutput:
        """Return an output with what it inherits of a staging output: its build and host requirements."""
        node = fields.get("inherit")
        source = self.text(node) or self.text(self.mapping(node).get("from"))
        if not source or source.lower() not in staged:
            return output
        common = staged[source.lower()]
        taken = tuple(need for need in common.requirements if need.section in {"build", "host"})
        return replace(output, requirements=(*taken, *output.requirements))

    def skip(self, values: list[Node]) -> tuple[bool | None, int]:
        """Whether any of the conditions holds: one is enough to skip."""
        result: bool | None = False
        place = 0
        for value, condition in (pair for node in values for pair in self.items(node)):
            holds = self.condition(value)
            if holds is True and condition is None:
                return True, line_of(value)
            if holds is not False:
                result, place = None, line_of(value)
        return result, place

    def test_requirements(self, fields: Mapping[str, Node]) -> Iterator[ReadRequirement]:
        for test, condition in self.items(fields.get("tests")):
            parts = self.mapping(test)
            needs = self.mapping(parts.get("requirements"))
            for key in ("run", "build"):
                yield from self.section(needs.get(key), "test", condition)
            if "python" in parts and self.truth(self.mapping(parts["python"]).get("pip_check")) is not False:
                # rattler-build runs `pip check` unless told not to, and installs pip for it.
                yield ReadRequirement(section="test", name="pip", text="pip", line=line_of(test), condition=condition)

    def requirement(self, node: Node, section: Section, condition: str | None) -> ReadRequirement | None:
        if isinstance(node, MappingNode):
            return self.pin(node, section, condition)
        return super().requirement(node, section, condition)

    def pin(self, node: MappingNode, section: Section, condition: str | None) -> ReadRequirement | None:
        """Return a pin written as a mapping: `pin_subpackage: {name: x, upper_bound: x.x}`."""
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

    def line(self, node: Node) -> int:
        return line_of(node)

    def items(self, node: Node | None) -> Iterator[tuple[Node, str | None]]:
        """Return the values of a list or a single value, conditions resolved, each with its undecided test."""
        return self.chosen(node, None, 0)

    def chosen(self, node: Node | None, outer: str | None, depth: int) -> Iterator[tuple[Node, str | None]]:
        self._count(node, depth)
        if isinstance(node, SequenceNode):
            for value in node.value:
                yield from self.chosen(value, outer, depth + 1)
        elif isinstance(node, MappingNode) and "if" in (fields := self.mapping(node)):
            for branch, test in self.branches(fields):
                both = " and ".join(filter(None, (outer, test)))
                yield from self.chosen(branch, both or None, depth + 1)
        elif isinstance(node, MappingNode) or yamlnodes.scalar(node) is not None:
            yield cast("Node", node), outer

    def _count(self, node: Node | None, depth: int) -> None:
        """Raise RecipeError if aliases make a few lines into too many values."""
        self.values += 1
        if self.values > _MAX_VALUES or depth > 40:
            raise RecipeError(
                "aliases expand the recipe beyond the limit", path=self.path, line=line_of(node) if node else 0
            )

    def branches(self, fields: Mapping[str, Node]) -> Iterator[tuple[Node, str | None]]:
        """Yield the branches of an `if` that may be taken, each with its test where that is not decided."""
        holds = self.condition(fields["if"])
        test = yamlnodes.scalar(fields["if"]) or ""
        if "then" in fields and holds is not False:
            yield fields["then"], test if isinstance(holds, Unknown) else None
        if "else" in fields and holds is not True:
            yield fields["else"], f"not ({test})" if isinstance(holds, Unknown) else None

    def condition(self, node: Node) -> bool | Unknown:
        """Evaluate an expression without braces, such as those after `if` and `skip`."""
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
            return evaluate(text, self.scope, self.budget)
        except EvaluationError as exc:
            raise RecipeError(str(exc), path=self.path, line=line_of(node)) from exc

    def template(self, text: str, node: Node) -> object:
        """Return the value of a text with `${{ }}` in it; a single expression keeps its type."""
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
        try:
            return limited_text("".join([*parts, text[position:]]))
        except EvaluationError as exc:
            raise RecipeError(str(exc), path=self.path, line=line_of(node)) from exc

    def marked(self, node: Node | None) -> str | None:
        text = yamlnodes.scalar(node)
        if text is None or "${{" not in text:
            return text
        value = self.template(text, cast("Node", node))
        return unknown_mark(value) if isinstance(value, Unknown) else as_text(value)

    def text(self, node: Node | None) -> str | None:
        if isinstance(node, MappingNode):
            chosen = [self.text(value) for value, _ in self.items(node)] if "if" in self.mapping(node) else []
            return chosen[0] if chosen else None
        return super().text(node)
