"""Letting git in over HTTPS, so that the token shows in no process list, log, URL or error, and is on no disk.

A token in the URL ends up in the arguments of git's helpers, in `.git/config` and in error messages; one in
`http.extraHeader` goes to whatever host that a redirect leads to, and traces print it. Here git asks a credential
helper (https://git-scm.com/docs/gitcredentials), which is one line of shell that git gets through its environment, and
only when a host answers 401. The line prints a variable by the shell's own `printf`, so no program has the token among
its arguments. The variable is in the environment of this one git and its children and not in ours; another user can't
read it, and who can read it could read GITHUB_TOKEN in the environment of the program that started us as well. The
helper is tied to one site, other helpers are switched off (they would be offered the token to keep it), and a reading
that needs no credentials never sees it.
"""

from __future__ import annotations

from dirac_forge.errors import InputError, redact
from dirac_forge.pullrequest.tokens import Token
from dirac_forge.untrusted import split_url

VARIABLE = "DIRAC_FORGE_GIT_TOKEN"
_USER = "x-access-token"
"""What GitHub takes for every kind of token."""
_HELPER = f"""!f() {{ test "$1" = get && printf 'username={_USER}\\npassword=%s\\n' "${VARIABLE}"; }}; f"""


def git_environment(token: Token, site: str) -> dict[str, str]:
    """Return what git needs in its environment to get into `site` (`https://github.com`) over HTTPS, and nowhere else.

    Give it to the commands that ask the site (fetch, ls-remote, push), and to no others. Needs git 2.31.
    Raises InputError for a site that is not an https URL; plain http is for this machine only.
    """
    parts = split_url(site)
    local = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if not (parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and local))):
        raise InputError(f"{redact(site)} is not an https URL: the token is not sent there")
    origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    options = (
        ("credential.helper", ""),  # forgets the helpers that are set up
        (f"credential.{origin}.helper", ""),
        (f"credential.{origin}.helper", _HELPER),
        (f"http.{origin}/.extraHeader", ""),
    )
    environment = {VARIABLE: token.reveal(), "GIT_CONFIG_COUNT": str(len(options))}
    for number, (key, value) in enumerate(options):
        environment[f"GIT_CONFIG_KEY_{number}"] = key
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    return environment
