"""What changes are called in git."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dirac_forge.errors import InputError
from dirac_forge.feedstock.change import Change
from dirac_forge.pullrequest.branches import branch_name, commit_message, commits_fingerprint, safe_branch, title_of
from dirac_forge.pullrequest.records import Identity, fingerprint


def named(kind: str, branch: str, key: str, feedstock: str = "demo") -> str:
    return branch_name(Identity(feedstock=feedstock, branch=branch, kind=kind, key=key))


@pytest.mark.parametrize(
    ("kind", "branch", "key", "wanted"),
    [
        ("bump", "main", "9.1.22", "dirac-forge/bump/main/9.1.22"),
        ("bump", "v8.0.x", "8.0.60", "dirac-forge/bump/v8.0.x/8.0.60"),
        ("bump", "main", "1.0+local", "dirac-forge/bump/main/1.0+local"),
        ("migration", "main", "openssl4", "dirac-forge/migration/main/openssl4"),
        ("recipe", "main", "1.0", "dirac-forge/recipe/demo"),
        ("fix", "rel/1", "a b", "dirac-forge/fix/rel-1/a-b-########"),
        ("bump", "main", "1!2.0", "dirac-forge/bump/main/1-2.0-########"),
        ("bump", "main", "../..", "dirac-forge/bump/main/x-########"),
        ("bump", "main", "x" * 200, "dirac-forge/bump/main/" + "x" * 69 + "-########"),
    ],
)
def test_branch_name(kind: str, branch: str, key: str, wanted: str) -> None:
    name = named(kind, branch, key)
    # `########`: a digest.
    assert re.sub(r"[0-9a-f]{8}$", "########", name) == wanted
    assert safe_branch(name) == name
    assert len(name) <= 100


@pytest.mark.parametrize(
    ("feedstock", "branch"), [("../x", "main"), ("-x", "main"), ("x", "-u"), ("x", "a..b"), ("x", ""), ("x", "a b")]
)
def test_names_that_nothing_has(feedstock: str, branch: str) -> None:
    with pytest.raises(InputError, match="is not the name of a"):
        named("bump", branch, "1", feedstock)


def test_a_change_without_a_key() -> None:
    with pytest.raises(InputError) as caught:
        named("bump", "main", " ")
    assert str(caught.value) == "demo: the change has no key: a version, or a migration's name"


KEYS = st.text(alphabet=st.sampled_from("aA1.-/_ ~^:?*[\\@{}\n\x00é+!abcdef0"), max_size=120).filter(str.strip)


@given(KEYS, KEYS)
def test_names_do_not_collide(one: str, other: str) -> None:
    assert (named("fix", "main", one) == named("fix", "main", other)) == (one == other)


def test_a_name_can_not_pass_for_an_altered_one() -> None:
    altered = named("fix", "main", "a b")
    assert named("fix", "main", altered.rpartition("/")[2]) != altered


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@given(KEYS)
def test_git_takes_each_name(key: str) -> None:
    name = named("fix", "main", key)
    assert subprocess.run(("git", "check-ref-format", "--branch", name), capture_output=True).returncode == 0


def change(title: str = "demo 2", reasons: tuple[str, ...] = ()) -> Change:
    return Change(feedstock="demo", kind="bump", key="2", title=title, body="b", reasons=reasons)


def test_commit_message() -> None:
    reasons = ("2 is the newest release " + "and the reason is long " * 4, "see #12")
    message = commit_message(change(reasons=reasons))
    assert message == (
        "demo 2\n"
        "\n"
        "- 2 is the newest release and the reason is long and the reason is long\n"
        "  and the reason is long and the reason is long\n"
        "- see #\u200b12\n"
        "\n"
        "Dirac-Forge-Change: bump main 2\n"
        f"Dirac-Forge-Fingerprint: {fingerprint(change())}\n"
    )
    assert commits_fingerprint(message) == fingerprint(change())
    assert commits_fingerprint("demo 2\n") == ""


def test_a_message_is_not_spoofed() -> None:
    fake = f"Dirac-Forge-Fingerprint: {'0' * 32}"
    message = commit_message(change(f"demo\n\n{fake}", (f"x\n{fake}", "y" * 60 + f" {fake}")))
    assert commits_fingerprint(message) == fingerprint(change())
    assert message.count(f"\n{fake}") == 0


def test_title() -> None:
    assert title_of(change("a\n\tb @me \x1b[1m")) == "a b @\u200bme [1m"
    assert len(title_of(change("x" * 1000))) == 250
    with pytest.raises(InputError) as caught:
        title_of(change(" \n\x00"))
    assert str(caught.value) == "demo: the change has no title"
