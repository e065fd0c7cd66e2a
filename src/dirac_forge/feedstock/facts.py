"""What the graph needs to know of a feedstock: its outputs and requirements on all platforms, read once per content."""

from __future__ import annotations

import gc
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from dirac_forge.errors import ForgeError
from dirac_forge.feedstock.facts_cache import Kept, signature_of
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.feedstock.variants import VariantRecipe, rendered_variants
from dirac_forge.feedstock.workspace import FeedstockFolder, recipe_of
from dirac_forge.progress import Observer, Silent
from dirac_forge.recipe.reading.recipe_text import ReadOutput, RecipeError
from dirac_forge.store import Store

__all__ = ["Export", "FeedstockFacts", "Need", "facts_of", "read_facts"]

READER = "2"
"""Raised whenever the readers come to another answer for the same text: kept facts are then read anew."""
_KIND = "facts"
_CHUNK = 64
_FORGE = "conda-forge.yml:"


class Need(NamedTuple):
    """A requirement of a feedstock, joined over its variants."""

    section: str
    """build, host, run or test."""
    name: str
    """As migrations know it: a package, or `c_compiler_stub`."""
    output: str
    text: str
    line: int
    platforms: int
    """Bit n: holds on the feedstock's n-th platform."""
    condition: str | None
    """What can't be decided, None where it holds for sure."""


class Export(NamedTuple):
    """A run_export of an output."""

    output: str
    strength: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedstockFacts:
    """One feedstock as the graph sees it."""

    recipe: str
    """The recipe's file, relative to the feedstock."""
    platforms: tuple[str, ...] = ()
    """Those that something is built for."""
    skipped: tuple[tuple[str, int], ...] = ()
    """Platforms that conda-forge.yml asks for and the recipe skips, with the line that does."""
    outputs: tuple[str, ...] = ()
    version: str = ""
    build_number: int | None = None
    noarch: bool = False
    """Every output is noarch."""
    noarch_python: bool = False
    """Every output that has python in host (or in build, without host) is `noarch: python`."""
    needs: tuple[Need, ...] = ()
    exports: tuple[Export, ...] = ()
    ignored: tuple[tuple[str, str], ...] = ()
    """Output and package: run_exports that it does not take."""
    applied: tuple[str, ...] = ()
    """Migrations in `.ci_support/migrations/`."""
    notes: tuple[str, ...] = ()
    """What could not be told, with file and line."""
    problems: tuple[str, ...] = ()
    """What is wrong with its conda-forge.yml: `conda-forge.yml:2: …`."""
    error: str | None = None
    """Why the recipe can't be read, with file and line."""

    @property
    def strong(self) -> bool:
        """Whether an output has strong run_exports."""
        return any(export.strength == "strong" for export in self.exports)

    def platforms_of(self, mask: int) -> tuple[str, ...]:
        """The platforms whose bits are set."""
        return tuple(platform for bit, platform in enumerate(self.platforms) if mask >> bit & 1)


@dataclass(slots=True)
class _Joined:
    mask: int
    condition: str | None
    text: str
    sure: bool


@dataclass(slots=True)
class _Collected:
    outputs: dict[str, None] = field(default_factory=dict)
    needs: dict[tuple[str, str, str, int], _Joined] = field(default_factory=dict)
    exports: dict[Export, None] = field(default_factory=dict)
    ignored: dict[tuple[str, str], None] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)
    noarch: bool = True
    noarch_python: bool = True
    version: str = ""
    number: int | None = None


def facts_of(recipe: VariantRecipe, pinning: Pinning | None, *, path: str) -> FeedstockFacts:
    """The facts of one recipe; `path` is how messages name its file. Raises RecipeError and ConfigurationError."""
    wanted = recipe.forge.platforms
    first = recipe.text.render(platform="linux-64", stubs=True)
    if first.packages and all(output.noarch for output in first.packages):
        wanted = tuple(one for one in wanted if one.platform in recipe.forge.noarch_platforms) or wanted[:1]
    collected = _Collected()
    platforms: list[str] = []
    skipped: list[tuple[str, int]] = []
    names = recipe.text.names
    for one in wanted:
        built = False
        for _, rendered in rendered_variants(recipe, pinning, platform=one.platform, only=names, stubs=True):
            built = True
            for output in rendered.outputs:
                if output.skip is not True:
                    _collect(output, 1 << len(platforms), collected, path)
        if built:
            platforms.append(one.platform)
        else:
            lines = [output.skip_line for output in recipe.text.render(platform=one.platform, stubs=True).outputs]
            skipped.append((one.platform, next(filter(None, lines), 0)))
    return FeedstockFacts(
        recipe=path,
        platforms=tuple(platforms),
        skipped=tuple(skipped),
        outputs=tuple(collected.outputs),
        version=collected.version,
        build_number=collected.number,
        noarch=bool(collected.outputs) and collected.noarch,
        noarch_python=bool(collected.outputs) and collected.noarch_python,
        needs=tuple(
            Need(section, name, output, joined.text, line, joined.mask, None if joined.sure else joined.condition)
            for (section, name, output, line), joined in collected.needs.items()
        ),
        exports=tuple(collected.exports),
        ignored=tuple(collected.ignored),
        applied=tuple(recipe.migrations),
        notes=tuple(collected.notes),
        problems=tuple(problem[problem.index(_FORGE) :] for problem in recipe.forge.problems),
    )


