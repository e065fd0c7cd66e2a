"""A text with drift read back: on every platform it renders as before, except for what was carried over."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from packaging.utils import canonicalize_name

from dirac_forge.bump.drift.carried import Carried
from dirac_forge.bump.drift.lines import PLATFORMS
from dirac_forge.recipe.editing.edit import Setting
from dirac_forge.recipe.editing.text_nodes import keys_without_value, text_root
from dirac_forge.recipe.reading.parsing import parse_recipe
from dirac_forge.recipe.reading.recipe_text import ReadOutput, RecipeError, RecipeText
from dirac_forge.recipe.reading.yamlnodes import YamlError
from dirac_forge.values import dataclass

Said = tuple[str, str, str, str]
"""Output, section, normalised name, and the requirement as it is built without blanks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EditFault:
    """Something that is wrong with an edited text."""

    kind: Literal["unreadable", "other-output", "no-output", "lost", "gained", "kept", "absent", "emptied"]
    """`emptied`: a key has no value any more.

    `lost` and `gained`: a line that no change explains; `kept` and `absent`: one in which a change does not show.
    """
    platform: str = ""
    output: str = ""
    section: str = ""
    text: str = ""
    """The requirement; the missing outputs; the message of the error."""


def faults(
    before: RecipeText, after: str, changes: Sequence[Carried], *, python_min: str, settings: Sequence[Setting] = ()
) -> tuple[EditFault, ...]:
    """Return what is wrong with the text `after`; () if it is proved.

    It has to parse and to have the outputs of `before` with their versions, build numbers and sources (and those that
    `changes` adds), and its requirements may differ only by what `changes` says: on each platform, for each of the
    `settings` (a platform and a variant's values), and each change has to be seen somewhere.
    """
    variant = {"python_min": python_min}
    builds: list[tuple[str, str, Mapping[str, str]]] = [(platform, build, variant) for platform, build in PLATFORMS]
    builds += [(platform, platform, {**variant, **values}) for platform, values in settings]
    if keys := _emptied(before.text, after, v1=before.format == "v1"):
        return tuple(EditFault(kind="emptied", text=key) for key in keys)
    differences = _Differences({canonicalize_name(change.package) for change in changes if change.part == "output"})
    try:
        now = parse_recipe(after, path=before.path)
        for platform, build, values in builds:
            old, new = (
                recipe.render(platform=platform, build_platform=build, variant=values, stubs=True).outputs
                for recipe in (before, now)
            )
            differences.look(platform, old, new)
    except RecipeError as error:
        return (EditFault(kind="unreadable", text=error.message),)
    requirements = [change for change in changes if change.part in {"build", "host", "run", "python"}]
    return tuple(
        dict.fromkeys((*differences.problems, *differences.unsaid(requirements), *differences.unseen(requirements)))
    )


def _emptied(before: str, after: str, *, v1: bool) -> list[str]:
    """Return the keys that have no value more often than before: builds refuse a list that is none."""
    try:
        was, now = (Counter(key for key, _ in keys_without_value(text_root(text, v1=v1))) for text in (before, after))
    except YamlError:
        return []  # the readers say what they can't read, below
    return sorted(now - was)


class _Differences:
    """What two texts say differently, over all builds; `new` are the names of outputs that one has only."""

    def __init__(self, new: set[str]) -> None:
        self.new = new
        self.problems: list[EditFault] = []
        self.gone: set[Said] = set()
        self.come: set[Said] = set()
        self.says: set[Said] = set()

    def look(self, platform: str, old: Sequence[ReadOutput], new: Sequence[ReadOutput]) -> None:
        """Compare the outputs of one build."""
        rest = [output for output in new if canonicalize_name(output.name) not in self.new]
        if [_identity(output) for output in old] != [_identity(output) for output in rest]:
            self.problems.append(EditFault(kind="other-output", platform=platform))
            return
        if missing := self.new - {canonicalize_name(output.name) for output in new}:
            self.problems.append(EditFault(kind="no-output", platform=platform, text=", ".join(sorted(missing))))
        for one, other in zip(old, rest, strict=True):
            self._compare(Counter(_said(one)), Counter(_said(other)))
        for output in new:
            self.says.update(_said(output))

    def _compare(self, before: Counter[Said], after: Counter[Said]) -> None:
        self.gone |= set(before - after)
        self.come |= set(after - before)

    def unsaid(self, changes: Sequence[Carried]) -> Iterable[EditFault]:
        """Yield lines that differ without a change that explains it."""
        everywhere = any(change.package == "python_min" for change in changes)
        known = {(change.output, canonicalize_name(change.package)) for change in changes}
        kinds: tuple[tuple[Literal["lost", "gained"], set[Said]], ...] = (("lost", self.gone), ("gained", self.come))
        for kind, lines in kinds:
            for output, section, name, text in sorted(lines):
                if (output, name) not in known and not (everywhere and name == "python"):
                    yield EditFault(kind=kind, output=output, section=section, text=text)

    def unseen(self, changes: Sequence[Carried]) -> Iterable[EditFault]:
        """Yield the changes that no build shows."""
        # `python_min` is seen in the lines that are made from it.
        seen = [change for change in changes if change.package != "python_min"]
        yield from self._not_there(seen)
        left = {(output, text) for output, _, _, text in self.gone}
        for change in seen:
            before = _plain(change.before)
            if before and before != _plain(change.after) and (change.output, before) not in left:
                yield EditFault(kind="kept", output=change.output, text=change.before)

    def _not_there(self, changes: Iterable[Carried]) -> Iterator[EditFault]:
        there = {(output, text) for output, _, _, text in self.says}
        for change in changes:
            after = _plain(change.after)
            if after and "{{" not in after and (change.output, after) not in there:
                yield EditFault(kind="absent", output=change.output, text=change.after)


def _identity(output: ReadOutput) -> tuple[object, ...]:
    sources = tuple((source.url, *source.digests.items()) for source in output.sources)
    return output.name, output.version, output.build_number, output.noarch, output.skip, sources


def _said(output: ReadOutput) -> Iterable[Said]:
    return (
        (output.name, need.section, canonicalize_name(need.name), _plain(need.text)) for need in output.requirements
    )


def _plain(text: str) -> str:
    return re.sub(r"[\s\"']", "", text).lower()
