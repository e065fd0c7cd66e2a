"""The requirement lines of a recipe: what each says, and where it stands in the text."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple

from packaging.utils import canonicalize_name

from dirac_forge.recipe.reading.recipe_text import ReadOutput, ReadRequirement, RecipeText, Section
from dirac_forge.values import dataclass

PLATFORMS = (
    ("linux-64", "linux-64"),
    ("linux-aarch64", "linux-64"),
    ("osx-64", "osx-64"),
    ("osx-arm64", "osx-64"),
    ("win-64", "win-64"),
)
"""Target and build platform: together they see the lines of all systems, and those for cross-compiling."""
_ITEM = re.compile(
    r"(?P<lead>\s*(?:-\s+)?(?:(?:then|else):\s*)?(?:-\s+)?(?P<quote>[\"']?))"
    r"(?P<name>[A-Za-z0-9_][\w.-]*(?=[\s<>=!~\"'#]|$))(?P<gap>[ \t]*)(?P<spec>[^#\"']*?)(?P<tail>(?P=quote)\s*(?:#.*)?)"
)


_key = lru_cache(maxsize=10_000)(canonicalize_name)  # each line is compared with each requirement


@dataclass(frozen=True, kw_only=True, slots=True)
class RequirementLine:
    """One requirement line, as some platform has it."""

    section: Section
    name: str
    """The package; lower case."""
    spec: str
    """Rendered."""
    number: int
    """In the file, from 1."""
    raw: str
    """The file's line, without its end."""
    kind: str
    conditional: bool
    """Whether it holds on some platforms or Pythons only."""
    dead: bool = False
    """Whether it holds for no Python that there are builds for."""

    @property
    def key(self) -> str:
        """The name in which `_`, `-` and `.` are one."""
        return _key(self.name)

    @property
    def written(self) -> str:
        """The line without its comment."""
        return self.raw.partition("#")[0]

    @property
    def template(self) -> bool:
        """Whether the line is made from variables."""
        return "{{" in self.raw


@dataclass(frozen=True, kw_only=True, slots=True)
class Unpacked:
    """A source: the URLs of the file, and the folder that it is unpacked in."""

    urls: tuple[str, ...]
    folder: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputLines:
    """An output and its requirement lines, over all platforms."""

    output: ReadOutput
    lines: tuple[RequirementLine, ...]
    sources: tuple[str, ...] = ()
    """URLs, over all platforms."""
    unpacked: tuple[Unpacked, ...] = ()
    """Where each of the sources is unpacked."""

    @property
    def pythons(self) -> list[RequirementLine]:
        """Those that say which Python builds and runs the output, in the file's order."""
        return [line for line in self.lines if line.key == "python" and line.section in {"build", "host", "run"}]

    def of(self, section: Section) -> tuple[RequirementLine, ...]:
        """Return those of one section, in the file's order."""
        return tuple(line for line in self.lines if line.section == section)

    def named(self, keys: Collection[str], sections: Iterable[Section] = ("run",)) -> list[RequirementLine]:
        """Return those of some sections that are for a package or project with one of these keys."""
        return [line for section in sections for line in self.of(section) if line.key in keys]


@dataclasses.dataclass
class _Seen:
    output: ReadOutput
    platforms: int = 0
    lines: dict[tuple[int, str, str], tuple[ReadRequirement, int]] = field(default_factory=dict)
    urls: dict[str, None] = field(default_factory=dict)
    sources: dict[tuple[int, str], dict[str, None]] = field(default_factory=dict)
    """URLs by the line where the source begins, and its folder."""

    def add(self, output: ReadOutput) -> None:
        """Add the output as one more platform has it."""
        self.platforms += 1
        for source in output.sources:
            if source.url:
                self.urls[source.url] = None
                self.sources.setdefault((source.entry, source.folder), {})[source.url] = None
        for need in output.requirements:
            key = (need.line, need.section, need.name)
            self.lines[key] = need, self.lines.get(key, (need, 0))[1] + 1


def _seen(recipe: RecipeText, variant: Mapping[str, str]) -> dict[tuple[str, int], _Seen]:
    """Return the outputs as all platforms have them, by name and line."""
    seen: dict[tuple[str, int], _Seen] = {}
    for platform, build in PLATFORMS:
        rendered = recipe.render(platform=platform, build_platform=build, variant=variant, stubs=True)
        for output in rendered.outputs:
            seen.setdefault((output.name, output.line), _Seen(output)).add(output)
    return seen


def outputs_of(recipe: RecipeText, *, python_min: str, pythons: Sequence[str] = ()) -> tuple[OutputLines, ...]:
    """Return the outputs (and what they have in common) with their lines; raises RecipeError.

    `pythons` are those that there are builds for, to tell lines that hold for none of them.
    """
    seen = _seen(recipe, {"python_min": python_min})
    raw = [line.rstrip("\r\n") for line in recipe.text.split("\n")]
    undecided = any(need.condition is not None for one in seen.values() for need, _ in one.lines.values())
    living = _living(recipe, python_min, pythons) if undecided and pythons else None
    return tuple(
        OutputLines(
            output=one.output,
            lines=tuple(
                _line(need, raw, conditional=count < one.platforms, living=living) for need, count in one.lines.values()
            ),
            sources=tuple(one.urls),
            unpacked=tuple(Unpacked(urls=tuple(urls), folder=folder) for (_, folder), urls in one.sources.items()),
        )
        for one in seen.values()
    )


