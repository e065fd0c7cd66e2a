"""Findings of `doctor`: decided from raw facts, and shown as text or JSON."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dirac_forge.errors import ForgeError, UnknownError, pip_install
from dirac_forge.http import NotFoundError
from dirac_forge.values import dataclass

if TYPE_CHECKING:
    from rich.console import RenderableType

Status = Literal["ok", "missing", "unknown"]

_OLDEST_PYTHON = (3, 11)
_LEAST_FREE = 2_000_000_000
_BUILD_ENGINE = "py-rattler-build"
_REQUIRED = frozenset({"python", "git", "index"})
"""Names of findings; channels are required, too."""
_OLDEST_GIT = (2, 31)
"""The first version that reads its configuration from the environment."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """The state of one thing that dirac-forge uses."""

    name: str
    status: Status
    detail: str
    """What was found, or tried."""
    cost: str = ""
    """What does not work without it."""
    remedy: str = ""
    """How to get it."""
    required: bool = False
    """Most commands need it."""
    asked: bool = True
    """Whether it was looked at: offline, hosts are not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """A program on PATH."""

    path: str | None
    """None: not found."""
    said: str | None = None
    """What `--version` printed, or None if it failed or took too long."""


Answer = ForgeError | str | None
"""The answer of a host: an error, why it was not asked (text), or None for success."""


def _ok(name: str, detail: str, *, required: bool = False) -> Check:
    return Check(name=name, status="ok", detail=detail, required=required)


def _missing(name: str, detail: str, *, cost: str, remedy: str, required: bool = False) -> Check:
    return Check(name=name, status="missing", detail=detail, cost=cost, remedy=remedy, required=required)


def _unknown(name: str, detail: str, *, cost: str, remedy: str = "", required: bool = False) -> Check:
    return Check(name=name, status="unknown", detail=detail, cost=cost, remedy=remedy, required=required)


def python_finding(version: tuple[int, int, int], executable: str, engine: Mapping[str, str | None]) -> Check:
    """Decide on Python and the libraries of the engine; `engine`: their versions, None for a missing one."""
    detail = f"{'.'.join(map(str, version))} ({executable})"
    lost = [name for name, found in engine.items() if found is None and name != _BUILD_ENGINE]
    if version[:2] < _OLDEST_PYTHON:
        oldest = ".".join(map(str, _OLDEST_PYTHON))
        return _missing("python", detail, cost="everything", remedy=f"use {oldest} or newer", required=True)
    if lost:
        return _missing(
            "python",
            f"{detail} without {', '.join(lost)}",
            cost="rendering and solving",
            remedy="reinstall dirac-forge: these are its dependencies",
            required=True,
        )
    have = [f"{name} {found}" for name, found in engine.items() if found is not None and name != _BUILD_ENGINE]
    return _ok("python", ", ".join([detail, *have]), required=True)


_ISOLATED = {"bwrap": "isolated by bwrap", "unshare": "isolated by user namespaces", "none": "not isolated"}


def build_finding(engine: str | None, isolation: Literal["bwrap", "unshare", "none"], *, unisolated: bool) -> Check:
    """Decide on the engine of `build`, by its version, or None if it is not installed; `unisolated` allows builds that
    are not isolated.
    """
    if engine is not None:
        detail = f"{_BUILD_ENGINE} {engine}, {_ISOLATED[isolation]}; the programs pixi and rattler-build are not needed"
        if isolation != "none" or unisolated:
            return _ok("build", detail)
        return _missing(
            "build",
            detail,
            cost="nothing is built, and no installer is tried: upstream code could read and change your files",
            remedy="install bubblewrap or allow user namespaces (on Linux), use `build --container IMAGE`, or set "
            "DIRAC_FORGE_UNISOLATED_BUILDS=1 on a disposable machine",
        )
    return _missing(
        "build", f"{_BUILD_ENGINE} is not installed", cost="no `dirac-forge build`", remedy=pip_install("build")
    )


def git_finding(git: Program) -> Check:
    """Decide on git, which reads and writes feedstocks."""
    if git.path is None:
        return _missing(
            "git",
            "not on PATH",
            cost="no sync, no tags of git hosts, no pull requests",
            remedy="https://git-scm.com/downloads",
            required=True,
        )
    found = _program("git", git, required=True)
    number = re.search(r"(\d{1,9})\.(\d{1,9})", git.said or "")
    if number is not None and (int(number[1]), int(number[2])) < _OLDEST_GIT:
        return replace(
            found,
            status="missing",
            cost="no pull requests with a token: older versions can't be given the token secretly",
            remedy="use {}.{} or newer: https://git-scm.com/downloads".format(*_OLDEST_GIT),
            required=False,
        )
    return found


