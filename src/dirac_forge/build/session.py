"""A run of builds for a workspace: channels opened, recipes built in order, targets installed, one report."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import field
from importlib.util import find_spec
from pathlib import Path

from dirac_forge.build.building import STAGING
from dirac_forge.build.children import Child, ChildAnswer, run_child
from dirac_forge.build.cluster import BuildWorkers
from dirac_forge.build.commands import TargetCommand, check_targets, commands_for, never_run
from dirac_forge.build.environments import Environments, Explain
from dirac_forge.build.installing import Installer
from dirac_forge.build.isolation import ALLOW_UNISOLATED, UNISOLATED, Container, Limits, detect
from dirac_forge.build.jobs import machine_jobs
from dirac_forge.build.local_channel import LocalChannel, locked
from dirac_forge.build.mirror import Packages
from dirac_forge.build.model import FINE, BuildOptions, BuildReport, InstalledTarget, PackageResult
from dirac_forge.build.planning import pythons_in, with_missing
from dirac_forge.build.run import build_recipes
from dirac_forge.build.slots import Slots
from dirac_forge.build.sources import BuildSources
from dirac_forge.build.workspace_builds import channels_signature, machine_packages, prepared
from dirac_forge.channel.opening import ChannelContext, open_channel
from dirac_forge.channel.records import name_of
from dirac_forge.channel.solver import Channel
from dirac_forge.channel.virtual import this_platform
from dirac_forge.cluster import connected
from dirac_forge.errors import ForgeError, InputError, pip_install
from dirac_forge.feedstock.channel_pinning import pinning_or_warning
from dirac_forge.feedstock.facts import read_facts
from dirac_forge.feedstock.workspace import FeedstockFolder, Workspace
from dirac_forge.settings import Settings
from dirac_forge.upstream.index.client import IndexClient
from dirac_forge.values import dataclass

Run = Callable[[Child], ChildAnswer]


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildRequest:
    """What is to be built, and how."""

    folders: tuple[FeedstockFolder, ...]
    output: Path | None = None
    """Keeps channel, logs and caches; None: `build/` of the workspace."""
    with_missing: bool = False
    """Also the recipes of the workspace for what the channels lack."""
    targets: tuple[str, ...] = ()
    """Names of targets, or specs, to install; without any those that what is built belongs to."""
    commands: tuple[TargetCommand, ...] = ()
    """Run where their target is installed, besides the commands of the recipes' tests."""
    variant: Mapping[str, str] = field(default_factory=dict)
    install: bool = True
    """Whether targets are installed afterwards."""
    test_only: bool = False
    force: bool = False
    keep: bool = False
    jobs: int | None = None
    """Builds at the same time; None: as memory and processors allow."""
    container: str = ""
    cluster: str = ""
    """Address of a Dask scheduler whose workers build."""
    seconds: float = 3600.0
    """For each build or test."""
    memory: int | None = None
    """Bytes for each process."""


def run_builds(
    context: ChannelContext,
    workspace: Workspace,
    request: BuildRequest,
    *,
    explain: Explain,
) -> BuildReport:
    """Build, test and install; this runs code from upstream, isolated as far as the machine allows it.

    Args:
        context: settings, and the ways to everything outside.
        workspace: where recipes of dependencies are looked for.
        request: what is to be built.
        explain: returns why specs can't be installed together.

    Raises:
        InputError: wrong use, or another run holds the channel.
        UnknownError: a channel can't be read, or no cluster answers.
    """
    with connected(request.cluster) if request.cluster else nullcontext() as cluster:
        workers = BuildWorkers(cluster) if cluster is not None else None
        return _run_builds(context, workspace, request, explain, workers)


