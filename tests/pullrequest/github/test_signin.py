"""A GitHub App asks in place of a person."""

from __future__ import annotations

import sys

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from dirac_forge.errors import ForgeError, InputError
from dirac_forge.http import Http
from dirac_forge.pullrequest.github import GitHub as Client
from dirac_forge.pullrequest.github.appkey import signed
from dirac_forge.pullrequest.refusals import CredentialsError
from dirac_forge.pullrequest.tokens import AppKey
from support.github import GitHub, bare
from support.github.clock import StandingClock

UPSTREAM = "conda-forge/demo-feedstock"


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def public(key: rsa.RSAPrivateKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def client_of(github: GitHub, http: Http, time: StandingClock, app: AppKey) -> Client:
    return Client(http, app, api_url=github.api_url, clock=time.clock())


@pytest.mark.parametrize("wrong", [0.0, 3000.0, -3000.0])
def test_an_app_opens_pull_requests(
    github: GitHub, http: Http, time: StandingClock, key: rsa.RSAPrivateKey, public: str, wrong: float
) -> None:
    github.organization("our-bots")
    app = github.app("forge", public, installed_on=("our-bots",))
    client = client_of(github, http, time, AppKey(str(app.id), pem(key)))
    assert client.login() == "forge[bot]"
    time.wrong = wrong  # the clock jumps
    repo = client.repository(UPSTREAM)
    fork = client.fork(repo)
    assert fork.full_name == "our-bots/demo-feedstock"
    bare.commit(github.path(fork.full_name), "v2", {"a": "1"}, start="main")
    made = client.open(repo, head="our-bots:v2", base="main", title="t", body="")
    client.comment(repo, made.number, "hello")
    assert made.author == "forge[bot]"
    assert github.lines().count("POST /app/installations/{}/access_tokens".format(*app.installations)) == 1


def test_its_token_is_renewed_in_time(
    github: GitHub, http: Http, time: StandingClock, key: rsa.RSAPrivateKey, public: str
) -> None:
    github.organization("our-bots")
    app = github.app("forge", public, installed_on=("our-bots",))
    client = client_of(github, http, time, AppKey(str(app.id), pem(key)))
    lent = set()
    for _ in range(10):
        client.repository(UPSTREAM)
        lent.add(client.git_environment()["DIRAC_FORGE_GIT_TOKEN"])
        time.sleep(1000)
    assert len(lent) == 3  # an hour each, less five minutes
    assert [each.status for each in github.requests if each.status >= 400] == []


def test_a_clock_that_is_wrong_from_the_start_and_a_token_that_is_revoked(
    github: GitHub, http: Http, time: StandingClock, key: rsa.RSAPrivateKey, public: str
) -> None:
    github.organization("our-bots")
    app = github.app("forge", public, installed_on=("our-bots",))
    time.wrong = 7200.0
    client = client_of(github, http, time, AppKey(str(app.id), pem(key)))
    assert client.login() == "forge[bot]"
    client.repository(UPSTREAM)
    github.tokens.clear()
    client.repository(UPSTREAM)
    assert [each.status for each in github.requests if each.status >= 400] == [401, 401]


def test_which_installation(
    github: GitHub, http: Http, time: StandingClock, key: rsa.RSAPrivateKey, public: str
) -> None:
    github.organization("ours")
    github.organization("theirs")
    app = github.app("forge", public, installed_on=("ours", "theirs"))
    first, second = app.installations
    with pytest.raises(InputError) as error:
        client_of(github, http, time, AppKey(str(app.id), pem(key))).repository(UPSTREAM)
    assert str(error.value) == (
        f"The GitHub App {app.id} has not exactly one installation: {first} (ours), {second} (theirs)\n"
        "Install it on the account that will own the forks; GITHUB_APP_INSTALLATION_ID chooses one."
    )
    client = client_of(github, http, time, AppKey(str(app.id), pem(key), second))
    assert client.fork(client.repository(UPSTREAM)).full_name == "theirs/demo-feedstock"
    with pytest.raises(InputError, match="has no installation 7: "):
        client_of(github, http, time, AppKey(str(app.id), pem(key), 7)).repository(UPSTREAM)


def test_another_apps_key(github: GitHub, http: Http, time: StandingClock, public: str) -> None:
    app = github.app("forge", public, installed_on=("conda-forge",))
    other = pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    with pytest.raises(CredentialsError, match="A JSON web token could not be decoded"):
        client_of(github, http, time, AppKey(str(app.id), other)).repository(UPSTREAM)


@pytest.mark.parametrize("kind", ["text", "elliptic", "cut"])
def test_a_key_that_is_none(key: rsa.RSAPrivateKey, kind: str) -> None:
    text = {"text": "-----BEGIN s3cret", "elliptic": pem(ec.generate_private_key(ec.SECP256R1())), "cut": pem(key)[:90]}
    with pytest.raises(InputError) as error:
        signed(AppKey("1", text[kind]), 0)
    assert str(error.value) == (
        "The GitHub App's private key can't be used: expected an RSA key in PEM without a passphrase\n"
        "Download a new one from the App's settings page, and put it into GITHUB_APP_PRIVATE_KEY."
    )
    assert error.value.__cause__ is None


def test_without_pyjwt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jwt", None)
    with pytest.raises(ForgeError) as error:
        signed(AppKey("1", "x"), 0)
    assert str(error.value) == (
        "A GitHub App's key needs PyJWT and cryptography, which are not installed\n"
        "Install them: pip install 'dirac-forge[github-app] @ git+https://github.com/DIRACGrid/dirac-forge', "
        "or conda install pyjwt cryptography."
    )