def smithy_finding(smithy: Program) -> Check:
    """Decide on conda-smithy, which lints and rerenders; the project of this name on PyPI is a placeholder."""
    cost = (
        "recipes are not linted and feedstocks are not rerendered here; conda-forge's bot does both in the pull request"
    )
    if smithy.path is None:
        return _missing(
            "conda-smithy",
            "not on PATH",
            cost=cost,
            remedy="`pixi global install conda-smithy` or `conda install -c conda-forge conda-smithy`; never with pip",
        )
    return _program("conda-smithy", smithy)


def _program(name: str, program: Program, *, required: bool = False) -> Check:
    number = re.search(r"\d+(\.\d+)+\S*", program.said or "")
    if number is None:
        return _unknown(
            name,
            f"{program.path} does not print its version",
            cost=f"everything that needs {name} may fail",
            remedy=f"check what `{name} --version` prints",
            required=required,
        )
    return _ok(name, f"{number.group()} ({program.path})", required=required)


def token_finding(
    environ: Mapping[str, str], scopes: frozenset[str] | str | None = None, *, outside: str = ""
) -> Check:
    """Decide on GitHub credentials, and name the GitHub that they are for.

    `scopes` are those of a classic token, or why they are not known; None for a token of another kind. `outside` is
    where a token is that the environment does not hold.
    """
    api = environ.get("GITHUB_API_URL", "").strip()
    where = f", for {api}" if api else ""
    app = [name for name in _APP if environ.get(name, "").strip()]
    if len(app) == len(_APP):
        return _ok("github token", f"a GitHub App's, by {' and '.join(_APP)}{where}")
    if app:
        (absent,) = set(_APP) - set(app)
        return _missing(
            "github token",
            f"{absent} is not set: a GitHub App needs its id and its private key",
            cost="no pull requests",
            remedy=f"set {absent}, or unset {app[0]}",
        )
    variable = token_variable(environ)
    if variable:
        return _scoped(_ok("github token", f"in {variable}{where}"), scopes)
    if outside:
        return _ok("github token", f"in {outside}{where}")
    return _missing(
        "github token",
        "none in GITHUB_TOKEN, GH_TOKEN, GITHUB_TOKEN_FILE, the keyring or `gh auth token`, and no GitHub App's key",
        cost="no pull requests: --pr needs it; `bot run` without --pr writes to a folder, outbox/",
        remedy="create a classic token with the scopes public_repo and workflow at "
        "https://github.com/settings/tokens, and keep it with `gh auth login`, or in a file that GITHUB_TOKEN_FILE "
        "names; do not put it into GITHUB_TOKEN: every process could read it, so recipes would not be rendered here "
        "(docs/bot.md)",
    )


def unreadable_token_finding(error: ForgeError) -> Check:
    """Return the finding for a token that is named and can't be taken."""
    remedy = error.hint or "docs/bot.md lists the places for it"
    return _missing("github token", error.message, cost="no pull requests (--pr)", remedy=remedy)


def token_variable(environ: Mapping[str, str]) -> str:
    """Return the variable with a token, or "" if there is none; pull requests take them in the same order."""
    return next((name for name in ("GITHUB_TOKEN", "GH_TOKEN") if environ.get(name, "").strip()), "")


def _scoped(finding: Check, scopes: frozenset[str] | str | None) -> Check:
    if scopes is None:
        return finding
    if isinstance(scopes, str):
        return replace(finding, detail=f"{finding.detail}; its scopes are unknown: {scopes}")
    absent = sorted(_SCOPES - scopes - ({"public_repo"} if "repo" in scopes else set()))
    listed = ", ".join(sorted(scopes)) or "none"
    if not absent:
        return replace(finding, detail=f"{finding.detail}, with the scopes {listed}")
    return replace(
        finding,
        status="missing",
        detail=f"{finding.detail}; its scopes are {listed}",
        cost=f"no pull requests that need {' and '.join(absent)}",
        remedy=f"add {' and '.join(absent)} at https://github.com/settings/tokens",
    )


_SCOPES = frozenset({"public_repo", "workflow"})
_APP = ("GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY")


def ledger_finding(path: Path, outbox: Path, *, last: str, problem: str) -> Check:
    """Decide on the bot's records; `last`: time of the last run, "" for never; `problem`: why they can't be read."""
    if problem:
        return _unknown(
            "bot",
            f"{path}: {problem}",
            cost="attempts and people's decisions are lost; open requests are found again on GitHub",
            remedy="move it away: the next run creates a new one",
        )
    ran = f"last run {last}" if last else "no run yet"
    return _ok("bot", f"{ran}; its ledger is {path}, its outbox {outbox}")


