"""What both formats share: rendering with memory, and the outline of an output as YAML nodes."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Literal, cast

from dirac_forge.recipe.reading.expressions import GLOBALS
from dirac_forge.recipe.reading.functions import (
    FUNCTIONS,
    functions,
    marked,
    requirement,
    undefined_in,
    without_marks,
)
from dirac_forge.recipe.reading.pins import reached, with_pins
from dirac_forge.recipe.reading.recipe_text import (
    FILE_HASHES,
    HASH_KEY,
    Format,
    Mistake,
    OtherHash,
    ReadOutput,
    ReadRequirement,
    ReadRunExport,
    ReadSource,
    RecipeError,
    RenderedRecipe,
    Section,
)
from dirac_forge.recipe.reading.yamlnodes import MappingNode, Node, YamlError, pairs
from dirac_forge.untrusted import parse_whole_number

_STRENGTHS: Mapping[str, str] = {
    "strong": "strong",
    "weak": "weak",
    "noarch": "noarch",
    "strong_constraints": "strong_constrains",
    "weak_constraints": "weak_constrains",
    "strong_constrains": "strong_constrains",
    "weak_constrains": "weak_constrains",
}
_HASHES = ("sha256", "md5", "sha1")
_NAME_END = re.compile(r"[\s<>=!]")


class CachedRecipe(ABC):
    """A recipe's text; renderings that come out the same are read once, because platforms differ in few lines."""

    format: Format

    def __init__(self, text: str, *, path: Path | str) -> None:
        self.text = text
        self.path = str(path)
        self._outputs: dict[Hashable, tuple[ReadOutput, ...]] = {}

    @cached_property
    @abstractmethod
    def names(self) -> frozenset[str]:
        """Every variable that selectors, conditions and templates read."""

    @cached_property
    @abstractmethod
    def _template_names(self) -> frozenset[str]:
        """The variables that the document depends on once its lines are selected."""

    @cached_property
    @abstractmethod
    def pinned(self) -> frozenset[str]:
        """Packages that pins reach; see `RecipeText`."""

    @abstractmethod
    def _scope(self, platform: str, build_platform: str, variant: Mapping[str, str]) -> dict[str, object]:
        """Return the variables of selectors, conditions and templates."""

    @cached_property
    def given(self) -> frozenset[str]:
        """What every recipe of the format may read or call: functions, the platform, what Jinja has."""
        return frozenset({*self._scope("linux-64", "linux-64", {}), *functions("linux-64", {}), *GLOBALS})

    @cached_property
    @abstractmethod
    def definitions(self) -> tuple[frozenset[str], frozenset[str]]:
        """The names that templates read, and those that the recipe defines itself; raises RecipeError."""

    @cached_property
    @abstractmethod
    def unbuildable(self) -> tuple[Mistake, ...]:
        """The keys and values that a build refuses; raises RecipeError."""

    def _selected(self, scope: Mapping[str, object]) -> tuple[str, Mapping[int, str]]:
        """Return the text to read, and the lines (from 0) that have a condition."""
        del scope
        return self.text, {}

    @abstractmethod
    def _read(
        self, text: str, perhaps: Mapping[int, str], scope: dict[str, object], variant: Mapping[str, str]
    ) -> Iterator[ReadOutput]:
        """Return the outputs of a selected text."""

    def render(
        self,
        *,
        platform: str,
        variant: Mapping[str, str] | None = None,
        build_platform: str | None = None,
        stubs: bool = False,
    ) -> RenderedRecipe:
        """Return the recipe for one platform and variant; see `RecipeText`. Raises RecipeError."""
        values = dict(variant or {})
        scope = self._scope(platform, build_platform or values.get("build_platform") or platform, values)
        text, perhaps = self._selected(scope)
        key = (
            text,
            tuple(perhaps.items()),
            self._used(scope),
            reached(values, self.pinned),
            stubs or (platform if self._template_names & FUNCTIONS else ""),
        )
        if key not in self._outputs:
            scope |= functions("", {}, stubs=True) if stubs else functions(platform, values)
            try:
                self._outputs[key] = with_pins(tuple(self._read(text, perhaps, scope, values)))
            except YamlError as exc:
                raise RecipeError(exc.message, path=self.path, line=exc.line) from exc
        return RenderedRecipe(path=self.path, format=self.format, platform=platform, outputs=self._outputs[key])

    def _used(self, scope: Mapping[str, object]) -> tuple[tuple[str, object], ...]:
        """Return the names of a scope that templates use, by name, with their values."""
        used = ((name, scope[name]) for name in sorted(self._template_names) if name in scope)
        return tuple((name, value) for name, value in used if isinstance(value, (str, int, bool)))