def _run_builds(
    context: ChannelContext, workspace: Workspace, request: BuildRequest, explain: Explain, workers: BuildWorkers | None
) -> BuildReport:
    started = time.monotonic()
    settings, platform = context.settings, this_platform()
    _refuse(request, settings, platform)
    folder = (request.output or settings.workspace / "build").absolute()
    _make(folder)
    channel = open_channel(context, machine=(platform, machine_packages()))
    jobs = request.jobs or (workers.places if workers else machine_jobs(request.memory))
    available = pythons_in(channel, platform, at_least=settings.python_min)
    pythons = _pythons(settings, available, platform)
    options = _options(request, folder, platform, pythons, available, jobs)
    with locked(folder / "channel"):
        local = LocalChannel(folder / "channel", platform=platform)
        shutil.rmtree(folder / STAGING, ignore_errors=True)
        isolation = workers.check(folder) if workers is not None else options.isolation
        if isolation == "none" and options.container is None and not settings.unisolated_builds:
            raise InputError(
                f"{'a worker of the cluster' if workers else 'this machine'} can't isolate builds, and {UNISOLATED}: "
                "nothing was built",
                hint=f"Install bubblewrap (on Linux), use `build --container IMAGE`, or {ALLOW_UNISOLATED}.",
            )
        run = workers.run if workers is not None else run_child
        session = _Session(context, workspace, channel, options, local, explain, run)
        packages = session.packages(request)
        installed = session.installed(packages, request) if request.install else ()
        shutil.rmtree(folder / STAGING, ignore_errors=True)
    return BuildReport(
        channel=local.folder,
        platform=platform,
        isolation="container" if options.container else isolation,
        packages=packages,
        installed=installed,
        seconds=time.monotonic() - started,
    )


def _options(
    request: BuildRequest, folder: Path, platform: str, pythons: tuple[str, ...], available: tuple[str, ...], jobs: int
) -> BuildOptions:
    return BuildOptions(
        platform=platform,
        pythons=pythons,
        available=available,
        folder=folder,
        isolation=detect(),
        container=Container.of(request.container) if request.container else None,
        limits=Limits(seconds=request.seconds, memory=request.memory),
        jobs=jobs,
        keep=request.keep,
        force=request.force,
        test_only=request.test_only,
    )


class _Session:
    """What one run works with."""

    def __init__(
        self,
        context: ChannelContext,
        workspace: Workspace,
        channel: Channel,
        options: BuildOptions,
        local: LocalChannel,
        explain: Explain,
        run: Run,
    ) -> None:
        self._context = context
        self._workspace = workspace
        self._channel = channel
        self._options = options
        self._local = local
        self._run = run
        self._slots = Slots(options.folder / "slots", options.jobs, keep=options.keep)
        downloads = Packages(options.folder / "packages", lambda: context.http)
        self._environments = Environments(channel, local, downloads, platform=options.platform, explain=explain)

    def packages(self, request: BuildRequest) -> tuple[PackageResult, ...]:
        """Build what is asked for, in order."""
        context, options = self._context, self._options
        folders = self._with_missing(request.folders) if request.with_missing else request.folders
        for said in (said for folder in folders for said in folder.warnings):
            self._context.observer.warned(said)
        pinning = pinning_or_warning(context, self._channel)
        ready = prepared(
            folders,
            self._channel,
            pinning,
            platform=options.platform,
            pythons=options.pythons,
            available=options.available,
            chosen=request.variant,
            converted=options.folder / "converted",
        )
        for recipe in ready.recipes:
            if recipe.original is not None:
                context.observer.warned(
                    f"{recipe.feedstock} has a {recipe.original.name}: {recipe.recipe}, which has the same "
                    "requirements, is built instead"
                )
            if recipe.without:
                context.observer.warned(
                    f"{recipe.feedstock} is not built for Python {', '.join(recipe.without)}: the channel has none"
                )
        index = IndexClient(context.http, url=context.settings.index_url)
        results = build_recipes(
            ready.recipes,
            options,
            environments=self._environments,
            local=self._local,
            sources=BuildSources(options.folder / "sources", lambda: context.http, index.project),
            signature=channels_signature(self._channel, options.platform),
            store=context.store,
            observer=context.observer,
            slots=self._slots,
            run=self._run,
        )
        return (*ready.refused, *results)

    def installed(self, results: Sequence[PackageResult], request: BuildRequest) -> tuple[InstalledTarget, ...]:
        """Install the targets, each with the lowest and the highest Python."""
        installer = Installer(environments=self._environments, options=self._options, slots=self._slots, run=self._run)
        pythons = self._options.pythons
        ends = dict.fromkeys((*pythons[:1], *pythons[-1:])) or {"": None}
        targets = self._targets(request.targets, results)
        for command in never_run(request.commands, targets):
            self._context.observer.warned(f"--run {str(command)!r} did not run: its target is not installed")
        return tuple(
            installer.install(name, specs, python, commands_for(name, specs, results, request.commands))
            for name, specs in targets.items()
            for python in ends
        )

    def _targets(self, asked: Sequence[str], results: Sequence[PackageResult]) -> dict[str, tuple[str, ...]]:
        made = {result.output for result in results if result.status in FINE}
        known = {name: target.specs for name, target in self._context.settings.targets.items()}
        if asked:
            return {name: known.get(name, (name,)) for name in asked}
        return _targets_with(made, known, _outputs_made(results, made))

    def _with_missing(self, asked: Sequence[FeedstockFolder]) -> tuple[FeedstockFolder, ...]:
        folders = {folder.name: folder for folder in (*self._workspace, *asked)}
        facts = read_facts(folders.values(), None, self._context.store, observer=self._context.observer)
        index = self._channel.index(self._options.platform)

        def lacks(name: str, text: str) -> bool:
            if not index.group(name).records:
                return True
            return name_of(text) == name and not index.match(text)[1]

        found = with_missing([folder.name for folder in asked], facts, lacks)
        return tuple(folders[name] for name in found)


