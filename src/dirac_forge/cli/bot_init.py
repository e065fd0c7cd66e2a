"""`dirac-forge bot init`: what runs the bot on a schedule, and what is left to do."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from dirac_forge import __version__
from dirac_forge.bot.setup_files import (
    FOLDERS,
    OUTBOX,
    SETTINGS,
    ServerPlaces,
    is_executable_name,
    is_nameable,
    minute_of,
    systemd_units,
    workflow,
)
from dirac_forge.cli.context import Context
from dirac_forge.errors import ForgeError, InputError
from dirac_forge.files import read_text, unreadable, write_file
from dirac_forge.git import MissingRefError, own_git
from dirac_forge.report.terminal import sentences

_REPOSITORY = "https://github.com/DIRACGrid/dirac-forge"
_TOKEN_PAGE = "https://github.com/settings/tokens/new?scopes=public_repo,workflow"  # noqa: S105  # a page
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
    for path, text in files.items():
        write_file(path, text)
    for folder in FOLDERS if systemd else ():
        (root / folder).mkdir(exist_ok=True)
    written = [path.relative_to(root).as_posix() for path in files]
    steps = list(_systemd_steps(root) if systemd else _actions_steps())
    if dashboard and root / "pyproject.toml" not in files:
        steps.append(f'And add dashboard = "{dashboard}" to [tool.dirac-forge.bot] of pyproject.toml.')
    lines = [f"Written: {', '.join(written)}.", "", "Remaining steps:", *steps]
    context.answer(sentences(lines), {"written": written, "differing": [], "steps": steps})
    return 0


def _differing(files: Mapping[Path, str]) -> list[Path]:
    return [path for path, text in files.items() if path.exists() and _text_of(path) != text]


def _refused(context: Context, differing: Sequence[Path]) -> int:
    """Answer that nothing was written, and return the exit code."""
    names = ", ".join(str(path.relative_to(context.settings.workspace)) for path in differing)
    context.observer.warned(f"{names}: already exists and differs; nothing was written (--force overwrites it)")
    context.answer(sentences(["Nothing was written."]), {"written": [], "differing": list(map(str, differing))})
    return 1


def _text_of(path: Path) -> str:
    try:
        return read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} can't be read: {unreadable(error)}", hint="Nothing was written.") from error


def _workflow(context: Context) -> Mapping[Path, str]:
    root = context.settings.workspace
    tag = f"v{__version__}" if _RELEASE.fullmatch(__version__) else "main"
    version = f"dirac-forge=={__version__}" if tag != "main" else f"git+{_REPOSITORY}@main"
    ref, comment = tag, ""
    if context.settings.offline:
        context.observer.warned(f"the workflow is pinned to {tag}, not to a commit, because of --offline")
    else:
        try:
            commit = _commit_of(tag)
        except ForgeError as error:
            context.observer.warned(f"the workflow is pinned to {tag}, not to a commit: {error.message}")
        else:
            ref, comment = commit, tag
            version = version.replace("@main", f"@{commit}")
    text = workflow(version=version, ref=ref, comment=comment, minute=minute_of(root.name))
    return {root / ".github/workflows/bot.yml": text}


def _commit_of(tag: str) -> str:
    """Return the commit of a tag of dirac-forge, or of its default branch. Raises GitError and UnknownError."""
    ref = "HEAD" if tag == "main" else f"refs/tags/{tag}"
    listed = own_git("ls-remote", "--", f"{_REPOSITORY}.git", ref, f"{ref}^{{}}", about=_REPOSITORY).decode()
    commits = [line.partition("\t")[0] for line in listed.splitlines()]
    if not commits:
        raise MissingRefError(f"{_REPOSITORY} has no {tag}")
    return commits[-1]  # of an annotated tag the commit comes last


def _units(root: Path) -> dict[Path, str]:
    program = Path(sys.argv[0]).absolute() if Path(sys.argv[0]).name == "dirac-forge" else None
    refused = None if is_nameable(str(root)) else root
    if program is not None and not is_executable_name(str(program)):
        refused = program
    if refused is not None:
        hint = "Rename the folder: no control characters, no space at its end; for a program no quotes or backslashes."
        raise InputError(f"{str(refused)!r}: a systemd unit can't name this path", hint=hint)
    places = ServerPlaces(workspace=str(root), **({"program": str(program)} if program is not None else {}))
    return {root / "systemd" / name: text for name, text in systemd_units(places).items()}


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


def _actions_steps() -> tuple[str, ...]:
    return (
        "1. Create a separate account for the bot, and in it a classic token with the scopes public_repo and workflow:",
        f"   {_TOKEN_PAGE}",
        "2. Store it as the secret DIRAC_FORGE_BOT_TOKEN of this repository: gh secret set DIRAC_FORGE_BOT_TOKEN",
        "3. Commit the new files, and push them to the default branch.",
        "4. Try it without opening requests: gh workflow run bot.yml (see the artifact outbox-and-log),",
        "   then with: gh workflow run bot.yml -f pr=true. The schedule opens requests.",
    )


def _systemd_steps(root: Path) -> tuple[str, ...]:
    return (
        "1. Create a separate GitHub account for the bot, and in it a classic token with the scopes public_repo and",
        f"   workflow: {_TOKEN_PAGE}",
        "2. As root, store it where the bot's user can't read it: install -D -m 600 /dev/stdin /etc/dirac-forge/token",
        "3. useradd --system --home-dir /var/lib/dirac-forge --create-home dirac-forge",
        f"   chown -R dirac-forge {shlex.quote(str(root))}",
        f"4. cp {shlex.quote(str(root / 'systemd'))}/* /etc/systemd/system/ && systemctl daemon-reload",
        "5. Try it without requests: systemctl start dirac-forge-prepare.service; journalctl -u dirac-forge-prepare",
        "6. systemctl enable --now dirac-forge-bot.timer",
    )
