"""Refusals of a forge. Temporary failures (a dead host, 5xx, a limit) are UnknownErrors instead."""

from __future__ import annotations

from typing import Literal

from dirac_forge import http
from dirac_forge.errors import ForgeError, UnknownError

Problem = Literal["", "archived", "exists", "gone", "no-commits", "no-label", "integration", "locked", "restricted"]
"""`exists`: there is such a request already; `gone`: what is to be deleted does not exist; `no-commits`: nothing to
merge; `no-label`: the label is not there; `integration`: not for the tokens of Actions and Apps; `locked`: nobody may
comment; `restricted`: the repository lets no such account in, or can't be forked."""


class ForgeRefusedError(ForgeError):
    """The forge says no; asking again changes nothing."""

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        status: int = 0,
        said: str = "",
        fields: tuple[str, ...] = (),
        problem: Problem = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.said = said
        """The forge's own words, made fit to print."""
        self.fields = fields
        """The fields of the request that it does not accept."""
        self.problem: Problem = problem
        """What its words mean, where they are known."""


class CredentialsError(ForgeRefusedError):
    """401: the token is not accepted."""


class ForbiddenError(ForgeRefusedError):
    """403: the token's owner may not do this."""


class ArchivedError(ForbiddenError):
    """The repository is archived and can't be changed."""


class RestrictedError(ForbiddenError):
    """403 because of the repository, whatever the token: a conversation is locked, strangers or forks are kept out."""


class NotOnForgeError(ForgeRefusedError, http.NotFoundError):
    """404 or 410: it is not there, or the token may not see it."""


NO_ACCESS_HINT = "A classic token needs the scope `public_repo` (and `workflow`); see docs/bot.md."


class NoAccessError(ForgeRefusedError):
    """404 for something that exists: GitHub answers that where the token has no scope for it."""


class ConflictError(ForgeRefusedError):
    """409: it can't be done in the current state."""


class ValidationError(ForgeRefusedError):
    """422: what was sent is not accepted."""


class NothingNewError(ValidationError):
    """The branch has no commits that its base lacks."""


class NoBranchError(ValidationError):
    """A branch that a pull request is from or to is not there."""


class LimitError(UnknownError):
    """The forge wants to be left alone for longer than this run waits."""
