"""The files that run the bot on a schedule: a workflow of GitHub Actions, or units of systemd."""

from __future__ import annotations

from hashlib import sha256

from dirac_forge.values import dataclass

SETTINGS = """\
[tool.dirac-forge.bot]
open-per-feedstock = 3        # open requests on a feedstock at a time
per-run = 5                   # requests opened in a run
{dashboard}
"""
"""What `bot init` adds to a workspace's pyproject.toml."""
OUTBOX = "outbox"
"""The folder that holds what is prepared."""
FOLDERS = (OUTBOX, ".dirac-forge", "build")
"""What the units may write to in a workspace: not its settings, which the steps with the token read, too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerPlaces:
    """Where things are on a server."""

    program: str = "/opt/dirac-forge/bin/dirac-forge"
    workspace: str = "/var/lib/dirac-forge/workspace"
    token: str = "/etc/dirac-forge/token"  # noqa: S105  # a path
    user: str = "dirac-forge"


def minute_of(name: str) -> int:
    """Return a minute of the hour that differs from workspace to workspace: schedules on the hour run late."""
    return 1 + int.from_bytes(sha256(name.encode()).digest()[:4], "big") % 58


def workflow(*, version: str, ref: str, comment: str, minute: int) -> str:
    """Return the workflow that calls dirac-forge's: `version` is what pip installs, `ref` a commit or a tag of it."""
    pinned = f"{ref} # {comment}" if comment else ref
    return f"""\
name: bot

on:
  schedule:
    - cron: "{minute} */6 * * *"
  workflow_dispatch:
    inputs:
      pr:
        description: Open pull requests; else they are only prepared
        type: boolean
        default: false
      feedstocks:
        description: Only these feedstocks (names, with spaces between); empty for all
        type: string
        default: ""
      retract:
        description: "Instead of a run: close the open requests of this run, migration or feedstock"
        type: string
        default: ""
      why:
        description: "Instead of a run: show what happened to this feedstock"
        type: string
        default: ""
      sweep:
        description: "Instead of a run: carry this merged pull request (its URL) to the other release lines"
        type: string
        default: ""

permissions: {{}}

# The workflow that is called lets one run go at a time.
concurrency:
  group: ${{{{ github.workflow }}}}-caller
  cancel-in-progress: false

jobs:
  bot:
    name: Bot
    uses: DIRACGrid/dirac-forge/.github/workflows/bot.yml@{pinned}
    permissions:
      contents: read # of the workspace
    with:
      version: {version}
      pr: ${{{{ github.event_name == 'schedule' || inputs.pr }}}}
      feedstocks: ${{{{ inputs.feedstocks }}}}
      retract: ${{{{ inputs.retract }}}}
      why: ${{{{ inputs.why }}}}
      sweep: ${{{{ inputs.sweep }}}}
    secrets:
      token: ${{{{ secrets.DIRAC_FORGE_BOT_TOKEN }}}}
"""


def systemd_units(places: ServerPlaces) -> dict[str, str]:
    """Return the units by file name: a timer, and a service for each step; only two of them get the token."""
    return {
        "dirac-forge-observe.service": _service(
            "read the state of open requests", "observe", places, token=True, after=""
        ),
        "dirac-forge-prepare.service": _service(
            "prepare changes, without a token", "prepare --canary 3", places, token=False, after="observe"
        ),
        "dirac-forge-bot.service": _service(
            "send prepared changes", "send --canary 3", places, token=True, after="prepare"
        ),
        "dirac-forge-bot.timer": _TIMER,
    }


_TIMER = """\
[Unit]
Description=dirac-forge's bot, every six hours

[Timer]
OnCalendar=*-*-* 00/6:17
RandomizedDelaySec=10min
Persistent=true

[Install]
WantedBy=timers.target
"""
_HARDENING = """\
NoNewPrivileges=true
ProtectSystem=strict
ProtectHome=true
PrivateTmp=true
PrivateDevices=true
ProtectKernelTunables=true
ProtectKernelModules=true
ProtectKernelLogs=true
ProtectControlGroups=true
ProtectClock=true
ProtectHostname=true
ProtectProc=invisible
RestrictSUIDSGID=true
RestrictRealtime=true
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
LockPersonality=true
RemoveIPC=true
CapabilityBoundingSet=
DevicePolicy=closed
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
UMask=0077
"""
_HIDDEN = {("/home", "/root", "/run/user"): "ProtectHome", ("/tmp", "/var/tmp"): "PrivateTmp"}  # noqa: S108  # to refuse
"""See systemd.exec(5)."""
_NOTHING_EXECUTED = """\
PrivateUsers=true
ProcSubset=pid
RestrictNamespaces=true
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
"""
_SANDBOXED = """\
# conda-smithy runs in a sandbox, which is made of namespaces and mounts.
SystemCallFilter=@system-service @mount
"""


def hiding(path: str) -> str:
    """Return the setting of the units that hides a path from them, or "" if they can see it."""
    for folders, setting in _HIDDEN.items():
        if any(path == folder or path.startswith(f"{folder}/") for folder in folders):
            return setting
    return ""


def is_nameable(path: str) -> bool:
    """Whether a unit can name a path: one of a single line that systemd neither strips nor continues."""
    return path.isprintable() and path == path.strip() and not path.endswith("\\")


def is_executable_name(path: str) -> bool:
    """Whether ExecStart= takes a path: systemd refuses quotes and backslashes in it, however they are written."""
    return is_nameable(path) and not any(each in path for each in "\"'\\")


def _literal(path: str) -> str:
    """Return a path as systemd reads it where the whole value is one: only specifiers are expanded."""
    return path.replace("%", "%%")


def _word(path: str) -> str:
    """Return a path as one of several words, see "Quoting" in systemd.syntax(7)."""
    text = _literal(path)
    if not any(each.isspace() or each in "\"'\\;" for each in text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _service(what: str, command: str, places: ServerPlaces, *, token: bool, after: str) -> str:
    before = f"Requires=dirac-forge-{after}.service\nAfter=dirac-forge-{after}.service\n" if after else ""
    loaded = f"LoadCredential=github-token:{_literal(places.token)}\nEnvironment=GITHUB_TOKEN_FILE=%d/github-token\n"
    credential = loaded if token else ""
    folders = FOLDERS[:2] if token else FOLDERS
    writable = f"ReadWritePaths={' '.join(_word(f'{places.workspace}/{folder}') for folder in folders)}\n"
    return f"""\
[Unit]
Description=dirac-forge's bot: {what}
Wants=network-online.target
After=network-online.target
{before}
[Service]
Type=oneshot
User={places.user}
WorkingDirectory={_literal(places.workspace)}
CacheDirectory=dirac-forge/%N
Environment=DIRAC_FORGE_CACHE=/var/cache/dirac-forge/%N HOME=/var/cache/dirac-forge/%N
{credential}ExecStart={_word(places.program)} bot {command}
# Open questions (3) and single changes that failed (1) are in the summary; the next run goes on. A crash is neither.
SuccessExitStatus=1 3
{writable}{_HARDENING}{_NOTHING_EXECUTED if token else _SANDBOXED}"""
