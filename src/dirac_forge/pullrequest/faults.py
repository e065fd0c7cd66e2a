"""Faults of the environment: nothing is wrong with a change, and everything is tried again at the next run."""

from __future__ import annotations

import errno
from typing import Literal

from dirac_forge.errors import ForgeError, StorageError
from dirac_forge.git import GitError, RefusedPushError
from dirac_forge.http import UnreachableError
from dirac_forge.pullrequest.refusals import (
    ArchivedError,
    CredentialsError,
    ForbiddenError,
    LimitError,
    NoAccessError,
    RestrictedError,
)
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """What is wrong, and what to do about it."""

    kind: Literal["credentials", "rights", "disk", "forge", "git"]
    hint: str

    @property
    def stops(self) -> bool:
        """Whether nothing else of the run can succeed."""
        return self.kind in {"credentials", "disk", "git"}


_SCOPES = "It needs the scopes `public_repo` and `workflow`, and single sign-on where an organisation asks for it."
_CREDENTIALS = Fault(kind="credentials", hint=f"Make a new token. {_SCOPES}")
_RIGHTS = Fault(kind="rights", hint=f"Check the token. {_SCOPES}")
_DISK = Fault(
    kind="disk", hint="Make room on the disk, or name other folders: DIRAC_FORGE_CACHE, --outbox and --ledger."
)
_FORGE = Fault(kind="forge", hint="Run it again later; https://www.githubstatus.com says more.")
_GIT = Fault(kind="git", hint="Check git with `dirac-forge doctor`.")
_ERRNOS = {
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.EMFILE, errno.ENFILE,
}  # fmt: skip


def environment_fault(error: ForgeError | OSError) -> Fault | None:
    """Return the fault of the environment that an error is, or None if the change or its feedstock is the reason."""
    match error:
        case OSError():
            return _DISK if error.errno in _ERRNOS else None
        case StorageError():
            return _DISK
        case CredentialsError():
            return _CREDENTIALS
        case ArchivedError() | RestrictedError():
            return None
        case ForbiddenError() | NoAccessError() | RefusedPushError(cause="denied"):
            return _RIGHTS
        case GitError(cause="disk"):
            return _DISK
        case GitError(cause="missing"):
            return _GIT
        case UnreachableError() | LimitError():
            return _FORGE
        case _:
            return None
