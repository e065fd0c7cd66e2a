"""git: what it says of dead hosts, of what is not there, and of pushes that are refused."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

import pytest

from dirac_forge.errors import InputError, UnknownError
from dirac_forge.git import GitError, GitUnreachableError, MissingRefError, RefusedPushError, git, own_git, place_of

HOST = "https://me:s3cret@example.org/x"
CASES = [
    ("fatal: unable to access 'u': Could not resolve host: x", GitUnreachableError),
    ("fatal: unable to access 'u': The requested URL returned error: 503", GitUnreachableError),
    ("error: RPC failed; HTTP 502 curl 22 The requested URL returned error: 502", GitUnreachableError),
    ("fatal: expected flush after ref listing", GitUnreachableError),
    ("fatal: the remote end hung up unexpectedly", GitUnreachableError),
    ("fatal: unable to access 'u': The requested URL returned error: 403", RefusedPushError),
    ("fatal: Authentication failed for 'u'", RefusedPushError),
    (" ! [rejected]        a -> b (stale info)\nerror: failed to push some refs", RefusedPushError),
    (" ! [remote rejected] a -> b (shallow update not allowed)", RefusedPushError),
    ("remote: Repository not found.\nfatal: repository 'u' not found", MissingRefError),
    ("fatal: could not read Username for 'u': terminal prompts disabled", MissingRefError),
    ("fatal: couldn't find remote ref refs/heads/x", MissingRefError),
    ("fatal: bad object HEAD", GitError),
    ("fatal: unable to access 'http://h:45025/x/': The requested URL returned error: 301", GitError),
    ("fatal: repository 'https://h/mbedtls.git' is no such place", GitError),
    ("fatal: unable to update url base from redirection: http://h:50342/openssl.git", GitError),
    ("error: pathspec 'does not exist' did not match any file(s)", GitError),
    ("", GitError),
]


@pytest.fixture
def says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git that says what stands in the file."""
    program = tmp_path / "git"
    program.write_text(f"#!/bin/sh\ncat {tmp_path}/said >&2\nexit 128\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path / "said"


@pytest.mark.parametrize(("said", "kind"), CASES)
def test_what_it_says(says: Path, said: str, kind: type[Exception]) -> None:
    says.write_text(said, encoding="utf-8")
    with pytest.raises(kind) as caught:
        own_git("fetch", about=HOST)
    assert type(caught.value) is kind
    assert str(caught.value).startswith("https://***@example.org/x: ")
    assert "s3cret" not in str(caught.value)


def test_why_a_push_is_refused(says: Path) -> None:
    says.write_text(
        "remote: \nremote: no \x1b[31mroom \nremote: today\nTo u\n ! [remote rejected] a -> b (hook declined)\n",
        encoding="utf-8",
    )
    with pytest.raises(RefusedPushError) as caught:
        git("push", about="u")
    assert str(caught.value) == "u: ! [remote rejected] a -> b (hook declined) (no [31mroom; today)"


def test_what_a_token_lacks(says: Path) -> None:
    says.write_text(
        "remote: Permission to a/b.git denied to me.\n"
        "fatal: unable to access 'u': The requested URL returned error: 403\n",
        encoding="utf-8",
    )
    with pytest.raises(RefusedPushError) as caught:
        git("push", about="u")
    assert str(caught.value) == (
        "u: remote: Permission to a/b.git denied to me.\n"
        "Look whether the token may write there: `contents: write`, or the scope `public_repo`."
    )


def test_it_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitError) as caught:
        git("version", about="u")
    assert str(caught.value) == "git is not installed\nInstall it: https://git-scm.com"


def test_it_takes_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "git").write_text("#!/bin/sh\nexec sleep 60\n", encoding="utf-8")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(UnknownError) as caught:
        git("fetch", about="u", timeout=0.2)
    assert str(caught.value) == "u: no answer within 0.2 s"


def test_places(tmp_path: Path) -> None:
    (tmp_path / "a.git").mkdir()
    assert place_of(str(tmp_path / "a")) == f"file://{tmp_path}/a.git"
    assert place_of("https://example.org/a") == "https://example.org/a"
    assert place_of("git@example.org:a/b") == "git@example.org:a/b"
    with pytest.raises(MissingRefError, match="there is no such repository"):
        place_of(str(tmp_path / "b"))
    with pytest.raises(InputError, match="is not the address of a repository"):
        place_of("--upload-pack=touch x:y")


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_settings_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "theirs"))
    (tmp_path / "theirs").write_text("[user]\n\tname = Theirs\n", encoding="utf-8")
    assert git("config", "user.name", about="u") == b"Theirs\n"
    with pytest.raises(GitError):
        own_git("config", "user.name", about="u")
    own = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "user.name", "GIT_CONFIG_VALUE_0": "Ours"}
    assert own_git("config", "user.name", about="u", environment=own) == b"Ours\n"


@pytest.mark.skipif(sys.platform == "win32", reason="a stand-in for git in the shell")
def test_no_words_of_another_host_take_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = tmp_path / "words"
    words.write_text("+a" * 5_000_000, encoding="utf-8")
    (tmp_path / "git").write_text(f"#!/bin/sh\ncat {words} >&2\nexit 1\n", encoding="utf-8")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    started = time.process_time()
    with pytest.raises(GitError):
        own_git("fetch", about="x")
    assert time.process_time() - started < 10
