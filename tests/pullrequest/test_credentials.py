"""Git gets in with the token, at one site, and the token is seen nowhere else."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from dirac_forge.errors import InputError
from dirac_forge.pullrequest.credentials import VARIABLE, git_environment
from dirac_forge.pullrequest.tokens import Token
from support.github import GitHub, bare

SECRET = "ghp_0123456789abcdef0123456789abcdef0123"
ENCODED = base64.b64encode(f"x-access-token:{SECRET}".encode()).decode()
MINE = "bot/demo-feedstock"
PRIVATE = "bot/private"


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHub]:
    with GitHub(tmp_path / "github") as github:
        github.user("bot", token=SECRET)
        github.repository(MINE, {"a": "1"})
        github.repository(PRIVATE, {"a": "1"}, private=True)
        yield github


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Of somebody whose git keeps passwords in a file."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / ".gitconfig").write_text(
        "[credential]\n\thelper = store\n[user]\n\tname = Me\n\temail = me@example.org\n", encoding="utf-8"
    )
    return folder


def git(folder: Path, *arguments: str, home: Path, more: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    plain = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TEMP", "TMP") if name in os.environ}
    environment = {**plain, "HOME": str(home), "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true", "LC_ALL": "C", **more}
    return subprocess.run(
        ("git", "-C", str(folder), *arguments),
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment,
        check=False,
    )


def everything_below(folder: Path) -> str:
    return "\n".join(each.read_bytes().decode(errors="replace") for each in folder.rglob("*") if each.is_file())


def test_git_gets_in(github: GitHub, tmp_path: Path, home: Path) -> None:
    more = git_environment(Token(SECRET), github.url)
    work = tmp_path / "work"
    assert git(tmp_path, "clone", f"{github.url}/{PRIVATE}.git", str(work), home=home, more={}).returncode != 0
    assert git(tmp_path, "clone", f"{github.url}/{PRIVATE}.git", str(work), home=home, more=more).returncode == 0
    (work / "b").write_text("2", encoding="utf-8")
    git(work, "add", "b", home=home, more={})
    git(work, "commit", "-m", "b", home=home, more={})
    assert git(work, "push", "origin", "HEAD:refs/heads/v2", home=home, more=more).returncode == 0
    assert sorted(bare.branches(github.path(PRIVATE))) == ["main", "v2"]
    # Nothing was kept, though this person's git would.
    assert [each.name for each in home.iterdir()] == [".gitconfig"]
    assert SECRET not in everything_below(work)
    assert git(work, "fetch", home=home, more={}).returncode != 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_token_is_in_no_process_list_and_no_trace(github: GitHub, tmp_path: Path, home: Path) -> None:
    """The server looks at all processes while git waits for it; git traces all that it does."""
    hook = github.path(MINE) / "hooks" / "pre-receive"
    hook.parent.mkdir()
    hook.write_text(
        f"#!/bin/sh\nfor each in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$each; echo; done >{tmp_path}/ps\n",
        encoding="utf-8",
    )
    hook.chmod(0o755)
    trace = {"GIT_TRACE": str(tmp_path / "trace"), "GIT_TRACE_CURL": str(tmp_path / "curl"), "GIT_TRACE_SETUP": "1"}
    wrapper = tmp_path / "bin" / "git"
    wrapper.parent.mkdir()
    wrapper.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" >>{tmp_path}/arguments\nPATH="${{PATH#*:}}" exec git "$@"\n', encoding="utf-8"
    )
    wrapper.chmod(0o755)
    path = {"PATH": f"{wrapper.parent}:{os.environ['PATH']}"}
    more = {**git_environment(Token(SECRET), github.url), **trace, **path}
    work = tmp_path / "work"
    done = [git(tmp_path, "clone", f"{github.url}/{MINE}.git", str(work), home=home, more=more)]
    done.append(git(work, "push", "--verbose", "origin", "HEAD:refs/heads/v2", home=home, more=more))
    done.append(git(work, "push", "origin", "HEAD:refs/heads/..bad", home=home, more=more))
    done.append(git(work, "push", f"{github.url}/conda-forge/none.git", "HEAD:refs/heads/x", home=home, more=more))
    assert [each.returncode == 0 for each in done] == [True, True, False, False]
    seen = {
        name: (tmp_path / name).read_text(errors="replace", encoding="utf-8")
        for name in ("ps", "trace", "curl", "arguments")
    }
    assert "git-remote-http" in seen["ps"]  # it was looked at the right moment
    assert VARIABLE in seen["trace"]  # the helper ran, and its line was traced
    assert "git-receive-pack" in seen["curl"]
    assert "push" in seen["arguments"]
    seen |= {str(number): each.stdout + each.stderr for number, each in enumerate(done)}
    seen["files"] = everything_below(work) + everything_below(home)
    assert [name for name, text in seen.items() if SECRET in text or ENCODED in text] == []


def test_no_other_host_gets_it(github: GitHub, tmp_path: Path, home: Path) -> None:
    more = git_environment(Token(SECRET), github.url)
    with GitHub(tmp_path / "other") as other:
        other.repository(MINE, {"a": "1"}, private=True)
        other.user("bot", token=SECRET)  # it would get in
        assert git(tmp_path, "ls-remote", f"{other.url}/{MINE}.git", home=home, more=more).returncode != 0
        # Nor where the site itself leads there.
        moved = github.get(PRIVATE)
        moved.elsewhere = f"{other.url}/{MINE}.git"
        assert git(tmp_path, "ls-remote", f"{github.url}/{PRIVATE}.git", home=home, more=more).returncode != 0
        asked = other.authorizations
        assert len(asked) >= 2
        assert not any(ENCODED in each for each in asked)


def test_what_needs_no_credentials_gets_none(github: GitHub, tmp_path: Path, home: Path) -> None:
    more = git_environment(Token(SECRET), github.url)
    assert git(tmp_path, "ls-remote", f"{github.url}/{MINE}.git", home=home, more=more).returncode == 0
    assert set(github.authorizations) == {""}


@pytest.mark.parametrize("site", ["http://github.com", "ssh://git@github.com", "github.com", "", "https://"])
def test_a_site_that_it_is_not_sent_to(site: str) -> None:
    with pytest.raises(InputError, match="is not an https URL: the token is not sent there"):
        git_environment(Token(SECRET), site)


def test_what_git_is_told() -> None:
    told = git_environment(Token(SECRET), "https://github.com")
    assert told["GIT_CONFIG_COUNT"] == "4"
    assert [name for name, value in told.items() if SECRET in value] == [VARIABLE]
    assert "credential.https://github.com.helper" in told.values()
