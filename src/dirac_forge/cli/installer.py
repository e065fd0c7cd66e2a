"""`dirac-forge installer`: installers built from a solve, and tried in a fresh prefix."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from dirac_forge.build.isolation import ALLOW_UNISOLATED, UNISOLATED, detect
from dirac_forge.channel.solver import Channel
from dirac_forge.channel.virtual import this_platform
from dirac_forge.check.files.construct import rendered
from dirac_forge.check.files.content import content_of
from dirac_forge.cli.context import Context
from dirac_forge.cli.distributions import channels_for, known_records, publishable
from dirac_forge.distribution.installer import (
    BuiltInstaller,
    Trial,
    build_installer,
    find_constructor,
    try_installer,
)
from dirac_forge.distribution.installer_rules import installer_objections
from dirac_forge.distribution.lock_check import LockCheck, repeated_packages
from dirac_forge.distribution.lockable import UnlockablePackages, unlockable
from dirac_forge.distribution.locked_files import lost_files
from dirac_forge.distribution.origins import is_made_from, noted_origin
from dirac_forge.distribution.solving import (
    Distribution,
    Known,
    SolvedDistribution,
    locked_distribution,
    solve,
    unsatisfied,
)
from dirac_forge.errors import InputError, redact
from dirac_forge.programs import plain_environment
from dirac_forge.recipe.reading.yamlnodes import plain
from dirac_forge.report.document import Items, Paragraph, Section
from dirac_forge.report.installer_objections import objection_words
from dirac_forge.report.installers import installer_json, installer_sections
from dirac_forge.report.locks import difference_lines, failed_json, failed_lines
from dirac_forge.report.next_steps import Step, near, step
from dirac_forge.report.terminal import Shown
from dirac_forge.report.unlockable import OTHER_CHANNEL, reasons_json, refused_lines
from dirac_forge.values import dataclass

_THREADS = 4
_FILES = ("license_file", "readme_file", "pre_install", "post_install", "pre_uninstall")
"""Keys of construct.yaml that name a file next to it."""
Channels = Callable[[str], Channel]


@dataclass(frozen=True, kw_only=True, slots=True)
class InstallerRequest:
    """The options of the command."""

    file: Path | None
    verify: Path | None
    output: Path
    imports: tuple[str, ...]
    commands: tuple[str, ...]
    attempt: bool
    lock: Path | None = None
    no_lock: bool = False

    @property
    def lock_path(self) -> Path | None:
        """The lock whose packages are taken; None for a new solve."""
        beside = (self.file or Path()).parent / "pixi.lock"
        return None if self.no_lock else self.lock or (beside if beside.is_file() else None)


@dataclass(frozen=True, kw_only=True, slots=True)
class InstallerPlan:
    """What an installer is built from."""

    file: Path
    platform: str
    construct: Mapping[str, object]
    solved: SolvedDistribution
    lock: Path | None
    refused: Sequence[UnlockablePackages] = ()
    """What no installer can be made of."""


def installer(context: Context, request: InstallerRequest) -> int:
    """Build or take an installer, try it, answer with what came of it, and return the exit code. Raises InputError."""
    match request:
        case InstallerRequest(file=Path() as file, verify=None):
            return _made(context, request, file)
        case InstallerRequest(file=None, verify=Path() as made) if request.lock is None and not request.no_lock:
            if _unisolated(context):
                hint = f"Install bubblewrap (on Linux), or {ALLOW_UNISOLATED}."
                raise InputError(f"this machine can't isolate the installer, and {UNISOLATED}", hint=hint)
            return _answer(context, None, _tried(request, made))
        case InstallerRequest(file=None, verify=Path()):
            raise InputError("--verify builds nothing: --lock and --no-lock have no effect")
        case _:
            raise InputError("give either a construct.yaml or --verify INSTALLER")


def _made(context: Context, request: InstallerRequest, file: Path) -> int:
    """Build an installer, try it if this is its platform, answer, and return the exit code."""
    program = find_constructor(context.environ.get("PATH"))
    plan = _planned(context, request, file)
    if plan.solved.failed or plan.refused:
        return _failed(context, plan)
    built = _built(context, request, plan, program)
    here = plan.platform == this_platform()
    trial = None
    if request.attempt and not here:
        context.observer.warned(f"an installer for {plan.platform} cannot be tried here ({this_platform()})")
    elif request.attempt and _unisolated(context):
        context.observer.warned(
            f"the installer is not tried: this machine can't isolate it, and {UNISOLATED}; {ALLOW_UNISOLATED}"
        )
    elif request.attempt:
        trial = _tried(request, built.path, plan.solved)
    return _answer(context, built, trial, lock=plan.lock)


def _unisolated(context: Context) -> bool:
    """Whether what an installer runs would not be isolated here, without the user's consent."""
    return detect() == "none" and not context.settings.unisolated_builds


