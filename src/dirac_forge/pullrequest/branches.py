"""What a change is called in git: its branch, and the message of its commit."""

from __future__ import annotations

import re
import textwrap
from hashlib import sha256

from dirac_forge.errors import InputError
from dirac_forge.feedstock.change import Change
from dirac_forge.feedstock.repositories import safe_name
from dirac_forge.pullrequest.records import Identity, fingerprint
from dirac_forge.report.bump_reasons import worded
from dirac_forge.report.foreign import quiet

PREFIX = "dirac-forge/"
_LONGEST = 100
_LONGEST_TITLE = 250  # GitHub takes 256
_UNUSUAL = re.compile(r"[^A-Za-z0-9._+-]+")
_LOOKS_HASHED = re.compile(r"-[0-9a-f]{8}\Z")
# A part of what `git check-ref-format` takes, and nothing that a program could take for an option.
_BRANCH = re.compile(r"(?!.*(\.\.|//|\.lock(/|\Z)|/\.|/\Z|\.\Z))[A-Za-z0-9_][A-Za-z0-9_.+\-/]{0,199}")
_TRAILER = re.compile(r"^Dirac-Forge-Fingerprint: ([0-9a-f]{32})$", re.MULTILINE)


def safe_branch(name: str) -> str:
    """Return `name` where it can be a branch's; raises InputError for anything unusual."""
    if not _BRANCH.fullmatch(name):
        raise InputError(f"{name[:200]!r} is not the name of a branch")
    return name


def branch_name(identity: Identity) -> str:
    """Return the branch that carries a change: `dirac-forge/bump/main/9.1.22`, or `dirac-forge/recipe/NAME`.

    That of a new recipe has no version, because staged-recipes takes one request for it.

    At most 100 characters, always the same for the same change, and another for another: where a name had to be
    altered, a digest of it stands at the end. Raises InputError for names that no feedstock or branch has.
    """
    safe_name(identity.feedstock)
    safe_branch(identity.branch)
    if not identity.key.strip():
        raise InputError(f"{identity.feedstock}: the change has no key: a version, or a migration's name")
    told = (identity.feedstock,) if identity.kind == "recipe" else (identity.branch, identity.key)
    plain = PREFIX + "/".join((identity.kind, *told))
    parts = [_UNUSUAL.sub("-", part).strip(".-") or "x" for part in (identity.kind, *told)]
    name = PREFIX + "/".join(parts)
    usual = name == plain and len(name) <= _LONGEST and not _LOOKS_HASHED.search(name)
    if usual and _BRANCH.fullmatch(name):
        return name
    digest = sha256(repr((identity.kind, *told)).encode(errors="replace")).hexdigest()[:8]
    shorter = re.sub(r"\.{2,}|\.lock(?=/|$)|[.-](?=/)", "-", name)[: _LONGEST - 9].rstrip("./-")
    return safe_branch(f"{shorter}-{digest}")


def title_of(change: Change) -> str:
    """Return the title of its request: one line that mentions nobody. Raises InputError if there is none."""
    title = quiet(change.title, longest=_LONGEST_TITLE)
    if not title:
        raise InputError(f"{change.feedstock}: the change has no title")
    return title


def commit_message(change: Change) -> str:
    """Return the title, the reasons, and trailers by which the commit is known again."""
    lines = [title_of(change), ""]
    for reason in change.reasons[:50]:
        wrapped = textwrap.wrap(
            quiet(worded(reason), longest=500), width=72, initial_indent="- ", subsequent_indent="  "
        )
        lines += wrapped
    about = quiet(f"{change.kind} {change.branch} {change.key}", longest=200)
    trailers = [f"Dirac-Forge-Change: {about}", f"Dirac-Forge-Fingerprint: {fingerprint(change)}"]
    return "\n".join([*lines, *([""] if change.reasons else []), *trailers]) + "\n"


def commits_fingerprint(message: str) -> str:
    """Return the fingerprint that a commit of ours carries; "" for one of someone else's."""
    found = _TRAILER.findall(message[:100_000])
    return found[-1] if found else ""
