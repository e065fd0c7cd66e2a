"""`dirac-forge build`: recipes built, installed and tested for real on this machine, into a local channel."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from dirac_forge.build.children import run_child
from dirac_forge.build.environments import Environments
from dirac_forge.build.failures import SourceUnavailable, Unsolvable
from dirac_forge.build.installing import Installer
from dirac_forge.build.isolation import Container, Limits, detect
from dirac_forge.build.local_channel import LocalChannel
from dirac_forge.build.mirror import Packages
from dirac_forge.build.model import BuildOptions, BuildReport, InstalledTarget, PackageResult
from dirac_forge.build.planning import pythons_in, with_missing
from dirac_forge.build.run import build_recipes
from dirac_forge.build.slots import Slots
from dirac_forge.build.sources import BuildSources
from dirac_forge.build.workspace_builds import channels_signature, machine_packages, prepared, this_platform
from dirac_forge.channel.opening import open_channel
from dirac_forge.channel.records import name_of
from dirac_forge.channel.solver import Channel
from dirac_forge.check.matrix import Cell, explain_cell
from dirac_forge.cli.context import Context
from dirac_forge.errors import InputError
from dirac_forge.feedstock.channel_pinning import pinning_or_warning
from dirac_forge.feedstock.facts import read_facts
from dirac_forge.feedstock.workspace import FeedstockFolder, read_workspace
from dirac_forge.report.build import build_json, build_text
from dirac_forge.upstream.index.client import IndexClient

__all__ = ["BuildCommand", "build"]

_NO, _UNKNOWN = 1, 3
_MEMORY_PER_JOB = 4 * 1024**3


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildCommand:
    """What the command line asks for."""

    feedstocks: tuple[str, ...] = ()
    with_missing: bool = False
    targets: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    variant: tuple[str, ...] = ()
    output: Path | None = None
    test_only: bool = False
    force: bool = False
    keep: bool = False
    jobs: int | None = None
    container: str = ""
    seconds: float = 3600.0
    memory: int | None = None


def build(context: Context, asked: BuildCommand) -> int:
    """Build what is asked for, answer with one page, and return the exit code."""
    if not asked.container and find_spec("rattler_build") is None:
        raise InputError(
            "builds need py-rattler-build, which is not installed", hint="Install it: pip install 'dirac-forge[build]'."
        )
    started = time.monotonic()
    settings = context.settings
    platform = this_platform()
    _only_this(platform, settings.platforms if "platforms" in settings.flags else ())
    folder = (asked.output or settings.workspace / "build").absolute()
    _make(folder)
    workspace = read_workspace(settings.workspace)
    folders = [workspace.find(name) for name in asked.feedstocks] or list(workspace)
    if not folders:
        raise InputError(f"there is no feedstock in {settings.workspace}", hint="Name a recipe or give --workspace.")
    channel = open_channel(context, machine=(platform, machine_packages()))
    pythons = _pythons(context, channel, platform)
    pinning = pinning_or_warning(context, channel)
    if asked.with_missing:
        folders = _with_missing(context, channel, folders, platform)
    options = BuildOptions(
        platform=platform,
        pythons=pythons,
        folder=folder,
        isolation=detect(),
        container=Container.of(asked.container) if asked.container else None,
        limits=Limits(seconds=asked.seconds, memory=asked.memory),
        jobs=asked.jobs or _jobs(),
        keep=asked.keep,
        force=asked.force,
        test_only=asked.test_only,
    )
    slots = Slots(folder / "slots", options.jobs, keep=options.keep)
    local = LocalChannel(folder / "channel", platform=platform)
    with local.locked():
        packages = Packages(folder / "packages", context.http)
        environments = Environments(channel, local, packages, platform=platform, explain=_explained)
        chosen = _chosen(asked.variant)
        ready = prepared(folders, channel, pinning, platform=platform, pythons=pythons, chosen=chosen)
        for recipe in ready.recipes:
            if recipe.without:
                context.observer.warned(
                    f"{recipe.feedstock} is not built for Python {', '.join(recipe.without)}: the channel has none"
                )
        index = IndexClient(context.http, url=settings.index_url)
        results = build_recipes(
            ready.recipes,
            options,
            environments=environments,
            local=local,
            sources=BuildSources(folder / "sources", lambda: context.http, index.project),
            signature=channels_signature(channel, platform),
            store=context.store,
            observer=context.observer,
            slots=slots,
            run=run_child,
        )
        everything = (*ready.refused, *results)
        installer = Installer(environments=environments, options=options, slots=slots, run=run_child)
        installed = _installed(context, everything, asked, installer)
    report = BuildReport(
        channel=local.folder,
        platform=platform,
        isolation="container" if options.container else options.isolation,
        packages=everything,
        installed=tuple(installed),
        seconds=time.monotonic() - started,
    )
    context.answer(build_text(report, verbose=context.options.verbose), build_json(report))
    return _exit_code(report)


def _explained(view: Channel, specs: tuple[str, ...], platform: str, text: str) -> str:
    """Why specs can't be installed together, as `check` says it."""
    cell = Cell(
        target="", platform=platform, python="", specs=specs, wanted=True, status="not-installable", reason=text
    )
    return explain_cell(view, cell, remedies=False, older=False).reason


