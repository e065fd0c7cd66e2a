"""`dirac-forge bot init`: what runs the bot on a schedule, and what is left to do."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dirac_forge import __version__
from dirac_forge.bot.setup_files import (
    FOLDERS,
    OUTBOX,
    SETTINGS,
    ServerPlaces,
    hiding,
    is_executable_name,
    is_nameable,
    minute_of,
    systemd_units,
    workflow,
)
from dirac_forge.cli.context import Context
from dirac_forge.cli.discovery import no_feedstocks
from dirac_forge.errors import ForgeError, InputError
from dirac_forge.feedstock.workspace import read_workspace
from dirac_forge.files import read_text, unreadable, write_differing
from dirac_forge.git import MissingRefError, own_git
from dirac_forge.report.terminal import commands, joined, sentences
from dirac_forge.values import dataclass

if TYPE_CHECKING:
    from rich.console import RenderableType

_REPOSITORY = "https://github.com/DIRACGrid/dirac-forge"
_TOKEN_PAGE = "https://github.com/settings/tokens/new?scopes=public_repo,workflow"  # noqa: S105  # a page
_ACCOUNT = (
    "Create a separate GitHub account for the bot, and in it a classic token with the scopes public_repo and workflow: "
    f"{_TOKEN_PAGE}"
)
_WORKSPACE = "the workspace"
_MOVED = {
    _WORKSPACE: "Move the workspace, for example to /var/lib/dirac-forge/workspace, and run this again there",
    "dirac-forge": "Install dirac-forge elsewhere, for example into a virtual environment in /opt/dirac-forge, and run "
    "this again with that one",
}
_RELEASE = re.compile(r"\d+(\.\d+)*")


def init(context: Context, where: Literal["actions", "systemd"], *, dashboard: str, force: bool) -> int:
    """Write workflow or units and settings, answer with what is left to do, and return the exit code.

    A file that is there and differs is written only with `force`; else nothing is written, and the exit code is 1.
    """
    root = context.settings.workspace
    systemd = where == "systemd"
    files = _units(root) if systemd else dict(_workflow(context))
    differing = _differing(files)
    files |= _settings(root, dashboard) | _ignored(root)
    if differing and not force:
        return _refused(context, differing)
    changed = write_differing(files)
    for folder in FOLDERS if systemd else ():
        (root / folder).mkdir(exist_ok=True)
    written, unchanged = ([path.relative_to(root).as_posix() for path in paths] for paths in changed)
    for fault in _faults(root, _places(root) if systemd else None):
        context.observer.warned(fault)
    steps = list(_systemd_steps(root) if systemd else _actions_steps())
    if dashboard and root / "pyproject.toml" not in files:
        steps.append(_Step(f'Add dashboard = "{dashboard}" to [tool.dirac-forge.bot] of pyproject.toml.'))
    document = {"written": written, "unchanged": unchanged, "differing": [], "steps": _flat(steps)}
    context.answer(_told(written, unchanged, steps), document)
    return 0


@dataclass(frozen=True, slots=True)
class _Step:
    """Something that is left to do, with its commands."""

    text: str
    commands: tuple[str, ...] = ()


def _told(written: Sequence[str], unchanged: Sequence[str], steps: Sequence[_Step]) -> RenderableType:
    """Return the answer; commands are lines that can be copied whole."""
    files = (("Written", written), ("Unchanged", unchanged))
    told = [f"{word}: {', '.join(names)}." for word, names in files if names]
    parts = [sentences([*told, "", "Remaining steps:"])]
    for number, each in enumerate(steps, start=1):
        parts += [sentences([f"{number}. {each.text}"]), commands(each.commands, indent=4)]
    return joined(parts)


def _flat(steps: Iterable[_Step]) -> list[str]:
    return [line for each in steps for line in (each.text, *each.commands)]


def _faults(root: Path, places: ServerPlaces | None) -> Iterator[str]:
    """Yield why a run will fail as things are; `places` are those of the units."""
    if not read_workspace(root).feedstocks:
        yield no_feedstocks(root).message + ": a run needs some (`dirac-forge sync NAME...` fetches them)"
    if places is None:
        if not any((folder / ".git").exists() for folder in (root, *root.parents)):
            yield f"{root} is not a git repository: GitHub Actions runs what is pushed to one"
        return
    if not Path(places.program).is_file():
        yield f"the units run {places.program}, which is not there: install dirac-forge there, or edit ExecStart="
    yield from _hidden(root, Path(places.program))


def _hidden(root: Path, program: Path) -> Iterator[str]:
    """Yield what the units need and can't see, where links lead to, too."""
    needed: dict[str, tuple[Path, ...]] = {_WORKSPACE: (root,)}
    if program.is_file():
        needed["dirac-forge"] = (program, Path(sys.prefix), Path(sys.executable))
    for what, paths in needed.items():
        hidden = [each for path in paths for each in (path, path.resolve()) if hiding(str(each))]
        if hidden:
            why = f"{hidden[0]} is hidden from them ({hiding(str(hidden[0]))}=)"
            yield f"the units will not start: {why}. {_MOVED[what]}"


def _differing(files: Mapping[Path, str]) -> list[Path]:
    return [path for path, text in files.items() if path.exists() and _text_of(path) != text]


def _refused(context: Context, differing: Sequence[Path]) -> int:
    """Answer that nothing was written, and return the exit code."""
    names = ", ".join(str(path.relative_to(context.settings.workspace)) for path in differing)
    context.observer.warned(f"{names}: already exists and differs; nothing was written (--force overwrites it)")
    context.answer(
        sentences(["Nothing was written."]), {"written": [], "unchanged": [], "differing": list(map(str, differing))}
    )
    return 1


