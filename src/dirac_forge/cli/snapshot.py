"""`dirac-forge snapshot`: the part of a channel that targets need, frozen into a folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from dirac_forge.channel.opening import open_channel
from dirac_forge.channel.presence import require_packages
from dirac_forge.channel.snapshot import PINNING, snapshot_of
from dirac_forge.channel.solver import Channel, parse_spec
from dirac_forge.check.configured import specs_of
from dirac_forge.cli.context import Context
from dirac_forge.errors import InputError
from dirac_forge.feedstock.channel_pinning import pinning_of
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.files import write_files
from dirac_forge.report.document import Items, Section
from dirac_forge.report.next_steps import near, step
from dirac_forge.report.numbers import counted
from dirac_forge.report.terminal import Shown


def snapshot(context: Context, targets: Sequence[str], *, output: Path, compact: bool) -> int:
    """Write a snapshot, answer with its size, and return the exit code. Raises InputError."""
    if output.exists() and not output.is_dir():
        raise InputError(f"{output} is a file, and a folder is needed there", hint="Name a new folder.")
    if output.exists() and any(output.iterdir()):
        raise InputError(
            f"{output} is not empty", hint="Name a new folder: a snapshot is never mixed with other files."
        )
    settings = context.settings
    names = list(targets) or list(settings.targets)
    specs, platforms = _asked(context, names)
    channel = open_channel(context)
    require_packages(channel, specs, platforms)
    _warn_of_unmatched(context, channel, specs, platforms)
    context.observer.started("snapshot")
    made = snapshot_of(
        {platform: channel.index(platform) for platform in platforms},
        specs,
        exports=channel.run_exports,
        about={"channels": [source.label for source in channel.sources], "targets": names, "platforms": platforms},
        today=datetime.now(UTC).date() if channel.remote else channel.dated,
        compact=compact,
    )
    context.observer.finished("snapshot")
    pinning = pinning_of(context, channel)
    files = dict(made.files)
    if pinning is not None:
        files |= _pinning_files(pinning, compact)
    write_files(output, files)
    size = sum(len(text) for text in files.values())
    facts = (
        f"{counted(made.names, 'package')}, {counted(made.records, 'build')}, {size / 1e6:.1f} MB, as of {made.as_of}",
        "with the pinning" if pinning is not None else "without a pinning: use --pinning DIR to add it",
    )
    context.answer(
        Shown([Section(title=f"Wrote {output}", blocks=(Items(facts),))]),
        {
            "path": str(output),
            "as_of": made.as_of.isoformat(),
            "packages": made.names,
            "builds": made.records,
            "platforms": platforms,
            "pinning": pinning is not None,
        },
        step("checks the targets in it", "check", *targets, "--channel", near(output)),
    )
    return 0


def _warn_of_unmatched(context: Context, channel: Channel, specs: Iterable[str], platforms: Sequence[str]) -> None:
    """Say which targets the snapshot has no build of: it has what the other builds of their packages need."""
    for spec in specs:
        lacking = [platform for platform in platforms if not channel.index(platform).match(spec)[1]]
        if lacking:
            context.observer.warned(f"no build in the channel matches {spec} for {', '.join(lacking)}")


def _pinning_files(pinning: Pinning, compact: bool) -> dict[str, str]:
    config = f"{PINNING}/conda_build_config.yaml"
    if compact:  # comments at the end of a line may be selectors
        lines = (line for line in pinning.text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
        return {config: "".join(f"{line.rstrip()}\n" for line in lines)}
    return {
        config: pinning.text,
        **{f"{PINNING}/migrations/{name}.yaml": text for name, text in pinning.migrations.items()},
        **{f"{PINNING}/migration_support/{name}": text for name, text in pinning.support.items()},
    }


def _asked(context: Context, names: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the specs of these targets, and all of their platforms."""
    specs: dict[str, None] = {}
    platforms: dict[str, None] = {}
    for name in names:
        some, wanted = specs_of(context.settings, name)
        for spec in some:
            parse_spec(spec)  # says what is wrong with one that is none
        specs |= dict.fromkeys(some)
        platforms |= dict.fromkeys(wanted)
    return list(specs), list(platforms)
