"""Secrets show themselves to nobody, and are found where the environment has them."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path

import pytest

from dirac_forge.errors import InputError
from dirac_forge.pullrequest.tokens import AppKey, Token, from_environment

SECRET = "ghp_0123456789abcdef0123456789abcdef0123"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0\n-----END RSA PRIVATE KEY-----"


def test_a_token_shows_itself_to_nobody() -> None:
    token = Token(SECRET)
    for text in (str(token), repr(token), f"{token}", f"{token!r:>50}", f"{[token]} {{'a': token}}", "%s" % token):  # noqa: UP031
        assert SECRET not in text
    assert repr(token) == "…"
    with pytest.raises(TypeError, match="a token is not pickled"):
        pickle.dumps(token)
    with pytest.raises(TypeError):
        copy.deepcopy(token)
    with pytest.raises(TypeError):
        json.dumps(token)
    assert not hasattr(token, "__dict__")
    assert token.reveal() == SECRET


def test_it_takes_itself_out_of_a_text() -> None:
    assert Token("abc").hidden_in("Bearer abc, abc") == "Bearer ***, ***"


def test_equal_tokens_are_equal() -> None:
    assert Token("a") == Token("a")
    assert len({Token("a"), Token("a"), Token("b")}) == 2
    assert Token("a") != "a"


@pytest.mark.parametrize("value", ["", "a b", "a\n", "a\r\nX-Evil: 1", "a\0b", "tøken", "a\tb"])
def test_what_can_be_no_token(value: str) -> None:
    with pytest.raises(InputError, match="it is empty, or has spaces or control characters") as error:
        Token(value)
    assert value == "" or value not in str(error.value)


@pytest.mark.parametrize(
    ("environment", "value"),
    [
        ({"GITHUB_TOKEN": "a"}, "a"),
        ({"GH_TOKEN": "b"}, "b"),
        ({"GITHUB_TOKEN": "a", "GH_TOKEN": "b"}, "a"),
        ({"GITHUB_TOKEN": " a\n", "GH_TOKEN": ""}, "a"),
    ],
)
def test_from_environment(environment: dict[str, str], value: str) -> None:
    assert from_environment(environment) == Token(value)


def test_nothing_there() -> None:
    assert from_environment({"PATH": "/bin", "GITHUB_TOKEN": " "}) is None


def test_an_app(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text(PEM, encoding="utf-8")
    wanted = AppKey("123", PEM)
    inline = {"GITHUB_APP_ID": "123", "GITHUB_APP_PRIVATE_KEY": PEM.replace("\n", "\\n"), "GITHUB_TOKEN": "a"}
    assert from_environment(inline) == wanted
    file = {"GITHUB_APP_ID": "123", "GITHUB_APP_PRIVATE_KEY": str(tmp_path / "key.pem")}
    assert from_environment(file) == wanted
    assert from_environment({**file, "GITHUB_APP_INSTALLATION_ID": "7"}) == AppKey("123", PEM, 7)
    assert repr(wanted) == "AppKey(app='123', key=…, installation=0)"


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        (
            {"GITHUB_APP_ID": "123", "GITHUB_TOKEN": "a"},
            "GITHUB_APP_PRIVATE_KEY is not set: a GitHub App needs its id and its private key",
        ),
        (
            {"GITHUB_APP_PRIVATE_KEY": PEM},
            "GITHUB_APP_ID is not set: a GitHub App needs its id and its private key",
        ),
        (
            {"GITHUB_APP_ID": "1", "GITHUB_APP_PRIVATE_KEY": PEM, "GITHUB_APP_INSTALLATION_ID": "mine"},
            "GITHUB_APP_INSTALLATION_ID is not a number",
        ),
        (
            {"GITHUB_APP_ID": "1", "GITHUB_APP_PRIVATE_KEY": "c2VjcmV0"},
            "GITHUB_APP_PRIVATE_KEY is neither a private key in PEM (-----BEGIN …) nor a readable file with one",
        ),
    ],
)
def test_half_an_app(environment: dict[str, str], said: str) -> None:
    with pytest.raises(InputError) as error:
        from_environment(environment)
    assert str(error.value) == said