def _text_of(path: Path) -> str:
    try:
        return read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} can't be read: {unreadable(error)}", hint="Nothing was written.") from error


def _workflow(context: Context) -> Mapping[Path, str]:
    root = context.settings.workspace
    tag, commit = _pin(context, f"v{__version__}" if _RELEASE.fullmatch(__version__) else "main")
    text = workflow(
        version=f"git+{_REPOSITORY}@{commit or tag}",
        ref=commit or tag,
        comment=tag if commit else "",
        minute=minute_of(root.name),
    )
    return {root / ".github/workflows/bot.yml": text}


def _pin(context: Context, tag: str) -> tuple[str, str]:
    """Return the tag or branch of dirac-forge that the workflow takes, and its commit, "" if that is not known."""
    why = "because of --offline"
    if not context.settings.offline:
        try:
            return tag, _commit_of(tag)
        except MissingRefError as error:
            if tag != "main":
                context.observer.warned(f"{error.message}: the workflow takes its default branch")
                return _pin(context, "main")
            why = error.message
        except ForgeError as error:
            why = error.message
    unsure = f"; whether {_REPOSITORY} has that tag is unknown" if tag != "main" else ""
    context.observer.warned(f"the workflow is pinned to {tag}, not to a commit: {why}{unsure}")
    return tag, ""


def _commit_of(tag: str) -> str:
    """Return the commit of a tag of dirac-forge, or of its default branch. Raises GitError and UnknownError."""
    ref = "HEAD" if tag == "main" else f"refs/tags/{tag}"
    listed = own_git("ls-remote", "--", f"{_REPOSITORY}.git", ref, f"{ref}^{{}}", about=_REPOSITORY).decode()
    commits = [line.partition("\t")[0] for line in listed.splitlines()]
    if not commits:
        raise MissingRefError(f"{_REPOSITORY} has no {tag}")
    return commits[-1]  # of an annotated tag the commit comes last


def _places(root: Path) -> ServerPlaces:
    """Return where the units find things. Raises InputError for a path that they can't name."""
    program = Path(sys.argv[0]).absolute() if Path(sys.argv[0]).name == "dirac-forge" else None
    refused = None if is_nameable(str(root)) else root
    if program is not None and not is_executable_name(str(program)):
        refused = program
    if refused is not None:
        hint = "Rename the folder: no control characters, no space at its end; for a program no quotes or backslashes."
        raise InputError(f"{str(refused)!r}: a systemd unit can't name this path", hint=hint)
    return ServerPlaces(workspace=str(root), **({"program": str(program)} if program is not None else {}))


def _units(root: Path) -> dict[Path, str]:
    return {root / "systemd" / name: text for name, text in systemd_units(_places(root)).items()}


def _settings(root: Path, dashboard: str) -> dict[Path, str]:
    """Return the settings with a table for the bot, if there is none yet."""
    path = root / "pyproject.toml"
    before = _text_of(path) if path.exists() else ""
    if re.search(r"(?m)^\s*\[\s*tool\.dirac-forge\.bot\s*\]", before):
        return {}
    line = (
        f'dashboard = "{dashboard}"'
        if dashboard
        else '# dashboard = "OWNER/NAME"   # a repository with an issue that shows the state'
    )
    added = SETTINGS.format(dashboard=line)
    return {path: f"{before.rstrip()}\n\n{added}" if before.strip() else added}


def _ignored(root: Path) -> dict[Path, str]:
    """Return the .gitignore with the outbox, if it is not in it; `.dirac-forge` and `build` have one of their own."""
    path = root / ".gitignore"
    before = _text_of(path) if path.exists() else ""
    if {line.strip().strip("/") for line in before.splitlines()} & {OUTBOX, f"{OUTBOX}/*"}:
        return {}
    return {path: f"{before.rstrip()}\n/{OUTBOX}/\n".lstrip()}


def _actions_steps() -> tuple[_Step, ...]:
    return (
        _Step(_ACCOUNT),
        _Step("Store it as a secret of this repository (paste it):", ("gh secret set DIRAC_FORGE_BOT_TOKEN",)),
        _Step("Commit the new files, and push them to the default branch."),
        _Step("Try it without opening requests (see the artifact outbox-and-log):", ("gh workflow run bot.yml",)),
        _Step("Open requests, as the schedule does:", ("gh workflow run bot.yml -f pr=true",)),
    )


def _systemd_steps(root: Path) -> tuple[_Step, ...]:
    return (
        _Step(_ACCOUNT),
        _Step(
            "As root, store it where the bot's user can't read it (paste the token, then Enter and Ctrl+D):",
            ("install -D -m 600 /dev/stdin /etc/dirac-forge/token",),
        ),
        _Step(
            "Create the user, and give it the workspace:",
            (
                "useradd --system --home-dir /var/lib/dirac-forge --create-home dirac-forge",
                f"chown -R dirac-forge {shlex.quote(str(root))}",
            ),
        ),
        _Step(
            "Install the units:",
            (f"cp {shlex.quote(str(root / 'systemd'))}/* /etc/systemd/system/", "systemctl daemon-reload"),
        ),
        _Step(
            "Try it without requests:",
            ("systemctl start dirac-forge-prepare.service", "journalctl -u dirac-forge-prepare"),
        ),
        _Step("Start the schedule:", ("systemctl enable --now dirac-forge-bot.timer",)),
    )
