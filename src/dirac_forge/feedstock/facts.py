"""What the graph needs to know of a feedstock: its outputs and requirements on all platforms, read once per content."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from pathlib import Path

from dirac_forge.errors import ForgeError
from dirac_forge.feedstock.facts_cache import Kept, Signature, stored, stored_facts
from dirac_forge.feedstock.facts_model import Export, FeedstockFacts, Need
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.feedstock.read_recipe import recipe_of
from dirac_forge.feedstock.skipping import skip_names
from dirac_forge.feedstock.variants import VariantRecipe, rendered_variants
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.progress import Observer, Silent
from dirac_forge.recipe.reading.recipe_text import ReadOutput, ReadRequirement, RecipeError
from dirac_forge.store import Store

__all__ = ["Export", "FeedstockFacts", "Need", "facts_of", "read_facts"]

READER = "7"
"""Raised whenever the readers come to another answer for the same text: kept facts are then read anew."""
_KIND = "facts"
_CHUNK = 16
_FIRST = 48
"""How many recipes have to be read before other processes help."""


@dataclass(slots=True)
class _Joined:
    mask: int
    condition: str | None
    text: str
    sure: bool


@dataclass(kw_only=True, slots=True)
class _Collected:
    path: str
    outputs: dict[str, None] = field(default_factory=dict)
    needs: dict[tuple[str, str, str, int], _Joined] = field(default_factory=dict)
    rendered: Counter[tuple[str, int]] = field(default_factory=Counter)
    """Output and bit of a platform to the number of its variants."""
    exports: dict[tuple[str, str, str], Counter[int]] = field(default_factory=dict)
    """Output, strength and name to the number of variants that export it, by bit of a platform."""
    ignored: dict[tuple[str, str], None] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)
    noarch: bool = True
    noarch_python: bool = True
    version: str = ""
    number: int | None = None

    def add_all(self, recipe: VariantRecipe, pinning: Pinning | None, platforms: Iterable[str]) -> list[str]:
        """Join the outputs of all variants, and return the platforms that the recipe builds for."""
        built: list[str] = []
        names = recipe.text.names
        for platform in platforms:
            rendered = list(rendered_variants(recipe, pinning, platform=platform, only=names, stubs=True))
            for output in (output for _, each in rendered for output in each.outputs if output.skip is not True):
                self.add(output, 1 << len(built))
            built += [platform] if rendered else []
        return built

    def add(self, output: ReadOutput, bit: int) -> None:
        """Join an output, as it is in one variant, on the platform with this bit."""
        if output.is_package:
            self._add_package(output)
        if any(need.name == "python" for need in output.of("host") or output.of("build")):
            self.noarch_python &= output.noarch == "python"
        for need in output.requirements:
            if need.section != "run_constrained":
                self._add_need(output.name, need, bit)
        self.rendered[output.name, bit] += 1
        for (strength, name), sure in _exported(output).items():
            self.exports.setdefault((output.name, strength, name), Counter())[bit] += sure
        for name in (*output.ignore_run_exports, *output.ignore_run_exports_from):
            self.ignored.setdefault((output.name, name))

    def _add_package(self, output: ReadOutput) -> None:
        self.outputs.setdefault(output.name)
        self.version = self.version or output.version
        self.number = output.build_number if self.number is None else self.number
        self.noarch &= output.noarch is not None

    def found_needs(self) -> Iterator[Need]:
        """Yield the requirements of all outputs; one that holds for sure in some variant has no condition."""
        for (section, name, output, line), joined in self.needs.items():
            condition = None if joined.sure else joined.condition
            yield Need(section, name, output, joined.text, line, joined.mask, condition)

    def found_exports(self) -> Iterator[Export]:
        """Yield the run_exports of all outputs, with the platforms where every variant has them."""
        for (output, strength, name), counts in self.exports.items():
            always = [bit for bit, count in counts.items() if count == self.rendered[output, bit]]
            yield Export(output, strength, name, sum(always))

    def _add_need(self, output: str, need: ReadRequirement, bit: int) -> None:
        name = need.graph_name
        if not name:
            unknown = ", ".join(need.unknown)
            self.notes.setdefault(f"{self.path}:{need.line}: a requirement depends on {unknown}, which is not defined")
            return
        key = (need.section, name, output, need.line)
        joined = self.needs.setdefault(key, _Joined(0, need.condition, need.text, sure=False))
        joined.mask |= bit
        joined.sure |= need.condition is None


def facts_of(recipe: VariantRecipe, pinning: Pinning | None, *, path: str) -> FeedstockFacts:
    """Return the facts of one recipe; `path` is how messages name its file.

    Raises RecipeError and ConfigurationError.
    """
    collected = _Collected(path=path)
    wanted = _platforms(recipe)
    platforms = collected.add_all(recipe, pinning, wanted)
    lines = recipe.text.text.splitlines()
    return FeedstockFacts(
        recipe=path,
        platforms=tuple(platforms),
        skipped=tuple((platform, _skip_line(recipe, platform)) for platform in wanted if platform not in platforms),
        outputs=tuple(collected.outputs),
        version=collected.version,
        build_number=collected.number,
        noarch=bool(collected.outputs) and collected.noarch,
        noarch_python=bool(collected.outputs) and collected.noarch_python,
        needs=tuple(collected.found_needs()),
        templated=tuple(sorted({need[3] for need in collected.needs if "{{" in _line(lines, need[3])})),
        exports=tuple(collected.found_exports()),
        skip_names=tuple(sorted(skip_names(recipe.text.text, v1=recipe.text.format == "v1"))),
        ignored=tuple(collected.ignored),
        applied=tuple(recipe.migrations),
        notes=tuple(collected.notes),
        rebuilt_branches=recipe.forge.bot.abi_migration_branches,
        problems=tuple(key.message("conda-forge.yml") for key in recipe.forge.unknown),
    )


def _skip_line(recipe: VariantRecipe, platform: str) -> int:
    """Return the line of the condition that skips a platform, 0 if it is not known."""
    outputs = recipe.text.render(platform=platform, stubs=True).outputs
    return next((output.skip_line for output in outputs if output.skip_line), 0)


def _line(lines: Sequence[str], number: int) -> str:
    return lines[number - 1] if 0 < number <= len(lines) else ""


def _exported(output: ReadOutput) -> dict[tuple[str, str], bool]:
    """Return strength and name of what an output exports in one variant, and whether that is sure."""
    exported: dict[tuple[str, str], bool] = {}
    for export in output.run_exports:
        key = (export.strength, export.requirement.name)
        exported[key] = exported.get(key, False) or export.requirement.condition is None
    return {(strength, name): sure for (strength, name), sure in exported.items() if name}


def _platforms(recipe: VariantRecipe) -> tuple[str, ...]:
    """Return the platforms that conda-forge.yml asks for; if every output is noarch, only those for noarch builds."""
    wanted = tuple(each.platform for each in recipe.forge.platforms)
    packages = recipe.text.render(platform="linux-64", stubs=True).packages
    if packages and all(output.noarch for output in packages):
        return tuple(platform for platform in wanted if platform in recipe.forge.noarch_platforms) or wanted[:1]
    return wanted


def read_facts(
    folders: Iterable[FeedstockFolder],
    pinning: Pinning | None,
    store: Store,
    *,
    executor: Executor | None = None,
    observer: Observer | None = None,
) -> dict[str, FeedstockFacts]:
    """Return the facts of every feedstock, by label; a recipe that can't be read has facts with an `error`.

    What was read before comes from `store`, keyed by the content of all files that decide and of the pinning. With
    `executor` (of processes, since reading is work for the processor) the rest is read in parallel, in chunks.
    """
    observer = observer or Silent()
    salt = f"{READER}\n{_pinning_digest(pinning)}"
    listed = list(folders)
    observer.started("recipes", len(listed))
    kept = Kept(store, listed[0].path.parent if listed else Path(), salt)
    reading = _Reading(pinning, salt, store, executor)
    signatures: dict[str, Signature | None] = {}
    found: dict[str, FeedstockFacts] = {}
    for folder in listed:
        signatures[folder.label], facts = kept.get(folder.label, folder.path)
        if facts is not None:
            found[folder.label] = facts
        else:
            reading.begin(folder)
    observer.advanced("recipes", done=len(found))
    fresh: dict[str, FeedstockFacts] = {}
    for some in reading.finished():
        fresh |= some
        observer.advanced("recipes", done=len(some))
    if fresh:
        found |= fresh
        entries = {name: (signatures[name], facts) for name, facts in found.items() if facts.error is None}
        kept.put(entries, fresh=len(fresh))
    observer.finished("recipes")
    return dict(sorted(found.items()))


@dataclass(slots=True)
class _Work:
    """A recipe to be read."""

    name: str
    root: str
    texts: Mapping[str, str]
    key: str
    """Of its facts in the store."""


class _Reading:
    """Reads recipes that were changed: at once from the store where the same text was read before, else in chunks.

    The executor works on them while others still are looked for; a single chunk is not worth its start.
    """

    def __init__(self, pinning: Pinning | None, salt: str, store: Store, executor: Executor | None) -> None:
        self._pinning = pinning
        self._salt = salt
        self._store = store
        self._executor = executor
        self._known: dict[str, FeedstockFacts] = {}
        self._missing: list[_Work] = []
        self._sent: list[tuple[list[_Work], Future[list[FeedstockFacts]]]] = []

    def begin(self, folder: FeedstockFolder) -> None:
        """Read a recipe, or have it read."""
        try:
            key = hashlib.sha256(f"{self._salt}\n{folder.digest}".encode()).hexdigest()
        except RecipeError as exc:
            self._known[folder.label] = FeedstockFacts(recipe="", error=str(exc))
            return
        facts = stored_facts(self._store.get(_KIND, key))
        if facts is not None:
            self._known[folder.label] = facts
            return
        self._missing.append(_Work(folder.label, str(folder.path), folder.texts, key))
        if self._executor is not None and len(self._missing) >= (_CHUNK if self._sent else _FIRST):
            self._send(self._executor)

    def finished(self) -> Iterator[dict[str, FeedstockFacts]]:
        """Yield the facts by feedstock, as they come."""
        yield self._known
        if self._executor is not None and self._sent:
            self._send(self._executor)
        for chunk, future in self._sent:
            yield self._kept(chunk, future.result())
        for start in range(0, len(self._missing), _CHUNK):
            chunk = self._missing[start : start + _CHUNK]
            yield self._kept(chunk, _read_chunk([(one.root, one.texts) for one in chunk], self._pinning))

    def _send(self, executor: Executor) -> None:
        """Read what is missing with the executor."""
        for start in range(0, len(self._missing), _CHUNK):
            chunk = self._missing[start : start + _CHUNK]
            tasks = [(one.root, one.texts) for one in chunk]
            self._sent.append((chunk, executor.submit(_read_chunk, tasks, self._pinning)))
        self._missing = []

    def _kept(self, chunk: Sequence[_Work], read: Sequence[FeedstockFacts]) -> dict[str, FeedstockFacts]:
        for one, facts in zip(chunk, read, strict=True):
            if facts.error is None:
                # An error names a path, and the same text may be in another folder too.
                self._store.put(_KIND, one.key, stored(facts))
        return {one.name: facts for one, facts in zip(chunk, read, strict=True)}


def _read_chunk(chunk: Sequence[tuple[str, Mapping[str, str]]], pinning: Pinning | None) -> list[FeedstockFacts]:
    return [_read_one(Path(root), texts, pinning) for root, texts in chunk]


def _read_one(root: Path, texts: Mapping[str, str], pinning: Pinning | None) -> FeedstockFacts:
    path = next(iter(texts))
    try:
        return facts_of(recipe_of(texts, root=root), pinning, path=path)
    except ForgeError as exc:
        return FeedstockFacts(recipe=path, error=exc.message)


def _pinning_digest(pinning: Pinning | None) -> str:
    return "" if pinning is None else hashlib.sha256(pinning.text.encode()).hexdigest()
