"""Changes to a recipe's requirements while they are being decided, and the text that they make."""

from __future__ import annotations

import re
from collections.abc import Iterable

from packaging.utils import canonicalize_name

from dirac_forge.bump.drift.carried import Carried, CarriedReason, CompiledNow, LicenceComparison, Part, TooLowPython
from dirac_forge.bump.drift.clauses import clauses_of, joined, moved, same
from dirac_forge.bump.drift.drift_notes import DriftNote, DriftNoteKind
from dirac_forge.bump.drift.edits import Edits, insertion_point, item_text
from dirac_forge.bump.drift.lines import Block, OutputLines, RequirementLine, block_at
from dirac_forge.bump.drift.variables import Variable
from dirac_forge.recipe.model import When
from dirac_forge.recipe.notes import Level, kept
from dirac_forge.recipe.reading.recipe_text import Format, Section

_PIP_CHECK = re.compile(r"^[^#\n]*(?:\bpip check\b|\bpip_check:\s*true\b)", re.MULTILINE)
_NO_PIP_CHECK = re.compile(r"^[^#\n]*\bpip_check:\s*false\b", re.MULTILINE)
_PYTHON_TEST = re.compile(r"^[ \t]*-\s+python:\s*$", re.MULTILINE)


class DriftDraft:
    """Edits with the reasons for them; a line is decided once."""

    def __init__(self, text: str, format_: Format, *, old_version: str, new_version: str) -> None:
        self.edits = Edits(text)
        self.v1 = format_ == "v1"
        self.old_version = old_version
        self.new_version = new_version
        self.added: list[Carried] = []
        self.removed: list[Carried] = []
        self.changed: list[Carried] = []
        self.beyond: list[Carried] = []
        """Edits of `about` and of tests."""
        self.licences: list[LicenceComparison] = []
        self.compared: set[int] = set()
        """Lines with a licence that was compared with upstream's."""
        self.blockers: list[CompiledNow] = []
        self.pythons: list[TooLowPython] = []
        self.notes: list[DriftNote] = []
        self.told: set[tuple[str, Section, str]] = set()
        """Output, section and package (normalised) of which a note says what upstream asks for."""
        self.leaves_ceiling = False
        """Whether a note leaves upstream's new upper bound of Python to a person."""
        self._decided: set[int] = set()
        self._specs: dict[int, str] = {}
        self._new: set[tuple[int, str]] = set()

    def note(
        self,
        level: Level,
        kind: DriftNoteKind,
        output: str = "",
        *,
        line: int = 0,
        tells: tuple[Section, str] | None = None,
        **facts: str | Iterable[str],
    ) -> None:
        """Add what is only reported; `tells` is the section and package of which it says what upstream asks for."""
        if tells is not None:
            self.told.add((output, tells[0], canonicalize_name(tells[1])))
        note = DriftNote(level=level, kind=kind, output=output, line=line, facts=kept(facts))
        if note not in self.notes:
            self.notes.append(note)

    def withdraw(self, kind: DriftNoteKind, output: str, requirement: str) -> None:
        """Take back the notes of a kind on a requirement."""
        about = ("requirement", requirement)
        self.notes = [
            note for note in self.notes if (note.kind, note.output) != (kind, output) or about not in note.facts
        ]

    @property
    def checks_with_pip(self) -> bool:
        """Whether the recipe's tests run `pip check`."""
        text = self.edits.text
        # rattler-build runs it in every Python test that does not say otherwise.
        usual = self.v1 and _PYTHON_TEST.search(text) is not None and _NO_PIP_CHECK.search(text) is None
        return usual or _PIP_CHECK.search(text) is not None

    def spec(self, line: RequirementLine) -> str:
        """Return what a line asks for now."""
        return self._specs.get(line.number, line.spec)

    def edited(self, output: OutputLines, *parts: Part) -> bool:
        """Whether any of these lists of an output is edited."""
        changes = (*self.added, *self.removed, *self.changed)
        return any(change.output == output.output.name and change.part in parts for change in changes)

    def decided(self, line: RequirementLine) -> bool:
        """Whether a line is edited."""
        return line.number in self._decided

    def gone(self, line: RequirementLine) -> bool:
        """Whether a line is removed."""
        return self.edits.removed(line.number)

    def follow(
        self,
        output: str,
        line: RequirementLine,
        old: str,
        new: str,
        evidence: str,
        *,
        project: str = "",
        lift: bool = True,
    ) -> None:
        """Follow upstream from spec `old` to `new` in a line; the maintainers' own bounds stay (see `moved`)."""
        if line.kind == "pin_subpackage":
            return  # another output of the recipe, at its own version
        mine, was, now = clauses_of(line.spec), clauses_of(old), clauses_of(new)
        tells, requirement = (line.section, line.name), f"{line.name} {line.spec}"
        if mine is None or was is None or now is None:
            self.note(
                "todo",
                "bound-not-compared",
                output,
                line=line.number,
                tells=tells,
                requirement=requirement,
                evidence=evidence,
            )
            return
        if same(mine, now) or self._follows_version(line, new):
            return
        if not mine and was:
            self.note(
                "info", "version-not-asked", output, tells=tells, package=line.name, before=old, evidence=evidence
            )
        elif same(result := moved(mine, was, now, lift=lift), mine):
            self.note("info", "bound-of-maintainers", output, tells=tells, requirement=requirement, evidence=evidence)
        else:
            reason = CarriedReason(kind="bound-moved" if same(mine, was) else "bound-passed")
            self.respecify(output, line, joined(result, line.written), evidence, reason, project=project)

    def _follows_version(self, line: RequirementLine, new: str) -> bool:
        rendered = clauses_of(line.spec.replace(self.old_version, self.new_version)) if line.template else None
        return "version" in line.raw and rendered is not None and same(rendered, clauses_of(new) or ())

    def respecify(
        self,
        output: str,
        line: RequirementLine,
        spec: str,
        evidence: str,
        reason: CarriedReason,
        *,
        project: str = "",
        part: Part | None = None,
        lags: bool = False,
    ) -> None:
        """Write another spec for a line."""
        if line.number in self._decided:
            return
        variable = Variable.of(self.edits, line, spec)
        done = variable.write(self.edits) if variable is not None else self.edits.respecify(line.number, spec)
        if not done:
            self.note(
                "todo",
                "write-by-hand",
                output,
                line=line.number,
                tells=(line.section, line.name),
                requirement=f"{line.name} {spec}",
                evidence=evidence,
            )
            return
        self._decided.add(line.number)
        self._specs[line.number] = spec
        self.changed.append(
            Carried(
                output=output,
                part=part or _part(line.section),
                package=line.name,
                project=project,
                before=f"{line.name} {line.spec}".strip(),
                after=f"{line.name} {spec}".strip(),
                line=line.number,
                evidence=evidence,
                reason=reason,
                lags=lags,
            )
        )

    def remove(
        self, output: str, line: RequirementLine, evidence: str, reason: CarriedReason, *, project: str = ""
    ) -> None:
        """Remove a line, and its condition if nothing else is under it."""
        if line.number in self._decided:
            return
        block = block_at(self.edits.lines, line.number, _keys(line.section))
        item = block.item_at(line.number) if block else None
        text = self.edits.lines[line.number - 1].strip()
        if item is not None and (item[0] == item[1] or self._alone(item, line)):
            self.edits.remove(*item)
        elif item is not None and text.startswith("- ") and not text.startswith("- if:"):
            self.edits.remove(line.number, line.number)
        else:
            kind: DriftNoteKind = "remove-by-hand-was" if evidence else "remove-by-hand"
            self.note("todo", kind, output, line=line.number, package=line.name, evidence=evidence)
            return
        self._decided.add(line.number)
        self.removed.append(
            Carried(
                output=output,
                part=_part(line.section),
                package=line.name,
                project=project,
                before=f"{line.name} {line.spec}".strip(),
                line=line.number,
                evidence=evidence,
                reason=reason,
            )
        )

    def _alone(self, item: tuple[int, int], line: RequirementLine) -> bool:
        """Whether the item is nothing but a condition with this line."""
        numbers = [number for number in range(item[0], item[1] + 1) if number != line.number]
        texts = [self.edits.lines[number - 1].strip() for number in numbers]
        return all(text in {"", "then:"} or text.startswith(("- if:", "#")) for text in texts)

    def add(
        self,
        output: OutputLines,
        section: Section,
        name: str,
        spec: str,
        *,
        evidence: str,
        reason: CarriedReason,
        when: When | None = None,
        project: str = "",
        optional: bool = False,
        lags: bool = False,
        within: Block | None = None,
    ) -> None:
        """Add a line to a section's list, or to a list under a condition there (`within`)."""
        # A list whose lines are all gone is still where a new line belongs.
        here = sorted(output.of(section), key=self.gone)
        found = (b for line in here if (b := block_at(self.edits.lines, line.number, _keys(section))))
        block = within or next(found, None)
        shown = f"{name} {spec}".strip()
        if block is None:
            self.note(
                "todo",
                "add-by-hand",
                output.output.name,
                tells=(section, name),
                requirement=shown,
                section=section,
                evidence=evidence,
            )
            return
        if (block.key_line, canonicalize_name(name)) in self._new:
            return
        self._new.add((block.key_line, canonicalize_name(name)))
        self._insert(block, name, name + self.edits.spaced(spec), when)
        self.added.append(
            Carried(
                output=output.output.name,
                part=_part(section),
                package=name,
                project=project,
                after=shown,
                evidence=evidence,
                reason=reason,
                optional=optional,
                lags=lags,
            )
        )

    def _insert(self, block: Block, name: str, text: str, when: When | None) -> None:
        lines = [line.rstrip("\r") for line in self.edits.lines]
        self.edits.insert(insertion_point(block, name, lines), item_text(block, text, lines, when=when, v1=self.v1))


def _keys(section: Section) -> tuple[str, ...]:
    return ("run", "requirements") if section == "run" else (section,)


def _part(section: Section) -> Part:
    return section if section in {"build", "host"} else "run"
