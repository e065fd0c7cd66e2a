"""Fixes carried to other release lines, with real git and a local GitHub."""

from __future__ import annotations

from pathlib import Path

import pytest

from dirac_forge.bot.backport import BackportResult, Fix, read_fix, sweep, sweep_lines
from dirac_forge.errors import InputError
from support.bots import Bots, recipe
from support.github import Pull
from support.gits import commit, file_at

LINES = ("v8.0.x", "v7.3.x")


@pytest.fixture
def demo(bot: Bots) -> str:
    """A feedstock with a request that was merged to main, and two other lines; the fix does not fit the last."""
    full_name = bot.feedstock("demo")
    path = bot.github.path(full_name)
    bot.github.git(full_name, "branch", "v8.0.x", "main")
    bot.github.git(full_name, "branch", "v7.3.x", "main")
    commit(path, {"recipe/recipe.yaml": recipe("demo", "9.1", 2)}, message="9.1")
    commit(path, {"recipe/recipe.yaml": recipe("demo", "8.0.3", 7)}, branch="v8.0.x")
    commit(path, {"recipe/recipe.yaml": recipe("demo", "7.3.1", 0, "  script: other\n")}, branch="v7.3.x")
    return full_name


def merged(bot: Bots, demo: str, *, how: str = "squash") -> str:
    """A request with two commits, merged; its URL."""
    path = bot.github.path(demo)
    fork = bot.github.fork(bot.github.get(demo), "person")
    bot.github.user("person", token="ghp_person0123456789abcdef0123456789abcd")
    there = bot.github.path(fork.full_name)
    fixed = recipe("demo", "9.1", 3, "  script: pip install .\n")
    half = recipe("demo", "9.1", 2, "  script: pip install\n")
    commit(there, {"recipe/recipe.yaml": half}, message="one")
    commit(there, {"recipe/recipe.yaml": fixed, "recipe/run.sh": "x\n"}, message="two")
    ticket = bot.github.new_ticket(bot.github.get(demo), title="Add a script", body="", author="person")
    ticket.pull = Pull(
        head_owner="person",
        head_repo=fork.id,
        head_ref="main",
        head_sha=bot.github.git(fork.full_name, "rev-parse", "main"),
        base_ref="main",
    )
    bot.github.git(demo, "fetch", "-q", str(there), f"+refs/heads/main:refs/pull/{ticket.number}/head")
    if how == "rebase":
        later = {"GIT_COMMITTER_DATE": "2031-01-01T00:00:00Z"}
        commit(path, {"recipe/recipe.yaml": half}, message="one", environment=later)
        made = commit(path, {"recipe/recipe.yaml": fixed, "recipe/run.sh": "x\n"}, message="two", environment=later)
        commit(path, {"README.md": "more\n"}, message="something else")
        ticket.pull.merged, ticket.pull.merge_commit, ticket.state = 1.0, made, "closed"
        ticket.closed = 1.0
    else:
        bot.github.merge(demo, ticket.number, squash=how == "squash")
    return f"{bot.github.url}/{demo}/pull/{ticket.number}"


def swept(bot: Bots, url: str, *branches: str, outbox: bool = False) -> tuple[Fix, dict[str, BackportResult]]:
    with bot.connections(outbox=outbox) as connections:
        fix = read_fix(url, bot.settings, connections)
        lines = sweep_lines(fix, bot.settings, LINES, branches)
        found = sweep(fix, lines, settings=bot.settings, connections=connections, outbox=bot.folder / "outbox")
    return fix, {one.branch: one for one in found}


@pytest.mark.parametrize("how", ["squash", "merge", "rebase"])
def test_the_fix_is_carried_once_to_where_it_fits_and_an_issue_says_what_to_do_elsewhere(
    bot: Bots, demo: str, how: str
) -> None:
    url = merged(bot, demo, how=how)
    fix, found = swept(bot, url)
    assert (fix.base, fix.title, sorted(fix.files)) == ("main", "Add a script", ["recipe/recipe.yaml", "recipe/run.sh"])
    assert {branch: one.state for branch, one in found.items()} == {"v8.0.x": "opened", "v7.3.x": "issue"}
    pull = next(one for one in bot.github.pulls(demo) if one.author == "bot")
    assert pull.pull is not None
    assert (pull.title, pull.pull.base_ref) == ("Add a script (v8.0.x)", "v8.0.x")
    text = file_at(bot.github.path("bot/demo-feedstock"), pull.pull.head_sha, "recipe/recipe.yaml")
    assert text == recipe("demo", "8.0.3", 8, "  script: pip install .\n")
    issue = next(one for one in bot.github.get(demo).tickets.values() if one.pull is None)
    assert issue.title == "Carry #1 over to v7.3.x"
    assert f"git cherry-pick {fix.commits}" in issue.body
    # A ledger that is lost changes nothing, and an issue that a person closed stays closed.
    with bot.opened() as ledger:
        path = ledger.path
    path.unlink()
    issue.state = "closed"
    _, again = swept(bot, url)
    assert {branch: one.state for branch, one in again.items()} == {"v8.0.x": "unchanged", "v7.3.x": "issue"}
    assert len(bot.github.get(demo).tickets) == 3


def test_without_a_token_git_tells_which_commit_it_was_and_all_goes_into_the_outbox(bot: Bots, demo: str) -> None:
    url = merged(bot, demo)
    bot.github.forget()
    fix, found = swept(bot, url, outbox=True)
    assert bot.github.requests == []
    assert (fix.base, fix.title) == ("main", "Add a script")
    assert {branch: one.state for branch, one in found.items()} == {"v8.0.x": "prepared", "v7.3.x": "issue"}
    assert (bot.folder / "outbox/demo/fix/v8.0.x/pr-1/change.patch").is_file()
    issue = Path(found["v7.3.x"].issue)
    assert issue == bot.folder / "outbox/demo/issues/1-v7.3.x.md"
    assert issue.read_text(encoding="utf-8").startswith("# Carry #1 over to v7.3.x\n")


def test_one_branch_that_is_not_there_stops_none_of_the_others(bot: Bots, demo: str) -> None:
    _, found = swept(bot, merged(bot, demo), "v1.x", "v8.0.x")
    assert {branch: one.state for branch, one in found.items()} == {"v1.x": "failed", "v8.0.x": "opened"}
    assert "there is no branch v1.x" in found["v1.x"].text


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "nonsense is not a pull request"),
        ("https://[/pull/1", r"https://\[/pull/1 is not a pull request"),
        ("https://github.com/conda-forge/demo-feedstock/issues/1", "is not a pull request"),
        ("https://github.com/other/demo-feedstock/pull/1", "is not on conda-forge/demo-feedstock"),
    ],
)
def test_what_is_no_merged_request_of_a_feedstock_is_refused(bot: Bots, url: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        swept(bot, url)


def test_an_open_request_is_not_carried(bot: Bots, demo: str) -> None:
    bot.decider.versions["demo"] = "9.2"
    bot.run()
    url = f"{bot.github.url}/{demo}/pull/1"
    with pytest.raises(InputError, match="is open: only a merged pull request can be carried to other release lines"):
        swept(bot, url)
    with pytest.raises(InputError, match="no branch has its merge commit among the last 200 commits"):
        swept(bot, url, outbox=True)