def _only_this(platform: str, asked: Sequence[str]) -> None:
    others = [one for one in asked if one != platform]
    if others:
        raise InputError(
            f"{', '.join(others)} can't be built here: this machine is {platform}",
            hint="Run the same command on a machine of that kind; docs/build.md has a workflow with a matrix.",
        )


def _make(folder: Path) -> None:
    """The folder, which git ignores."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        marker = folder / ".gitignore"
        if not marker.exists():
            marker.write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{folder} can't be written: {error.strerror or error}", hint="Give --output.") from error


def _jobs() -> int:
    """As many as there is memory and processors for."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 1
    return max(1, min(os.cpu_count() or 1, int(memory // _MEMORY_PER_JOB)))


def _pythons(context: Context, channel: Channel, platform: str) -> tuple[str, ...]:
    settings = context.settings
    there = pythons_in(channel, platform, at_least=settings.python_min)
    if "pythons" not in settings.flags:
        return there
    missing = [python for python in settings.pythons if python not in there]
    if missing:
        raise InputError(f"the channel has no Python {', '.join(missing)} for {platform}")
    return tuple(python for python in there if python in settings.pythons)


def _chosen(texts: Sequence[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.isidentifier():
            raise InputError(f"--variant {text!r}: expected KEY=VALUE", hint="For example --variant openssl=3.5.")
        found[key] = value
    return found


def _with_missing(
    context: Context, channel: Channel, asked: Sequence[FeedstockFolder], platform: str
) -> list[FeedstockFolder]:
    workspace = read_workspace(context.settings.workspace)
    folders = {folder.name: folder for folder in (*workspace, *asked)}
    facts = read_facts(folders.values(), None, context.store, observer=context.observer)
    index = channel.index(platform)

    def lacks(name: str, text: str) -> bool:
        if not index.group(name).records:
            return True
        return name_of(text) == name and not index.match(text)[1]

    found = with_missing([folder.name for folder in asked], facts, lacks)
    return [folders[name] for name in found]


def _installed(
    context: Context,
    results: Sequence[PackageResult],
    asked: BuildCommand,
    installer: Installer,
) -> list[InstalledTarget]:
    made = {result.output for result in results if result.status in ("built", "unchanged")}
    targets = _targets(context, asked.targets, results, made)
    found = []
    for name, specs in targets.items():
        programs = [*_commands(specs, results), *asked.commands]
        pythons = installer.options.pythons
        ends = dict.fromkeys((*pythons[:1], *pythons[-1:])) or {"": None}
        found += [installer.install(name, specs, python, programs) for python in ends]
    return found


def _targets(
    context: Context, asked: Sequence[str], results: Sequence[PackageResult], made: set[str]
) -> dict[str, tuple[str, ...]]:
    known = {name: target.specs for name, target in context.settings.targets.items()}
    if asked:
        return {name: known.get(name, (name,)) for name in asked}
    found = {name: specs for name, specs in known.items() if made & set(map(name_of, specs))}
    covered = {name_of(spec) for specs in found.values() for spec in specs}
    for result in results:
        if result.output in made and result.output not in covered:
            mine = tuple(one.output for one in results if one.feedstock == result.feedstock and one.output in made)
            if not covered & set(mine):
                found.setdefault(result.feedstock, tuple(dict.fromkeys(mine)))
    return found


def _commands(specs: Sequence[str], results: Sequence[PackageResult]) -> list[str]:
    """What the recipes of these packages run in their own tests."""
    names = set(map(name_of, specs))
    found: dict[str, None] = {}
    for result in results:
        if result.output in names:
            found |= dict.fromkeys(result.commands)
    return list(found)[:20]


def _exit_code(report: BuildReport) -> int:
    if report.passed:
        return 0
    failures = [*(one.failure for one in report.packages), *(one.failure for one in report.installed)]
    wrong = [one for one in failures if one is not None]
    open_ = [one for one in wrong if isinstance(one, (SourceUnavailable, Unsolvable)) and one.unknown]
    return _UNKNOWN if wrong and len(open_) == len(wrong) else _NO