def _living(recipe: RecipeText, python_min: str, pythons: Sequence[str]) -> frozenset[int]:
    """Return the numbers of the lines that hold for any of the Pythons."""
    found: set[int] = set()
    for python in pythons:
        variant = {"python_min": python_min, "python": f"{python}.*"}
        for platform, build in PLATFORMS:
            rendered = recipe.render(platform=platform, build_platform=build, variant=variant, stubs=True)
            found.update(need.line for output in rendered.outputs for need in output.requirements)
    return frozenset(found)


def _line(
    need: ReadRequirement, raw: Sequence[str], *, conditional: bool, living: frozenset[int] | None
) -> RequirementLine:
    text = raw[need.line - 1] if 0 < need.line <= len(raw) else ""
    # The spec of the line itself, not the pin that a variant would give it.
    spec = need.text[len(need.name) :].strip() if need.text.lower().startswith(need.name) else need.spec
    return RequirementLine(
        section=need.section,
        name=need.name,
        spec=re.sub(r"\s*,\s*", ",", spec),
        number=need.line,
        raw=text,
        kind=need.kind,
        conditional=conditional or need.condition is not None,
        dead=living is not None and need.condition is not None and need.line not in living,
    )


def split_item(raw: str) -> re.Match[str] | None:
    """Return the groups `lead`, `name`, `gap`, `spec` and `tail` of a requirement's line; None if it can't be split."""
    return _ITEM.fullmatch(raw)


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """A list in the text: its items by line numbers (from 1, the last one included)."""

    key_line: int
    indent: int
    items: tuple[tuple[int, int], ...]

    def item_at(self, number: int) -> tuple[int, int] | None:
        """Return the item that a line belongs to."""
        return next(((first, last) for first, last in self.items if first <= number <= last), None)


_KEY = re.compile(r"(\s*)((?:-\s+)?)(?P<key>[\w-]+):\s*(?:#.*)?$")


def block_at(lines: Sequence[str], number: int, keys: Iterable[str]) -> Block | None:
    """Return the list under one of `keys` that line `number` belongs to; None if it is written in another way."""
    wanted = set(keys)
    for index in range(number - 1, -1, -1):
        match = _KEY.match(lines[index].rstrip("\r\n"))
        if match and match["key"] in wanted:
            block = key_block(lines, index + 1)
            return block if block is not None and block.item_at(number) else None
    return None


def key_block(lines: Sequence[str], key_line: int) -> Block | None:
    """Return the list below the key in line `key_line`; None if there is none."""
    match = _KEY.match(lines[key_line - 1].rstrip("\r\n"))
    if match is None:
        return None
    said = _said_below(lines, key_line)
    top = next(said, None)
    if top is None or not top.item or top.indent < len(match[1]) + len(match[2]):
        return None
    indent = top.indent
    inside = [top, *takewhile(lambda one: one.indent > indent or (one.indent == indent and one.item), said)]
    starts = [one.number for one in inside if one.indent == indent]
    following = [*starts[1:], inside[-1].number + 1]
    ends = [_end(lines, first, after - 1) for first, after in zip(starts, following, strict=True)]
    return Block(key_line=key_line, indent=indent, items=tuple(zip(starts, ends, strict=True)))


class _SaidLine(NamedTuple):
    number: int
    indent: int
    item: bool


def _said_below(lines: Sequence[str], line: int) -> Iterator[_SaidLine]:
    """Yield the lines below one that are neither blank, comments nor tags of templates."""
    for number, raw in enumerate(lines[line:], start=line + 1):
        text = raw.strip()
        if text and not text.startswith(("#", "{%", "{#")):
            yield _SaidLine(number, len(raw) - len(raw.lstrip()), text[:2].rstrip() == "-")


def extent(output: ReadOutput, lines: Sequence[str]) -> tuple[int, int] | None:
    """Return the first and last line of an output with blank lines after it; None if it is not an item of a list."""
    first = output.line
    match = re.match(r"(\s*)-\s", lines[first - 1]) if 0 < first <= len(lines) else None
    if match is None:
        return None
    last = first
    for number in range(first + 1, len(lines) + 1):
        text = lines[number - 1].strip()
        if not text:
            last = number
            continue
        indent = len(lines[number - 1]) - len(lines[number - 1].lstrip())
        if indent < len(match[1]) or (indent == len(match[1]) and not text.startswith("#")):
            break
        last = number
    return first, last


def values_of(lines: Sequence[str], region: tuple[int, int], path: Sequence[str]) -> list[int]:
    """Return the lines of the keys that `path` (`("about", "license")`) leads to in a region, at any depth."""
    first, last = region
    found = []
    for number in range(first, last + 1):
        match = re.match(rf"(\s*)((?:-\s+)?){re.escape(path[0])}:(?:\s|$)", lines[number - 1])
        if match is None:
            continue
        if len(path) == 1:
            found.append(number)
            continue
        end = _below(lines, number, last, len(match[1]) + len(match[2]), item=bool(match[2]))
        found += values_of(lines, (number + 1, end), path[1:])
    return found


def _below(lines: Sequence[str], key_line: int, last: int, outer: int, *, item: bool) -> int:
    """Return the last line below a key that is indented by `outer`; a list may begin as far out as its key."""
    end = key_line
    for number in range(key_line + 1, last + 1):
        text = lines[number - 1].strip()
        if text and not text.startswith(("#", "{%", "{#")):
            indent = len(lines[number - 1]) - len(lines[number - 1].lstrip())
            if indent < outer or (indent == outer and (item or not text.startswith("- "))):
                break
            end = number
    return end


def _end(lines: Sequence[str], first: int, last: int) -> int:
    """Return the last line of an item, without the comments and blanks that follow it."""
    while last > first and (not (text := lines[last - 1].strip()) or text.startswith(("#", "{%", "{#"))):
        last -= 1
    return last
