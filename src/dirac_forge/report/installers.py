"""Installers and their trials as text and JSON."""

from __future__ import annotations

from typing import Any

from dirac_forge.distribution.installer import BuiltInstaller, Trial
from dirac_forge.report.document import Block, Items, Paragraph, Quote, Section

_MEGABYTE = 1_000_000


def installer_sections(built: BuiltInstaller | None, trial: Trial | None, *, lock: str = "") -> tuple[Section, ...]:
    """Return what was built, from the packages of `lock` or of a new solve (""), and each step of its trial."""
    sections = []
    if built is not None:
        source = f"the packages of {lock}" if lock else "a new solve, without a lock"
        line = f"{built.size / _MEGABYTE:.0f} MB, built in {built.seconds:.0f} s from {source}"
        also: list[Block] = [Paragraph(f"Also made: {', '.join(map(str, built.others))}")] if built.others else []
        sections.append(Section(title=str(built.path), blocks=(Paragraph(line), *also)))
    if trial is not None:
        blocks: list[Block] = []
        for step in trial.steps:
            blocks.append(Items((f"{step.status}: {step.what} ({step.seconds:.0f} s)",)))
            if step.output:
                blocks.append(Quote(tuple(step.output.splitlines())))
        if not trial.isolated:
            blocks.append(
                Paragraph("It ran with access to this machine's files and network: neither bwrap nor unshare works.")
            )
        title = "The installer works" if trial.passed else "The installer fails"
        sections.append(Section(title=title, blocks=tuple(blocks)))
    return tuple(sections)


def installer_json(built: BuiltInstaller | None, trial: Trial | None) -> dict[str, Any]:
    """Return the document for --json."""
    return {
        "installer": None
        if built is None
        else {
            "path": str(built.path),
            "size": built.size,
            "seconds": built.seconds,
            "others": list(map(str, built.others)),
        },
        "trial": None
        if trial is None
        else {
            "passed": trial.passed,
            "isolated": trial.isolated,
            "steps": [
                {"what": step.what, "status": step.status, "seconds": step.seconds, "output": step.output}
                for step in trial.steps
            ],
        },
    }