def place_finding(kind: Literal["channel", "index"], place: str, answer: Answer) -> Check:
    """Decide on a channel or the package index, from its answer."""
    name = f"{kind} {place}" if kind == "channel" else kind
    costs = {
        "channel": "its packages are unknown; for conda-forge the embedded snapshot is used instead",
        "index": "no releases: recipes and bumps only from cached data",
    }
    plain = _unknown(name, "", cost=costs[kind], required=True)
    match answer:
        case None:
            detail = "answers" if kind == "channel" else f"{place} answers"
            return _ok(name, detail, required=True)
        case str():
            return replace(plain, detail=answer, remedy="leave out --offline", asked=False)
        case NotFoundError():
            option = "--channel" if kind == "channel" else "--index-url"
            return replace(plain, status="missing", detail=answer.message, remedy=f"name another one: {option}")
        case _:
            return replace(plain, detail=answer.message, remedy=answer.hint or "try again later")


def cache_finding(folder: Path, *, files: int, size: int, fault: str = "", complete: bool = True) -> Check:
    """Decide on the cache; `size` in bytes; `fault`: why it can't be written; `complete`: all files were counted."""
    few = "" if complete else "more than "
    noun = "file" if files == 1 else "files"
    detail = f"{folder}: {few}{files:,} {noun}, {few}{size / 1e6:,.1f} MB"
    if not fault:
        return _ok("cache", detail)
    return _missing(
        "cache",
        f"{detail}; can't be written: {fault}",
        cost="every run downloads everything again",
        remedy="use another folder: DIRAC_FORGE_CACHE, or the key `cache` in the settings",
    )


def disk_finding(folder: Path, *, free: int, writable: bool = True) -> Check:
    """Decide on the disk of the workspace; `free` in bytes."""
    detail = f"{folder}: {free / 1e9:,.1f} GB free"
    if not writable:
        return _missing(
            "disk",
            f"{detail}; can't be written",
            cost="no recipes, bumps, builds, records of the bot or prepared changes there",
            remedy="make the workspace writable, or work on a copy of it (--workspace)",
        )
    if free >= _LEAST_FREE:
        return _ok("disk", detail)
    return _missing(
        "disk",
        detail,
        cost="repodata, archives and builds may not fit",
        remedy=f"free {_LEAST_FREE / 1e9:.0f} GB, or set DIRAC_FORGE_CACHE to a folder on another disk",
    )


def late_finding(name: str, *, limit: float, place: str = "") -> Check:
    """Return the finding for a check that took too long; `place` is the folder that it looks at, "" for a host."""
    required = name in _REQUIRED or name.startswith("channel ")
    late = f"no answer within {limit:g} s"
    if not place:
        return _unknown(
            name,
            late,
            cost=f"everything that needs {name} may fail or be slow",
            remedy="try again, or check the network and the proxy settings",
            required=required,
        )
    return _unknown(
        name,
        f"{place}: {late}",
        cost="a slow disk makes every run slow",
        remedy="try again, or see whether the disk is slow or busy",
        required=required,
    )


def exit_code(findings: Iterable[Check]) -> int:
    """Return 1 where something required is missing, 3 where it did not answer, else 0."""
    states = {finding.status for finding in findings if finding.required and finding.asked}
    return 1 if "missing" in states else UnknownError.exit_code if "unknown" in states else 0


def as_text(findings: Sequence[Check]) -> RenderableType:
    """Return the findings for a terminal, with cost and remedy of what is missing, and how many there are."""
    from dirac_forge.report.document import Bold, Items, Line, Paragraph, Section  # noqa: PLC0415  # --json does without
    from dirac_forge.report.terminal import Shown  # noqa: PLC0415

    sections = []
    for finding in findings:
        lines: list[Line] = [f"without: {finding.cost}"] if finding.cost else []
        lines += [(Bold("to do:"), f" {finding.remedy}")] if finding.remedy else []
        title: Line = (f"{finding.status}: {finding.name}: ", finding.detail)
        sections.append(Section(title=title, blocks=(Items(tuple(lines)),) if lines else ()))
    counts = Counter(finding.status for finding in findings)
    told = ", ".join(f"{counts[status]} {status}" for status in ("ok", "missing", "unknown") if counts[status])
    return Shown([*sections, Section(title="", blocks=(Paragraph(f"{told}: {_ending(findings)}"),))], indent=2)


def _ending(findings: Sequence[Check]) -> str:
    match exit_code(findings):
        case 0:
            asked = all(finding.asked for finding in findings)
            return "everything that is required is available" + (
                "" if asked else ", except hosts, which were not asked"
            )
        case 1:
            return "something required is missing"
        case _:
            return "whether everything that is required is available is unknown"


def as_json(findings: Sequence[Check]) -> dict[str, object]:
    """Return the findings for programs."""
    keys = ("name", "status", "detail", "cost", "remedy", "required")
    return {"findings": [{key: getattr(finding, key) for key in keys} for finding in findings]}
