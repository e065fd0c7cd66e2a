"""`dirac-forge installer`: installers built from a solve, and tried in a fresh prefix."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from dirac_forge.build.workspace_builds import this_platform
from dirac_forge.check.files.construct import rendered
from dirac_forge.check.files.content import content_of
from dirac_forge.cli.context import Context
from dirac_forge.cli.distributions import channels_for, distribution_of
from dirac_forge.distribution.installer import (
    BuiltInstaller,
    Trial,
    build_installer,
    find_constructor,
    try_installer,
)
from dirac_forge.distribution.installer_rules import installer_objections
from dirac_forge.distribution.lockable import unlockable
from dirac_forge.distribution.solving import Distribution, SolvedDistribution, solve
from dirac_forge.errors import InputError, UnknownError, redact
from dirac_forge.programs import plain_environment
from dirac_forge.recipe.reading.yamlnodes import plain
from dirac_forge.report.installer_objections import objection_words
from dirac_forge.report.installers import installer_json, installer_sections
from dirac_forge.report.next_steps import Step, near, step
from dirac_forge.report.proof_words import cell_words
from dirac_forge.report.terminal import Shown
from dirac_forge.report.unlockable import OTHER_CHANNEL, refused_lines
from dirac_forge.values import dataclass

_THREADS = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class InstallerRequest:
    """The options of the command."""

    file: Path | None
    verify: Path | None
    output: Path
    imports: tuple[str, ...]
    commands: tuple[str, ...]
    attempt: bool


def installer(context: Context, request: InstallerRequest) -> int:
    """Build or take an installer, try it, answer with what came of it, and return the exit code. Raises InputError."""
    if (request.file is None) == (request.verify is None):
        raise InputError("give either a construct.yaml or --verify INSTALLER")
    if request.verify is not None:
        built = None
        trial: Trial | None = _tried(request, request.verify)
    else:
        built, platform = _built(context, request, request.file or Path())
        trial = _tried(request, built.path) if request.attempt and platform == this_platform() else None
        if request.attempt and trial is None:
            context.observer.warned(f"an installer for {platform} cannot be tried here ({this_platform()})")
    context.answer(Shown(installer_sections(built, trial)), installer_json(built, trial), steps=_after(built, trial))
    return 0 if trial is None or trial.passed else 1


def _after(built: BuiltInstaller | None, trial: Trial | None) -> tuple[Step, ...]:
    if built is None or (trial is not None and not trial.passed):
        return ()
    if trial is not None:
        return ()
    return step("tries it, on a machine of its platform", "installer", "--verify", near(built.path))


def _tried(request: InstallerRequest, path: Path) -> Trial:
    with tempfile.TemporaryDirectory(prefix="dirac-forge-") as scratch:
        return try_installer(path, scratch=Path(scratch), imports=request.imports, commands=request.commands)


def _built(context: Context, request: InstallerRequest, file: Path) -> tuple[BuiltInstaller, str]:
    program = find_constructor(context.environ.get("PATH"))
    settings = context.settings
    asked = settings.platforms if "platforms" in settings.flags else (this_platform(),)
    if len(asked) != 1:
        raise InputError("an installer is built for one platform", hint="Give one --platform.")
    (platform,) = asked
    solved = _solved(context, file, platform)
    construct = plain(rendered(content_of(file), file, platform), typed=True)
    if not isinstance(construct, Mapping):
        raise InputError(f"{file}: not a construct.yaml: expected a mapping")
    with tempfile.TemporaryDirectory(prefix="dirac-forge-") as scratch:
        built = build_installer(
            program,
            file.resolve().parent,
            construct,
            {environment: platforms[platform] for environment, platforms in solved.records.items()},
            {environment: _channels(context, solved.distribution, environment) for environment in solved.records},
            platform=platform,
            output=request.output,
            scratch=Path(scratch),
            asked={name: platforms[platform] for name, platforms in solved.distribution.environments.items()},
            environment=plain_environment(context.environ),
        )
    return built, platform


def _channels(context: Context, distribution: Distribution, environment: str) -> list[str]:
    """Return the channels of an environment as the file spells them, then those of the options or settings."""
    urls = [source.channel.base_url for source in channels_for(context, distribution)(environment).sources]
    spelled = {_plain(name): name for name in distribution.channels.get(environment, ())}
    return [spelled.get(_plain(url), redact(url)) for url in urls]


def _plain(channel: str) -> str:
    return channel.removeprefix("https://conda.anaconda.org/").rstrip("/")


def _solved(context: Context, file: Path, platform: str) -> SolvedDistribution:
    distribution = distribution_of(context, str(file))
    only = {name: {platform: specs[platform]} for name, specs in distribution.environments.items() if platform in specs}
    if not only:
        raise InputError(f"{file}: nothing is asked for on {platform}")
    chosen = replace(distribution, environments=only)
    channel_of = channels_for(context, chosen)
    with ThreadPoolExecutor(_THREADS) as executor:
        solved = solve(channel_of, chosen, executor=executor, observer=context.observer)
    for cell in solved.failed:
        kind = InputError if cell.status == "not-installable" else UnknownError
        raise kind(f"{file}: {cell.target} cannot be installed on {platform}: {cell_words(cell.reason)}")
    if objections := installer_objections(solved):
        raise InputError((f"{file}: the installer would not be what was solved:", *map(objection_words, objections)))
    if refused := unlockable(solved, channel_of):
        raise UnknownError(
            (
                f"{file}: no installer can be made of what was found for {platform}:",
                *(f"- {line}" for line in refused_lines(refused)),
            ),
            hint=OTHER_CHANNEL,
        )
    return solved