def _refuse(request: BuildRequest, settings: Settings, platform: str) -> None:
    """Refuse what can't be done before anything is. Raises InputError."""
    if not request.container and find_spec("rattler_build") is None:
        raise InputError(
            "builds need py-rattler-build, which is not installed",
            hint=f"Install it: {pip_install('build')}.",
        )
    check_targets(request.commands, _names_of_targets(request, settings))
    _only_this(platform, settings.platforms if "platforms" in settings.flags else ())


def _only_this(platform: str, asked: Sequence[str]) -> None:
    others = [one for one in asked if one != platform]
    if others:
        raise InputError(
            f"{', '.join(others)} can't be built here: this machine is {platform}",
            hint="Run the same command on a machine of that kind; docs/build.md has a workflow with a matrix.",
        )


def _names_of_targets(request: BuildRequest, settings: Settings) -> set[str]:
    """Return what a command may name as its target: targets, their packages, and what is built."""
    known = {name: target.specs for name, target in settings.targets.items()}
    specs = [spec for name in request.targets or known for spec in known.get(name, (name,))]
    built = [] if request.targets else [name for one in request.folders for name in (one.name, *_outputs(one))]
    return {*(request.targets or known), *map(name_of, specs), *built}


def _outputs(folder: FeedstockFolder) -> tuple[str, ...]:
    try:
        return tuple(output.name for output in folder.read().text.render(platform=this_platform()).outputs)
    except (ForgeError, OSError):
        return ()  # the build says what is wrong with it


def _make(folder: Path) -> None:
    """Make the folder, and let git ignore it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        marker = folder / ".gitignore"
        if not marker.exists():
            marker.write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{folder} can't be written: {error.strerror or error}", hint="Name another folder with --output."
        ) from error


def _pythons(settings: Settings, there: tuple[str, ...], platform: str) -> tuple[str, ...]:
    """Return those to test and install with: all, or those that are asked for."""
    if "pythons" not in settings.flags:
        return there
    missing = [python for python in settings.pythons if python not in there]
    if missing:
        raise InputError(f"the channel has no Python {', '.join(missing)} for {platform}")
    return tuple(python for python in there if python in settings.pythons)


def _targets_with(
    made: Collection[str], known: Mapping[str, tuple[str, ...]], outputs_made: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """Return the targets that something was made for, and each feedstock of which no target has an output."""
    targets = {name: specs for name, specs in known.items() if not set(map(name_of, specs)).isdisjoint(made)}
    covered = {name_of(spec) for specs in targets.values() for spec in specs}
    for feedstock, outputs in outputs_made.items():
        if covered.isdisjoint(outputs):
            targets.setdefault(feedstock, outputs)
    return targets


def _outputs_made(results: Sequence[PackageResult], made: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return each feedstock's outputs that were made, where there are any."""
    outputs: dict[str, dict[str, None]] = {}
    for result in results:
        mine = outputs.setdefault(result.feedstock, {})
        if result.output in made:
            mine[result.output] = None
    return {feedstock: tuple(names) for feedstock, names in outputs.items() if names}
