"""A GitHub App's private key, turned into tokens that last an hour.

https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app
"""

from __future__ import annotations

from dirac_forge.errors import ForgeError, InputError, pip_install
from dirac_forge.pullrequest.tokens import AppKey, Token

_BEFORE = 60
"""Seconds that a JSON web token is dated back: clocks differ."""
_LIFE = 540
"""Seconds that it lasts; GitHub takes 10 min at most, by its own clock."""


def signed(app: AppKey, now: float) -> Token:
    """Return a JSON web token (RFC 7519, RS256) with which the App itself asks; `now` in seconds since 1970.

    Raises ForgeError if PyJWT is not installed, InputError if the key is not a private RSA key.
    """
    try:
        import jwt  # noqa: PLC0415  # optional: only Apps need it
    except ImportError:
        raise ForgeError(
            "A GitHub App's key needs PyJWT and cryptography, which are not installed",
            hint=f"Install them: {pip_install('github-app')}, or conda install pyjwt cryptography.",
        ) from None
    claims = {"iat": int(now) - _BEFORE, "exp": int(now) + _LIFE, "iss": app.app}
    try:
        return Token(jwt.encode(claims, app.key, algorithm="RS256"))
    except (jwt.PyJWTError, ValueError, TypeError, NotImplementedError):
        # What is raised may quote the key.
        raise InputError(
            "The GitHub App's private key can't be used: expected an RSA key in PEM without a passphrase",
            hint="Download a new one from the App's settings page, and put it into GITHUB_APP_PRIVATE_KEY.",
        ) from None