def _collect(output: ReadOutput, bit: int, collected: _Collected, path: str) -> None:
    if output.is_package:
        collected.outputs.setdefault(output.name)
        collected.version = collected.version or output.version
        collected.number = output.build_number if collected.number is None else collected.number
        collected.noarch &= output.noarch is not None
    linked = {need.name for need in output.of("host") or output.of("build")}
    if "python" in linked:
        collected.noarch_python &= output.noarch == "python"
    for need in output.requirements:
        if need.section == "run_constrained":
            continue
        name = need.graph_name
        if not name:
            collected.notes.setdefault(
                f"{path}:{need.line}: a requirement hangs on {', '.join(need.unknown)}, which nothing gives"
            )
            continue
        key = (need.section, name, output.name, need.line)
        joined = collected.needs.get(key)
        if joined is None:
            collected.needs[key] = _Joined(bit, need.condition, need.text, need.condition is None)
        else:
            joined.mask |= bit
            joined.sure |= need.condition is None
    for export in output.run_exports:
        name = export.requirement.name
        if name:
            collected.exports.setdefault(Export(output.name, export.strength, name))
    for name in (*output.ignore_run_exports, *output.ignore_run_exports_from):
        collected.ignored.setdefault((output.name, name))


def read_facts(
    folders: Iterable[FeedstockFolder],
    pinning: Pinning | None,
    store: Store,
    *,
    executor: Executor | None = None,
    observer: Observer | None = None,
) -> dict[str, FeedstockFacts]:
    """The facts of every feedstock, by name; a recipe that can't be read has facts with an `error`.

    What was read before comes from `store`, keyed by the content of all files that decide and of the pinning. With
    `executor` (of processes, since reading is work for the processor) the rest is read in parallel, in chunks.
    """
    observer = observer or Silent()
    pinned = _pinning_digest(pinning)
    listed = list(folders)
    with _uncollected():
        return _read(listed, pinning, pinned, store, executor, observer)


@contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage collection: many small values are made and none goes away, so looking for cycles only takes time.

    It is not looked for among them later either; they have none, and counting references frees them.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was:
            gc.enable()


def _read(
    listed: Sequence[FeedstockFolder],
    pinning: Pinning | None,
    pinned: str,
    store: Store,
    executor: Executor | None,
    observer: Observer,
) -> dict[str, FeedstockFacts]:
    found: dict[str, FeedstockFacts] = {}
    missing: list[tuple[str, str, Mapping[str, str], str]] = []
    kept = Kept(store, listed[0].path.parent if listed else Path(), f"{READER}\n{pinned}")
    signatures = {folder.name: signature_of(folder.path) for folder in listed}
    fresh = False
    observer.started("recipes", len(listed))
    for folder in listed:
        values = kept.get(folder.name, signatures[folder.name])
        if values is not None and (untouched := _read_values(values)) is not None:
            found[folder.name] = untouched
            continue
        fresh = True
        try:
            key = hashlib.sha256(f"{READER}\n{pinned}\n{folder.digest}".encode()).hexdigest()
        except RecipeError as exc:
            found[folder.name] = FeedstockFacts(recipe="", error=str(exc))
            continue
        blob = store.get(_KIND, key)
        facts = _thawed(blob) if blob is not None else None
        if facts is None:
            missing.append((folder.name, str(folder.path), folder.texts, key))
        else:
            found[folder.name] = facts
    observer.advanced("recipes", done=len(found))
    for names, facts_list in _parsed(missing, pinning, executor):
        for (name, _, _, key), facts in zip(names, facts_list, strict=True):
            found[name] = facts
            if facts.error is None:
                # What is wrong names a path, and the same text may lie elsewhere too.
                store.put(_KIND, key, _frozen(facts))
        observer.advanced("recipes", done=len(names))
    observer.finished("recipes")
    if fresh:
        kept.put({name: (signatures[name], _values(facts)) for name, facts in found.items() if facts.error is None})
    return {name: found[name] for name in sorted(found)}


_Work = tuple[str, str, Mapping[str, str], str]


def _parsed(
    missing: Sequence[_Work], pinning: Pinning | None, executor: Executor | None
) -> Iterable[tuple[Sequence[_Work], list[FeedstockFacts]]]:
    chunks = [missing[start : start + _CHUNK] for start in range(0, len(missing), _CHUNK)]
    work: Callable[..., Iterable[list[FeedstockFacts]]] = map if executor is None or len(chunks) < 2 else executor.map
    tasks = [[(root, texts) for _, root, texts, _ in chunk] for chunk in chunks]
    return zip(chunks, work(_read_chunk, tasks, [pinning] * len(tasks)), strict=True)


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


def _values(facts: FeedstockFacts) -> list[object]:
    return [getattr(facts, name) for name in FeedstockFacts.__dataclass_fields__]


def _frozen(facts: FeedstockFacts) -> bytes:
    return json.dumps(_values(facts), separators=(",", ":")).encode()


def _thawed(blob: bytes) -> FeedstockFacts | None:
    """Facts from the store; None where a kept blob is broken."""
    try:
        return _read_values(json.loads(blob))
    except ValueError:
        return None


def _read_values(values: object) -> FeedstockFacts | None:
    try:
        return facts_from(values) if isinstance(values, list) else None
    except (ValueError, TypeError, KeyError):
        return None


def facts_from(values: Sequence[object]) -> FeedstockFacts:
    """Facts out of their JSON form. Raises TypeError and ValueError for another form."""
    fields = dict(zip(FeedstockFacts.__dataclass_fields__, values, strict=True))
    fields["needs"] = tuple(Need(*need) for need in fields["needs"])  # type: ignore[attr-defined]
    fields["exports"] = tuple(Export(*export) for export in fields["exports"])  # type: ignore[attr-defined]
    for name in ("skipped", "ignored"):
        fields[name] = tuple(tuple(pair) for pair in fields[name])  # type: ignore[attr-defined]
    for name in ("platforms", "outputs", "applied", "notes", "problems"):
        fields[name] = tuple(fields[name])  # type: ignore[arg-type]
    return FeedstockFacts(**fields)  # type: ignore[arg-type]
