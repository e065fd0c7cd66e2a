"""Open requests of other people and other bots that make the same change."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

import pytest

from dirac_forge.bot.outcomes import exit_code
from support.bots import Bots, recipe
from support.github import bare

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

DEMO = "conda-forge/demo-feedstock"


@dataclass(frozen=True, kw_only=True)
class Theirs:
    """A request that somebody else opens before the bot runs."""

    title: str
    branch: str = "patch-1"
    version: str = "1.0"
    extra: dict[str, str] | None = None
    body: str = ""
    by: str = "regro-cf-autotick-bot"


def opened(bot: Bots, theirs: Theirs) -> int:
    github = bot.github
    github.user(theirs.by, token=f"ghp_{theirs.by:x<36}"[:40].replace("-", "x"))
    repo = github.get(DEMO)
    fork = github.fork(repo, theirs.by)
    files = {"recipe/recipe.yaml": recipe("demo", theirs.version), "extra.txt": "x\n", **(theirs.extra or {})}
    bare.commit(github.path(fork.full_name), theirs.branch, dict(files), start="main")
    return open_pull(bot, theirs)


def open_pull(bot: Bots, theirs: Theirs) -> int:
    from support.github.state import Pull  # noqa: PLC0415

    github = bot.github
    repo, fork = github.get(DEMO), github.get(f"{theirs.by}/demo-feedstock")
    sha = bare.branches(github.path(fork.full_name))[theirs.branch]
    ticket = github.new_ticket(repo, title=theirs.title, body=theirs.body, author=theirs.by)
    ticket.pull = Pull(
        head_owner=theirs.by,
        head_repo=fork.id,
        head_ref=theirs.branch,
        head_sha=sha,
        base_ref="main",
        maintainer_can_modify=True,
        draft=False,
    )
    return ticket.number


SAME = {
    "conda-forge's bot": Theirs(title="demo v2.0", branch="2.0_h1a2b3c", version="2.0"),
    "its automerge": Theirs(title="[bot-automerge] demo v2.0", branch="2.0_h1a2b3c"),
    "a person": Theirs(title="Update to 2.0", version="2.0", by="octocat"),
    "a person without words": Theirs(title="new release", version="2.0", by="octocat"),
    "a branch alone": Theirs(title="new release", branch="2.0_h1a2b3c"),
}
OTHER = {
    "another version": Theirs(title="demo v2.0.1", branch="2.0.1_h1a2b3c", version="2.0.1"),
    "an older version": Theirs(title="demo v1.2.0", branch="1.2.0_h1a2b3c", version="1.2.0"),
    "a fix": Theirs(title="Fix the tests", by="octocat"),
    "a pin of that version": Theirs(title="Add numpy 2.0 pin", by="octocat"),
    "a warning": Theirs(title="Do not use 2.0", branch="no-2.0", by="octocat"),
    "another package": Theirs(title="numpy v2.0", by="octocat"),
    "a number in the title": Theirs(title="Drop Python 2 (#20)", by="octocat"),
}


@pytest.mark.parametrize("name", SAME)
def test_nothing_is_opened_next_to_the_same_change_and_its_author_is_named(bot: Bots, name: str) -> None:
    bot.feedstock("demo", wanted="2.0")
    number = opened(bot, SAME[name])
    for _ in range(2):
        result = bot.run()
        (outcome,) = result.outcomes
        assert (outcome.state, outcome.number, exit_code(result.states)) == ("theirs", number, 0)
        text = f"#{number} by {SAME[name].by} makes the same change: {SAME[name].title}"
        assert outcome.text == text
    assert len(bot.github.pulls(DEMO)) == 1
    (entry,) = bot.entries("demo")
    assert (entry.state, entry.decided, entry.attempts) == ("theirs", text, 0)
    assert bot.github.pulls(DEMO)[0].comments == []


def test_what_the_base_has_already_is_not_theirs(bot: Bots) -> None:
    bot.feedstock("demo", wanted="2.0")
    text = recipe("demo", "1.0") + "\nextra:\n  old:\n    version: 2.0\n"
    bare.commit(bot.github.path(DEMO), "main", {"recipe/recipe.yaml": text}, message="old")
    opened(bot, Theirs(title="Fix the README", extra={"recipe/recipe.yaml": text + "# more\n"}, by="octocat"))
    (outcome,) = bot.run().outcomes
    assert outcome.state != "theirs"


@pytest.mark.parametrize("name", OTHER)
def test_another_change_of_somebody_else_is_in_nobodys_way(bot: Bots, name: str) -> None:
    bot.feedstock("demo", wanted="2.0")
    opened(bot, OTHER[name])
    (outcome,) = bot.run().outcomes
    assert outcome.state == "opened"


def test_when_theirs_is_closed_ours_is_opened(bot: Bots) -> None:
    bot.feedstock("demo", wanted="2.0")
    number = opened(bot, SAME["a person"])
    bot.run()
    bot.github.close(DEMO, number, by="octocat")
    assert [outcome.state for outcome in bot.run().outcomes] == ["opened"]


def test_theirs_that_comes_later_changes_nothing(bot: Bots) -> None:
    bot.feedstock("demo", wanted="2.0")
    bot.run()
    opened(bot, SAME["conda-forge's bot"])
    assert [outcome.state for outcome in bot.run().outcomes] == ["unchanged"]


def test_our_report_is_offered_once_where_the_settings_say_so(bot: Bots) -> None:
    bot.feedstock("demo", wanted="2.0")
    opened(bot, SAME["a person"])
    bot.limits(other_requests="comment")
    for _ in range(2):
        assert [outcome.state for outcome in bot.run().outcomes] == ["theirs"]
    (pull,) = bot.github.pulls(DEMO)
    assert [comment.body.splitlines()[0] for comment in pull.comments] == ["demo moves."]


def test_others_can_be_ignored(bot: Bots) -> None:
    bot.feedstock("demo", wanted="2.0")
    opened(bot, SAME["a person"])
    bot.limits(other_requests="ignore")
    assert [outcome.state for outcome in bot.run().outcomes] == ["opened"]


@pytest.mark.parametrize(
    "theirs",
    [
        Theirs(title="Rebuild for openssl4", branch="rebuild-openssl4-0-1_h1a2b3c"),
        Theirs(title="Rebuild for openssl 4", by="octocat"),
        Theirs(title="rerender", extra={".ci_support/migrations/openssl4.yaml": "migrator_ts: 1\n"}, by="octocat"),
    ],
)
def test_a_rebuild_for_the_same_migration_is_the_same_change(bot: Bots, theirs: Theirs) -> None:
    bot.feedstock("demo", wanted="2.0")
    bot.decider.migration = "openssl4"
    number = opened(bot, theirs)
    (outcome,) = bot.run().outcomes
    assert (outcome.state, outcome.number) == ("theirs", number)


def test_a_migration_that_is_only_named_is_in_nobodys_way(bot: Bots) -> None:
    bot.feedstock("demo", wanted="2.0")
    bot.decider.migration = "openssl4"
    opened(bot, Theirs(title="Remove migration openssl4", branch="no-openssl4", by="octocat"))
    (outcome,) = bot.run().outcomes
    assert outcome.state == "opened"


def test_the_same_program_run_by_another_account_is_found_by_its_header(bot: Bots) -> None:
    bot.feedstock("demo", wanted="2.0")
    bot.run()
    header = bot.github.pulls(DEMO)[0].body
    bot.github.close(DEMO, 1, by="bot")
    bot.ledger = bot.folder / "another.sqlite"
    number = opened(bot, Theirs(title="moved", branch="dirac-forge/bump/main/2.0", body=header, by="newbot"))
    bot.decider.versions["demo"] = "2.0"
    bot.github.get(DEMO).tickets.pop(1)
    (outcome,) = bot.run().outcomes
    assert (outcome.state, outcome.number) == ("theirs", number)