def _answer(context: Context, built: BuiltInstaller | None, trial: Trial | None, *, lock: Path | None = None) -> int:
    sections = installer_sections(built, trial, lock=str(lock or ""))
    document = installer_json(built, trial) | {"lock": str(lock) if lock else None}
    context.answer(Shown(sections), document, steps=_after(built, trial))
    return 0 if trial is None or trial.passed else 1


def _after(built: BuiltInstaller | None, trial: Trial | None) -> tuple[Step, ...]:
    if built is None or trial is not None:
        return ()
    return step("tries it, on a machine of its platform", "installer", "--verify", near(built.path))


def _tried(request: InstallerRequest, path: Path, solved: SolvedDistribution | None = None) -> Trial:
    expected = {
        environment: frozenset(f"{each.name.normalized}-{each.version}-{each.build}" for each in records)
        for environment, platforms in (solved.records if solved else {}).items()
        for records in platforms.values()
    }
    with tempfile.TemporaryDirectory(prefix="dirac-forge-") as scratch:
        return try_installer(
            path, scratch=Path(scratch), imports=request.imports, commands=request.commands, expected=expected
        )


def _planned(context: Context, request: InstallerRequest, file: Path) -> InstallerPlan:
    """Return the packages of the installer: those of the lock, if there is one, else those of a new solve."""
    platform = _platform(context)
    distribution = publishable(context, str(file))
    if not distribution.installer:
        raise InputError(
            f"{file}: not a construct.yaml",
            hint="Give the construct.yaml: the packages are those of the pixi.lock next to it.",
        )
    construct = _construct(file, platform)
    only = {name: {platform: specs[platform]} for name, specs in distribution.environments.items() if platform in specs}
    if not only:
        raise InputError(f"{file}: it has no specs for {platform}")
    chosen = replace(distribution, environments=only)
    channel_of = channels_for(context, chosen)
    lock = request.lock_path
    if (
        lock is not None
        and request.lock is None
        and (noted := noted_origin(lock))
        and not is_made_from(lock, str(file))
    ):
        raise InputError(
            f"{lock} is the lock of {noted.beside(lock)}, not of {file}",
            hint="--lock names another lock; with --no-lock the file is solved again.",
        )
    solved = _packages(context, chosen, platform, lock, channel_of)
    if not solved.failed and (objections := installer_objections(solved)):
        raise InputError(
            (f"{file}: the installer would not contain what was solved:", *map(objection_words, objections))
        )
    refused = () if solved.failed else unlockable(solved, channel_of)
    return InstallerPlan(file=file, platform=platform, construct=construct, solved=solved, lock=lock, refused=refused)


def _platform(context: Context) -> str:
    """Return the platform of the installer: the one that was asked for, else this one."""
    asked = context.settings.platforms if "platforms" in context.settings.flags else (this_platform(),)
    if len(asked) != 1:
        raise InputError("an installer is built for one platform", hint="Give one --platform.")
    return asked[0]


