"""What a reader of a result may want to do next: a command, and what it is good for."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from dirac_forge.report.document import Code, Items, Section
from dirac_forge.values import dataclass

_MOST_ARGUMENTS = 12
"""Arguments of a command that people still read."""
_FEW_FOLDERS = 3
"""Folders that are named one by one."""
_MOST_COPIED = 60
"""Arguments of one that people copy, since there is no shorter way."""


@dataclass(frozen=True, slots=True)
class Step:
    """A command of dirac-forge or a file to open, and what it shows or does."""

    command: str
    purpose: str


def step(purpose: str, command: str, *arguments: str, most: int = _MOST_ARGUMENTS) -> tuple[Step, ...]:
    """Return the step, its arguments quoted for a shell; nothing if they are more than `most`."""
    if len(arguments) > most:
        return ()
    return (Step(" ".join(("dirac-forge", command, *map(shlex.quote, arguments))), purpose),)


def repeated(steps: Sequence[Step], arguments: Sequence[str]) -> tuple[Step, ...]:
    """Return the steps with the options that each needs again, except those that a step sets itself.

    `doctor`, which is about the machine, and commands of other programs stay as they are.
    """
    return tuple(_with_arguments(each, arguments) for each in steps)


def _with_arguments(each: Step, arguments: Sequence[str]) -> Step:
    words = shlex.split(each.command)
    if words[:1] != ["dirac-forge"] or words[1:] == ["doctor"]:
        return each
    added: list[str] = []
    option = ""
    for part in arguments:
        option = part if part.startswith("--") else option
        if option not in words:
            added.append(part)
    return replace(each, command=shlex.join((*words, *added)))


def steps_section(steps: Sequence[Step]) -> tuple[Section, ...]:
    """Return the section `Next`, or nothing if there are no steps."""
    lines = tuple((Code(each.command), f": {each.purpose}") for each in steps)
    return Section.of("Next", [Items(lines) if lines else None])


def near(path: Path) -> str:
    """Return the path from the current folder, where it is below it."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _it(things: Sequence[object]) -> str:
    return "it" if len(things) == 1 else "them"


def with_folders(folders: Iterable[str]) -> list[str]:
    """Return the arguments that make `check` take these recipes as built."""
    return [part for folder in folders for part in ("--with", folder)]


def recipe_steps(folders: Sequence[Path], packages: Sequence[str], *, together: Path | None = None) -> tuple[Step, ...]:
    """Return what to do with the folders of recipes that were written to have `packages`.

    `together` is a folder that has these recipes and no other.
    """
    if not folders:
        return ()
    who = "it" if len(packages) == 1 else "they"
    purpose = f"checks whether {who} can be installed with {'this recipe' if len(folders) == 1 else 'these recipes'}"
    named = folders if together is None or len(folders) <= _FEW_FOLDERS else [together]
    arguments = (*packages, *with_folders(map(near, named)))
    return step(purpose, "check", *arguments, most=_MOST_COPIED)


def check_steps(
    asked: Sequence[str],
    recipes: Sequence[str],
    *,
    several: bool = False,
    good: bool,
    worse: bool,
    history: bool,
    buildable: Sequence[str] | None = (),
) -> tuple[Step, ...]:
    """Return what to do after a check of what was `asked`, with `recipes` merged or without any.

    Args:
        asked: what was to be checked.
        recipes: the folders that were taken as built.
        several: they have several recipes.
        good: everything is as it should be, and there are feedstocks to bump.
        worse: the recipes make something worse.
        history: the channel has the dates since when something is not installable.
        buildable: the options with which `build` can build the recipes here; None if it can't, or it is of no use.
    """
    if recipes and worse:
        return step("shows every cell and its reason", "check", *asked, *with_folders(recipes), "-v")
    if recipes:
        purpose = f"builds, installs and tests {'them' if several else 'it'} here; runs upstream code"
        return step(purpose, "build", *recipes, *buildable) if buildable is not None else ()
    if history:
        return step("shows when that began, and which upload caused it", "check", *asked, "--since", "30d")
    return step("shows which feedstocks have newer releases", "bump") if good else ()


def write_steps(proposed: Sequence[str], options: Sequence[str], *, reviewed: bool = True) -> tuple[Step, ...]:
    """Return how to write proposals, made with these `options`, into the workspace; without `reviewed` some have
    something to look at first.
    """
    after = "" if reviewed else "; read Needs review first"
    return step(f"writes {_it(proposed)} into the workspace{after}", "bump", *proposed, *options, "--write")


def waiting_steps(waiting: Sequence[str], options: Sequence[str]) -> tuple[Step, ...]:
    """Return how to write bumps that wait for others, which `--write` alone leaves out."""
    given = options if "--no-check" in options else (*options, "--no-check")
    return (
        step(
            f"writes also {'what waits' if len(waiting) > 1 else 'this one, which waits'}: nothing is proved then",
            "bump",
            *waiting,
            *given,
            "--write",
        )
        if waiting
        else ()
    )


def written_steps(names: Sequence[str]) -> tuple[Step, ...]:
    """Return how to build feedstocks whose bumps were written."""
    return step("builds, installs and tests what was written; runs upstream code", "build", *names)


def current_steps() -> tuple[Step, ...]:
    """Return what to ask if no feedstock has anything to move to."""
    return step("checks whether the targets are installable", "check")


def evidence_steps(asked: Sequence[str], options: Sequence[str] = ()) -> tuple[Step, ...]:
    """Return how to see why bumps wait or are blocked, of all feedstocks if none was asked for by name."""
    return step("shows the evidence for each", "bump", *asked, *options, "-v")


def first_steps(asked: Sequence[str], first: Sequence[str], absent: Sequence[str]) -> tuple[Step, ...]:
    """Return how to get at what has to move before what was `asked`.

    `first` are feedstocks of the workspace; `absent` are packages in too old a version of which no feedstock is here.
    """
    count = "both" if len(first) + len(asked) == 2 else "all"
    return (
        *(
            step(f"fetches what has to be updated first; then bump {_it(absent)} too", "sync", *absent)
            if absent
            else ()
        ),
        *(step(f"shows {count}, in order", "bump", *first, *asked) if first else ()),
    )


def build_steps(names: Sequence[str], options: Sequence[str] = (), *, passed: bool, kept: bool) -> tuple[Step, ...]:
    """Return what to do after a build of these feedstocks with these options; `kept`: its folders are still there."""
    if passed:
        return step("shows what the targets would install with these builds", "check", *with_folders(names))
    if kept or len(names) > _MOST_ARGUMENTS:
        return ()
    arguments = (*names, *options, "--keep")
    return step("keeps the folders of failed builds for inspection", "build", *arguments, most=len(arguments))
