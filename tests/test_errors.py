"""Errors in words, without secrets."""

from __future__ import annotations

import time

import pytest

from dirac_forge.errors import ForgeError, InputError, UnknownError, redact


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("https://me:s3cret@host/x", "https://***@host/x"),
        ("https://conda.anaconda.org/t/s3cret/main", "https://conda.anaconda.org/t/***/main"),
        ("file:///home/t/me/main", None),
        ("file:///home/t/me and conda.anaconda.org/t/s3cret/x", "file:///home/t/me and conda.anaconda.org/t/***/x"),
        ("https://host/x?access_token=s3cret&a=1", "https://host/x?access_token=***&a=1"),
        ("no ghp_0123456789abcdefghij, no", "no ***, no"),
        ("ghs_0123456789abcdefghij.", "***."),
        ("ghs_12345678_eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.c2ln here", "*** here"),
        ("github_pat_0123456789abcdefghij_x", "***"),
        ("Bearer eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.c2ln.", "Bearer ***."),
        ("> Authorization: Basic eDpzM2NyZXQ=", "> Authorization: Basic ***"),
        ("AUTHORIZATION: s3cret", "AUTHORIZATION: ***"),
        ("a\n-----BEGIN RSA PRIVATE KEY-----\ns3cret\n-----END RSA PRIVATE KEY-----\nb", "a\n***\nb"),
        ("-----BEGIN PRIVATE KEY-----\ns3cr", "***"),
        ("the ghp_short and eyJ.x stay, and authorization is refused", None),
        ("https://host/t/", None),
        ("(https://pypi.org/packages/source/t/tabulate/tabulate-0.9.0.tar.gz)", None),
        ("https://pypi.org/t/s3cret/main", "https://pypi.org/t/***/main"),
        (
            "https://host//pypi.org/packages/source/t/s3cret/main",
            "https://host//pypi.org/packages/source/t/***/main",
        ),
        ("/tmp/trial/t/ws/pyproject.toml:2: x", None),
        ("error: '/tmp/t/ws/feedstocks': ./t/a/b, ../t/a/b, ~/t/a/b, C:/t/a/b, --channel=/x/t/a/b", None),
        ("http://localhost:8080/t/s3cret/main", "http://localhost:8080/t/***/main"),
        ("localhost/t/s3cret/main", "localhost/t/***/main"),
        ("(host:80/t/s3cret/main)", "(host:80/t/***/main)"),
        ("exceeded with url: /t/s3cret/main/noarch", "exceeded with url: /t/***/main/noarch"),
        ("exceeded with url: /prefix/t/s3cret/main", "exceeded with url: /prefix/t/***/main"),
        ("url='/prefix/t/s3cret/main'", "url='/prefix/t/***/main'"),
        ("/prefix/t/ab-12345678-1234-1234/main", "/prefix/t/***/main"),
        (
            "https://host/t/s3cret failed, 'https://host/t/s3cret?x'",
            "https://host/t/*** failed, 'https://host/t/***?x'",
        ),
        ("/tmp/t/environment-of-linux.yml and ./t/a", None),
        ("/a;https://host/t/s3cret/main", "/a;https://host/t/***/main"),
        ("file:/a;https://host/t/s3cret/main", "file:/a;https://host/t/***/main"),
        ("/srv/https:/host/t/s3cret/main", "/srv/https:/host/t/***/main"),
        ("//host/t/s3cret/main", "//host/t/***/main"),
        ("https://docs.github.com/en/authentication", None),
    ],
)
def test_secrets_are_taken_out(text: str, wanted: str | None) -> None:
    assert redact(text) == (text if wanted is None else wanted)


def test_what_goes_wrong_in_words() -> None:
    error = ForgeError("it broke", hint="Try again.")
    assert (str(error), error.message, error.hint) == ("it broke\nTry again.", "it broke", "Try again.")
    assert str(InputError("wrong")) == "wrong"
    assert (ForgeError.exit_code, InputError.exit_code, UnknownError.exit_code) == (2, 2, 3)


def test_line_breaks_in_foreign_text_are_none_in_messages_and_hints() -> None:
    error = ForgeError("a\n\x85 b\u2028c", hint=("one\r\ntwo", "three"))
    assert error.message == "a b c"
    assert error.hint == "one two\nthree"


def test_a_flood_of_text_is_cut() -> None:
    assert len(ForgeError("x" * 10**6).message) == 20_000


@pytest.mark.parametrize("part", ["?token", "&token", "/t/a", "://a", "eyJaaaaaaaa.", "-----BEGIN A", "?"])
def test_no_text_takes_long_to_be_redacted(part: str) -> None:
    started = time.process_time()
    redact(part * (50_000 // len(part)))
    assert time.process_time() - started < 10