def _packages(
    context: Context, distribution: Distribution, platform: str, lock: Path | None, channel_of: Channels
) -> SolvedDistribution:
    """Return the packages of the lock, or those of a new solve if there is none."""
    if lock is not None:
        known = {key: some for key, some in known_records(context, lock).items() if key[1] == platform}
        return _from_lock(distribution, known, lock, channel_of)
    with ThreadPoolExecutor(_THREADS) as executor:
        return solve(channel_of, distribution, executor=executor, observer=context.observer)


def _construct(file: Path, platform: str) -> Mapping[str, object]:
    """Return the file's content on a platform. Raises InputError for what constructor would refuse after the solve."""
    construct = plain(rendered(content_of(file), file, platform), typed=True)
    if not isinstance(construct, Mapping):
        raise InputError(f"{file}: not a construct.yaml: expected a mapping")
    for key in ("name", "version"):
        if construct.get(key) in (None, ""):
            raise InputError(f"{file}: {key} is missing, which constructor needs")
    for key in _FILES:
        named = construct.get(key)
        if isinstance(named, str) and not (file.parent / named).is_file():
            raise InputError(f"{file}: {key}: there is no file {file.parent / named}")
    return construct


def _from_lock(distribution: Distribution, known: Known, lock: Path, channel_of: Channels) -> SolvedDistribution:
    """Return the locked packages. Raises InputError if they are not those of the file, or the channel lost some."""
    environments = distribution.environments
    found = LockCheck(
        unsatisfied=unsatisfied(distribution, known),
        repeated=repeated_packages(known),
        lost=lost_files(known, environments, channel_of),
    )
    if found.status != "up-to-date":
        told = difference_lines(found)
        raise InputError(
            (f"{lock} does not fit:", *(f"- {line}" for line in told)),
            hint="Lock again with `dirac-forge lock`, or give --no-lock to build from a new solve.",
        )
    return locked_distribution(distribution, known)


def _failed(context: Context, plan: InstallerPlan) -> int:
    """Answer with why no installer can be built, and return the exit code."""
    if plan.solved.failed:
        section = Section(
            title=f"{plan.file} cannot be installed on {plan.platform}",
            blocks=(Items(failed_lines(plan.solved.failed)), Paragraph("Nothing was built.")),
        )
        document = {"installer": None, "trial": None, "failed": failed_json(plan.solved.failed)}
        after = step("shows what would make it installable", "check", str(plan.file))
        context.answer(Shown([section]), document, steps=after)
        return 1 if any(cell.status == "not-installable" for cell in plan.solved.failed) else 3
    lines = (*refused_lines(plan.refused), OTHER_CHANNEL)
    title = f"{plan.file}: no installer can be made of what was found for {plan.platform}"
    document = {"installer": None, "trial": None, "refused": reasons_json(plan.refused)}
    context.answer(Shown([Section(title=title, blocks=(Items(lines),))]), document)
    return 3


def _built(context: Context, request: InstallerRequest, plan: InstallerPlan, program: str) -> BuiltInstaller:
    solved, platform = plan.solved, plan.platform
    with tempfile.TemporaryDirectory(prefix="dirac-forge-") as scratch:
        return build_installer(
            program,
            plan.file.resolve().parent,
            plan.construct,
            {environment: platforms[platform] for environment, platforms in solved.records.items()},
            {environment: _channels(context, solved.distribution, environment) for environment in solved.records},
            platform=platform,
            output=request.output,
            scratch=Path(scratch),
            asked={name: platforms[platform] for name, platforms in solved.distribution.environments.items()},
            environment=plain_environment(context.environ),
        )


def _channels(context: Context, distribution: Distribution, environment: str) -> list[str]:
    """Return the channels of an environment as the file spells them, then those of the options or settings."""
    urls = [source.channel.base_url for source in channels_for(context, distribution)(environment).sources]
    spelled = {_plain(name): name for name in distribution.channels.get(environment, ())}
    return [spelled.get(_plain(url), redact(url)) for url in urls]


def _plain(channel: str) -> str:
    return channel.removeprefix("https://conda.anaconda.org/").rstrip("/")
