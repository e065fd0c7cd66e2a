"""Whether conda-smithy may run on this machine: only if no secret is within reach of the recipe that it executes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from dirac_forge.programs import is_secret
from dirac_forge.pullrequest.jail import Jail
from dirac_forge.pullrequest.smithy import NoSmithy, Smithy
from dirac_forge.pullrequest.tokens import TOKEN_VARIABLES, secrets_in
from dirac_forge.values import dataclass

_STORES = (
    ".config/gh/hosts.yml",
    ".netrc",
    ".git-credentials",
    ".config/git/credentials",
    ".cache/git/credential",
    ".git-credential-cache",
    ".local/share/keyrings",
    ".local/share/kwalletd",
    ".local/share/python_keyring",
    ".password-store",
    ".config/dirac-forge",
    ".ssh",
    ".gnupg",
    ".globus",
    ".conda-smithy",
    ".condarc",
    ".config/anaconda",
    ".continuum",
    ".rattler",
    ".pypirc",
    ".npmrc",
    ".aws",
    ".azure",
    ".config/gcloud",
    ".config/hub",
    ".config/glab-cli",
    ".docker/config.json",
    ".kube",
    ".vault-token",
    "Library/Keychains",
    "AppData/Roaming/GitHub CLI/hosts.yml",
    "AppData/Local/Microsoft/Credentials",
)
"""Files and folders of the home folder in which tokens and keys are kept, also those of macOS and Windows."""
_FOLDERS = (
    "GH_CONFIG_DIR", "GNUPGHOME", "NETRC", "GIT_CONFIG_GLOBAL", "PASSWORD_STORE_DIR",
    "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR",
)  # fmt: skip
"""Variables that name another place for such files and folders, or for sockets."""
_AGENTS = ("SSH_AUTH_SOCK", "DBUS_SESSION_BUS_ADDRESS", "GNOME_KEYRING_CONTROL", "GPG_AGENT_INFO")
"""Variables that name the sockets of agents and keyrings."""
_DEEPEST = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretReach:
    """What a process of this user could read."""

    environments: tuple[str, ...] = ()
    """Variables with a token, and whose they are: `GITHUB_TOKEN of this process`."""
    stores: tuple[str, ...] = ()
    """Files, folders and sockets in which there may be one."""


def reach_of(environ: Mapping[str, str], *, home: Path, proc: Path = Path("/proc")) -> SecretReach:
    """Return the tokens that a process started from here could find: in environments, files and sockets."""
    own = [f"{name} in the environment" for name in secrets_in(environ)]
    inherited = [f"{name} in the environment of {owner}" for owner, name in _of_ancestors(proc)]
    stores = [path for path in (home / name for name in _STORES) if path.exists()]
    sockets = [name for name in _AGENTS if environ.get(name, "").strip()]
    runner = ["the credentials of the runner of GitHub Actions"] if environ.get("GITHUB_ACTIONS") == "true" else []
    others = [f"{name} in the environment" for name, text in environ.items() if text.strip() and _is_other(name)]
    places = (*map(str, (*token_files(environ), *stores)), *sockets, *runner, *others)
    return SecretReach(environments=tuple([*own, *inherited][:3]), stores=places)


def _is_other(name: str) -> bool:
    """Whether a variable of this name holds a secret of another program, such as a key of a cloud's."""
    return is_secret(name) and name not in TOKEN_VARIABLES and not name.endswith(("_FILE", "_PATH"))


def secret_places(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the files and folders that the environment names, in which tokens, keys and sockets of agents may be."""
    named = [Path(environ.get(name, "").strip()) for name in (*_FOLDERS, *_AGENTS)]
    there = (path for path in named if path.is_absolute() and path.exists() and not path.is_char_device())
    return (*token_files(environ), *there)


def token_files(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the files that the environment names as holding a token or a private key."""
    named = (environ.get(name, "").strip() for name in ("GITHUB_TOKEN_FILE", "GITHUB_APP_PRIVATE_KEY"))
    return tuple(path for text in named if text and "-----" not in text and (path := Path(text).expanduser()).exists())


def _of_ancestors(proc: Path) -> Iterable[tuple[str, str]]:
    """Yield a process above this one and the variable in which it has a token."""
    if sys.platform != "linux":
        return
    number = os.getppid()
    for _ in range(_DEEPEST):
        folder = proc / str(number)
        try:
            variables = (folder / "environ").read_bytes().split(b"\0")
            status = (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            return  # of another user, or over
        pairs = (variable.decode(errors="replace").partition("=") for variable in variables)
        for name in secrets_in({name: text for name, _, text in pairs}):
            yield f"process {number}", name
        number = int(status[1])
        if number <= 0:
            return


def local_smithy(smithy: Smithy | None, reach: SecretReach, jail: Jail | None) -> Smithy | NoSmithy:
    """Return conda-smithy as it may be used here, or why it may not be: conda-forge's service is asked then."""
    if smithy is None:
        return NoSmithy(reason="conda-smithy is not installed where this was made")
    if reach.environments:
        return NoSmithy(reason=f"not rendered locally: a recipe could read {_listed(reach.environments)}", said=True)
    if jail is not None:
        return replace(smithy, jail=jail)
    if reach.stores:
        return NoSmithy(
            reason=f"not rendered locally: no sandbox here, and a recipe could reach {_listed(reach.stores)}", said=True
        )
    return smithy


def unsafe_build(environ: Mapping[str, str], reach: SecretReach, *, isolated: bool, hidden: Sequence[Path]) -> str:
    """Return what upstream code could reach in a build here, in words, or "" if there is nothing.

    `isolated` builds do not see what is in `hidden` folders, nor other processes.
    """
    own = [f"{name} in the environment" for name in secrets_in(environ)]
    if isolated:
        there = [path.resolve() for path in secret_places(environ)]
        own += [str(path) for path in there if not any(path.is_relative_to(folder) for folder in hidden)]
    else:
        own += [*(text for text in reach.environments if text not in own), *reach.stores]
    return _listed(own)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