def with_common_sources(output: ReadOutput, sources: tuple[ReadSource, ...]) -> ReadOutput:
    """Return an output with the sources at the top of the recipe: they are its own where it names none."""
    return replace(output, common_sources=sources) if output.sources else replace(output, sources=sources)


class OutlineReader(ABC):
    """Reads the outputs of one recipe; a format says how its nodes are selected and rendered."""

    sections: ClassVar[Mapping[str, Section]]
    """Key of `requirements` to section."""
    git: ClassVar[tuple[str, ...]]
    """Key of a repository, then those of a tag or commit."""
    exports_in: ClassVar[Literal["build", "requirements"]]
    """The key that run_exports and those to ignore are under."""

    def __init__(self, path: str, variant: Mapping[str, str]) -> None:
        self.path = path
        self.variant = variant

    @abstractmethod
    def items(self, node: Node | None) -> Iterator[tuple[Node, str | None]]:
        """Return the values of a list (or a single value), each with the tests that are not decided."""

    @abstractmethod
    def marked(self, node: Node | None) -> str | None:
        """Return the text of a scalar with the marks of calls and Unknowns, None if there is none."""

    @abstractmethod
    def line(self, node: Node) -> int:
        """Return the line of a node in the file, from 1."""

    @abstractmethod
    def skip(self, values: list[Node]) -> tuple[bool | None, int]:
        """Whether any of the values skips the output, and the line of that value."""

    @abstractmethod
    def test_requirements(self, fields: Mapping[str, Node]) -> Iterator[ReadRequirement]:
        """Return the requirements of an output's tests."""

    def mapping(self, node: Node | None) -> dict[str, Node]:
        """Return the fields of a mapping; the last of two equal keys counts, as in conda-build."""
        return {key: value for key, _, value in pairs(node)}

    def text(self, node: Node | None) -> str | None:
        """Return the text of a scalar without marks."""
        value = self.marked(node)
        return None if value is None else without_marks(value).strip()

    def versioned(self, output: ReadOutput, node: Node | None) -> ReadOutput:
        """Return an output with the place of its version and with what is undefined in it."""
        if node is None:
            return output
        return replace(output, version_line=self.line(node), version_unknown=undefined_in(self.marked(node) or ""))

    def own_or(self, own: Node | None, common: Node | None) -> Node | None:
        """Return the version of an output, that of the recipe where it has none; an undefined one is its own."""
        return common if self.text(own) is None else own

    def package_name(self, node: Node | None, path: str) -> str:
        """Return the name of the recipe's package; raises RecipeError if there is none, or it can't be known."""
        text = self.marked(node) or ""
        name = without_marks(text).strip()
        if not name and node is not None and (undefined := undefined_in(text)):
            problem = (
                f"package: the name is made from {', '.join(undefined)}, which nothing defines: define it in the "
                "recipe, in conda_build_config.yaml or in variants.yaml"
            )
            raise RecipeError(problem, path=path, line=self.line(node))
        if not name:
            raise RecipeError("package: name is missing", path=path)
        return name

    def output(
        self, fields: Mapping[str, Node], common: Mapping[str, Node], name: str, version: str, *, line: int
    ) -> ReadOutput:
        """Return one output; `common` is the recipe's own `build`."""
        own = self.mapping(fields.get("build"))
        build = {**common, **own}
        number = self.text(build.get("number"))
        skip, skip_line = self.skip([node for node in (common.get("skip"), own.get("skip")) if node is not None])
        exports = build if self.exports_in == "build" else self.mapping(fields.get("requirements"))
        ignored = exports.get("ignore_run_exports")
        by_key = self.mapping(ignored)
        return ReadOutput(
            name=name,
            version=version,
            build_number=0 if number is None else parse_whole_number(number),
            number_line=0 if number is None else self.line(build["number"]),
            build_string=self.text(build.get("string")),
            noarch=_noarch(self.text(build.get("noarch")) or self.text(fields.get("noarch"))),
            version_independent=self._version_independent(build),
            skip=skip,
            skip_line=skip_line,
            requirements=(*self.requirements(fields.get("requirements")), *self.test_requirements(fields)),
            run_exports=tuple(self.run_exports(exports.get("run_exports"))),
            ignore_run_exports=self.names(by_key.get("by_name") if by_key else ignored),
            ignore_run_exports_from=self.names(by_key.get("from_package") or exports.get("ignore_run_exports_from")),
            sources=tuple(self.sources(fields.get("source"))),
            line=line,
        )

    def _version_independent(self, build: Mapping[str, Node]) -> bool:
        """Whether one build serves all Pythons, as far as the recipe says; an undefined variable may be true."""
        nodes = (build.get("python_version_independent"), self.mapping(build.get("python")).get("version_independent"))
        return any(node is not None and (self.text(node) or "").lower() != "false" for node in nodes)

    def requirements(self, node: Node | None) -> Iterator[ReadRequirement]:
        """Yield the requirements of all sections; a plain list is `run`."""
        if node is not None and not isinstance(node, MappingNode):
            yield from self.section(node, "run")
        for key, value in self.mapping(node).items():
            if key in self.sections:
                yield from self.section(value, self.sections[key])

    def section(self, node: Node | None, section: Section, outer: str | None = None) -> Iterator[ReadRequirement]:
        """Yield the requirements of one section."""
        for value, condition in self.items(node):
            if (read := self.requirement(value, section, condition or outer)) is not None:
                yield read

    def requirement(self, node: Node, section: Section, condition: str | None) -> ReadRequirement | None:
        """Return one requirement, None for an empty one."""
        text = self.marked(node)
        if text is None:
            return None
        return requirement(text, section=section, line=self.line(node), condition=condition, variant=self.variant)

    def run_exports(self, node: Node | None) -> Iterator[ReadRunExport]:
        """Yield what the output adds to its users; a plain list is weak."""
        strengths = self.mapping(node).items() if isinstance(node, MappingNode) else ()
        for key, value in strengths:
            if key in _STRENGTHS:
                for read in self.section(value, "run"):
                    yield ReadRunExport(strength=cast("Literal['weak']", _STRENGTHS[key]), requirement=read)
        if not isinstance(node, MappingNode):
            for read in self.section(node, "run"):
                yield ReadRunExport(strength="weak", requirement=read)

    def sources(self, node: Node | None) -> Iterator[ReadSource]:
        """Yield every URL and repository; those of paths and the like are left out."""
        for value, _ in self.items(node):
            fields = self.mapping(value)
            hashes = {key: fields.get(key) for key in _HASHES}
            patches = (self.text(patch) for patch, _ in self.items(fields.get("patches")))
            common = ReadSource(
                url=None,
                sha256=None,
                line=0,
                entry=self.line(value),
                other_hashes=tuple(self.other_hashes(fields)),
                patches=tuple(filter(None, patches)),
                folder=(self.text(fields.get("folder") or fields.get("target_directory")) or "").strip("/"),
            )
            for url, _ in self.items(fields.get("url")):
                yield replace(
                    common,
                    url=self.text(url),
                    sha256=self.text(hashes["sha256"]),
                    md5=self.text(hashes["md5"]),
                    sha1=self.text(hashes["sha1"]),
                    line=self.line(url),
                    unknown=self.any_marked(url, *(fields.get(key) for key in FILE_HASHES)),
                )
            repository, *revisions = self.git
            if (git := fields.get(repository)) is not None:
                rev = next((fields[key] for key in revisions if key in fields), None)
                yield replace(
                    common,
                    line=self.line(rev or git),
                    unknown=self.any_marked(git, rev),
                    git=self.text(git),
                    rev=self.text(rev),
                )

    def other_hashes(self, fields: Mapping[str, Node]) -> Iterator[OtherHash]:
        """Yield the hashes of a source other than the usual ones."""
        for key, node in fields.items():
            if HASH_KEY.fullmatch(key) and key not in _HASHES:
                yield OtherHash(key=key, value=self.text(node) or "", line=self.line(node))

    def any_marked(self, *nodes: Node | None) -> bool:
        """Whether a call or an Unknown is in one of the texts."""
        return any(marked(self.marked(node) or "") for node in nodes)

    def names(self, node: Node | None) -> tuple[str, ...]:
        """Return the package names of a list of specs."""
        texts = (self.text(value) for value, _ in self.items(node))
        return tuple(_NAME_END.split(text)[0].lower() for text in texts if text)


def _noarch(text: str | None) -> Literal["python", "generic"] | None:
    match text:
        case "python":
            return "python"
        case "generic" | "true" | "True":
            return "generic"
        case _:
            return None
