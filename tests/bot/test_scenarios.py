"""What people and GitHub do between two runs: in the end there is one request, and what people decided stays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dirac_forge.bot.dashboard import DashboardRequests
from dirac_forge.bot.dashboard_place import keep_dashboard
from dirac_forge.bot.outcomes import exit_code
from dirac_forge.proposals.outcome_reasons import Unneeded
from dirac_forge.pullrequest.records import Identity
from support.bots import TOKEN, Bots, feedstock_files
from support.github import Fault, bare

DEMO, FORK = "conda-forge/demo-feedstock", "bot/demo-feedstock"
BRANCH = "dirac-forge/bump/main/2.0"


class KilledError(BaseException):
    """The end of a program."""


def killed(*arguments: object, **more: object) -> None:
    raise KilledError


def free_the_ledger(bot: Bots) -> None:
    """As the end of a process does it: another may take the lease."""
    with bot.opened() as ledger:
        known = ledger.holder()
        if known is not None:
            ledger.hold("", known[1])


def opened(bot: Bots) -> None:
    bot.feedstock("demo", wanted="2.0")
    bot.run()


def states(bot: Bots) -> list[str]:
    return [one.state for one in bot.run().outcomes]


def writes(bot: Bots) -> list[str]:
    bot.github.forget()
    bot.run()
    return [line for line in bot.github.lines() if not line.startswith("GET") and not line.endswith("/graphql")]


def test_a_request_that_a_person_aims_at_another_branch_is_theirs(bot: Bots) -> None:
    opened(bot)
    bare.git(bot.github.path(DEMO), "branch", "v1.x", "main")
    (pull,) = bot.github.pulls(DEMO)
    assert pull.pull is not None
    pull.pull.base_ref = "v1.x"
    for _ in range(2):
        assert states(bot) == ["theirs"]
    assert len(bot.github.pulls(DEMO)) == 1


def test_a_default_branch_that_is_renamed_takes_the_request_with_it(bot: Bots) -> None:
    opened(bot)
    folder = bot.github.path(DEMO)
    bare.git(folder, "branch", "-m", "main", "trunk")
    bare.git(folder, "symbolic-ref", "HEAD", "refs/heads/trunk")
    bot.github.get(DEMO).default_branch = "trunk"
    (pull,) = bot.github.pulls(DEMO)
    assert pull.pull is not None
    pull.pull.base_ref = "trunk"
    assert states(bot) == ["unchanged"]
    assert writes(bot) == []


def test_a_feedstock_that_is_renamed_keeps_its_request(bot: Bots) -> None:
    opened(bot)
    bot.github.rename(DEMO, "conda-forge/demo2-feedstock")
    assert states(bot) == ["unchanged"]
    assert len(bot.github.pulls("conda-forge/demo2-feedstock")) == 1


def test_a_fork_that_is_deleted_is_made_again(bot: Bots) -> None:
    opened(bot)
    bot.github.close(DEMO, 1, by="bot")  # GitHub closes requests from forks that are deleted
    bot.github.delete(FORK)
    assert states(bot)[-1] == "closed"  # and it looks as if a person had done it
    bot.decider.versions["demo"] = "3.0"
    assert "opened" in states(bot)


def test_a_fork_under_another_name_is_used(bot: Bots) -> None:
    bot.feedstock("demo", wanted="2.0")
    fork = bot.github.fork(bot.github.get(DEMO), "bot")
    bot.github.rename(fork.full_name, "bot/my-own-name")
    assert states(bot) == ["opened"]
    assert BRANCH in bare.branches(bot.github.path("bot/my-own-name"))
    assert states(bot) == ["unchanged"]


def test_a_private_repository_of_the_forks_name_is_not_pushed_to(bot: Bots) -> None:
    bot.feedstock("demo", wanted="2.0")
    bot.github.repository(FORK, {"secret.txt": "x\n"})
    bot.github.get(FORK).private = True
    bot.run()
    assert BRANCH not in bare.branches(bot.github.path(FORK))
    assert len(bot.github.pulls(DEMO)) <= 1


def test_an_archived_feedstock_stops_nothing_and_costs_no_writes(bot: Bots) -> None:
    opened(bot)
    bot.feedstock("other", wanted="2.0")
    bot.github.get(DEMO).archived = True
    bot.decider.versions["demo"] = "3.0"
    found = {one.identity.feedstock: one for one in bot.run().outcomes}
    assert (found["demo"].state, found["other"].state) == ("skipped", "opened")
    assert found["demo"].text == f"{DEMO} is archived, so nothing is proposed there"
    assert writes(bot) == []


def test_a_request_that_nobody_needs_on_an_archived_feedstock_is_left_and_no_failure(bot: Bots) -> None:
    opened(bot)
    bot.github.archive(DEMO)
    bot.decider.versions.clear()
    about = Identity(feedstock="demo", branch="main", kind="bump", key="2.0")
    bot.decider.over = {about: Unneeded(why="reached", version="2.0")}
    result = bot.run()
    assert [(one.state, one.text) for one in result.outcomes] == [
        ("left", f"{DEMO} is archived: its request is left open")
    ]
    assert exit_code(result.states) == 0


def test_a_feedstock_that_is_gone_stops_nothing(bot: Bots) -> None:
    opened(bot)
    bot.feedstock("other", wanted="2.0")
    bot.github.delete(DEMO)
    found = {one.identity.feedstock: one.state for one in bot.run().outcomes}
    assert found["other"] == "opened"
    assert exit_code(bot.run().states) == 1


def test_commits_that_a_person_pushed_by_force_are_not_pushed_away(bot: Bots) -> None:
    opened(bot)
    folder = bot.github.path(FORK)
    bare.git(folder, "update-ref", f"refs/heads/{BRANCH}", "main")
    bare.commit(folder, BRANCH, {"theirs.txt": "x\n"}, message="by hand")
    there = bare.branches(folder)[BRANCH]
    bare.commit(bot.github.path(DEMO), "main", {"recipe/recipe.yaml": changed_recipe()}, message="moved")
    assert states(bot) == ["left"]
    assert bare.branches(folder)[BRANCH] == there


def changed_recipe() -> str:
    return str(feedstock_files("demo")["recipe/recipe.yaml"]) + "  script: make\n"


def test_a_branch_that_a_person_deleted_closes_the_request_for_good(bot: Bots) -> None:
    opened(bot)
    bare.git(bot.github.path(FORK), "update-ref", "-d", f"refs/heads/{BRANCH}")
    bot.github.close(DEMO, 1, by="someone")
    assert states(bot)[-1] == "closed"
    assert states(bot) == ["closed"]
    assert len(bot.github.pulls(DEMO)) == 1


def test_a_protected_branch_backs_off_and_goes_on_when_it_is_free(bot: Bots) -> None:
    bot.feedstock("demo", wanted="2.0")
    bot.github.fork(bot.github.get(DEMO), "bot")
    hook = bot.github.path(FORK) / "hooks/update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'GH006: Protected branch update failed' >&2\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)
    (outcome,) = bot.run().outcomes
    assert outcome.state == "failed"
    assert "Protected branch update failed" in outcome.text
    assert states(bot) == ["waiting"]
    hook.unlink()
    bot.clock.sleep(3 * 3600)
    assert states(bot) == ["opened"]


def test_a_feedstock_that_takes_no_more_requests_fails_alone(bot: Bots) -> None:
    bot.feedstock("demo", wanted="2.0")
    bot.feedstock("other", wanted="2.0")
    said = '{"message": "Validation Failed", "errors": [{"message": "You have reached your limit of open requests."}]}'
    bot.github.faults.append(Fault(method="POST", path=f"/repos/{DEMO}/pulls", times=99, status=422, body=said))
    found = {one.identity.feedstock: one for one in bot.run().outcomes}
    assert (found["demo"].state, found["other"].state) == ("failed", "opened")
    assert "limit of open requests" in found["demo"].text
    bot.github.faults.clear()
    bot.clock.sleep(3 * 3600)
    assert sorted(states(bot)) == ["opened", "unchanged"]


def test_a_token_that_is_revoked_in_the_middle_stops_the_run_and_the_next_goes_on(bot: Bots) -> None:
    for name in ("a", "b", "c"):
        bot.feedstock(name, wanted="2.0")
    bot.github.faults.append(Fault(method="POST", path="/repos/.*/pulls", nth=2, times=99, status=401))
    result = bot.run()
    assert [one.state for one in result.outcomes] == ["opened", "unknown", "unknown"]
    assert exit_code(result.states) == 3
    bot.github.faults.clear()
    assert sorted(states(bot)) == ["opened", "opened", "unchanged"]
    assert [len(repo.pulls) for repo in bot.github.repositories.values() if repo.owner == "conda-forge"] == [1, 1, 1]


@pytest.mark.parametrize("path", ["labels", "requested_reviewers", "comments"])
@pytest.mark.parametrize("act", [True, False])
def test_lost_answers_after_opening_leave_one_whole_request(bot: Bots, path: str, act: bool) -> None:
    bot.feedstock("demo", wanted="2.0")
    bot.github.user("chaen")
    bot.github.get(DEMO).permissions |= {"bot": "triage", "chaen": "write"}
    bot.limits(labels=("bot",), reviewers=("chaen",))
    bot.github.faults.append(Fault(method="POST", path=f".*/{path}", times=2, act=act))
    bot.run()
    bot.run()
    (pull,) = bot.github.pulls(DEMO)
    assert pull.pull is not None
    assert (pull.labels, set(pull.pull.reviewers)) == (["bot"], {"chaen"})
    assert len([each for each in pull.comments if "please rerender" in each.body]) == 1


STEPS = ["resolved", "looked", "refreshed", "committed", "pushed", "opened", "asked", "finished"]


@pytest.mark.parametrize("step", STEPS)
def test_a_run_that_is_killed_at_any_step_is_completed_with_labels_and_reviewers(
    bot: Bots, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dirac_forge.pullrequest import journal  # noqa: PLC0415

    bot.feedstock("demo", wanted="2.0")
    bot.github.user("chaen")
    bot.github.get(DEMO).permissions |= {"bot": "triage", "chaen": "write"}
    bot.limits(labels=("bot",), reviewers=("chaen",), draft=True)
    with monkeypatch.context() as patch:
        before = journal.Journal.note

        def note(self: journal.Journal, identity: object, name: str, text: str, **changes: object) -> object:
            if name == step:
                raise KilledError
            return before(self, identity, name, text, **changes)  # type: ignore[arg-type]

        patch.setattr(journal.Journal, "note", note)
        if step in {"pushed", "opened", "asked", "finished"}:
            with pytest.raises(KilledError):
                bot.run()
    free_the_ledger(bot)
    bot.run()
    bot.run()
    (pull,) = bot.github.pulls(DEMO)
    assert pull.pull is not None
    assert (pull.state, pull.pull.draft) == ("open", True)
    assert len([each for each in pull.comments if "please rerender" in each.body]) == 1
    assert (pull.labels, pull.pull.reviewers) == (["bot"], ["chaen"])
    assert writes(bot) == []


def test_what_a_person_takes_off_a_request_that_a_killed_run_left_stays_off(
    bot: Bots, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot.feedstock("demo", wanted="2.0")
    bot.github.user("chaen")
    bot.github.get(DEMO).permissions |= {"bot": "triage", "chaen": "write"}
    bot.limits(labels=("bot", "dirac"), reviewers=("chaen", "@conda-forge/core"))
    with monkeypatch.context() as patch:
        patch.setattr("dirac_forge.pullrequest.github_destination.GitHubDestination.say", killed)
        with pytest.raises(KilledError):
            bot.run()
    (pull,) = bot.github.pulls(DEMO)
    assert pull.pull is not None
    assert (pull.labels, pull.pull.reviewers) == (["bot", "dirac"], ["chaen", "core"])
    pull.labels.remove("dirac")
    pull.pull.reviewers.clear()
    free_the_ledger(bot)
    bot.run()
    assert (pull.labels, pull.pull.reviewers) == (["bot"], [])
    assert len([each for each in pull.comments if "please rerender" in each.body]) == 1


def test_a_stranger_can_neither_stop_the_rerender_nor_ask_the_bot_for_anything(bot: Bots) -> None:
    opened(bot)
    (pull,) = bot.github.pulls(DEMO)
    marker = pull.comments[0].body.splitlines()[-1]
    pull.comments.clear()
    bot.github.user("stranger")
    bot.github.add_comment(pull, "stranger", f"please make again\n\n{marker}\n")
    bot.github.add_comment(pull, "stranger", "- [x] make again <!-- dirac-forge-again: demo/main/bump/2.0 -->")
    with bot.opened() as ledger:
        (entry,) = ledger.entries()
        ledger.put(replace(entry, step="opened"))  # killed before it asked
    bot.run()
    assert [each.author for each in pull.comments if "please rerender" in each.body] == ["bot"]
    assert pull.state == "open"


def test_two_bots_with_their_own_ledgers_open_and_ask_once(bot: Bots) -> None:
    opened(bot)
    bot.ledger = bot.folder / "second.sqlite"
    assert states(bot) == ["unchanged"]
    bot.ledger = None
    assert states(bot) == ["unchanged"]
    (pull,) = bot.github.pulls(DEMO)
    assert len([each for each in pull.comments if "please rerender" in each.body]) == 1


def test_two_bots_of_different_accounts_open_one_request(bot: Bots) -> None:
    opened(bot)
    bot.github.user("second", token="ghp_" + "2" * 36)
    bot.ledger, bot.token = bot.folder / "second.sqlite", "ghp_" + "2" * 36
    assert states(bot) == ["theirs"]
    assert len(bot.github.pulls(DEMO)) == 1


@pytest.mark.parametrize(
    "title", ["", "x" * 5000, "demo \u202e0.2\u0000 v1.9.9.9", "Bump demo from 1.0 to 1.5", "<script>2.0.1</script>"]
)
def test_strange_titles_of_others_hide_nothing_and_break_nothing(bot: Bots, title: str) -> None:
    bot.feedstock("demo", wanted="2.0")
    bot.github.user("stranger", token="ghp_" + "3" * 36)
    fork = bot.github.fork(bot.github.get(DEMO), "stranger")
    bare.commit(bot.github.path(fork.full_name), "patch-1", {"x.txt": "x\n"}, start="main")
    ticket = bot.github.new_ticket(bot.github.get(DEMO), title=title, body="", author="stranger")
    from support.github.state import Pull  # noqa: PLC0415

    sha = bare.branches(bot.github.path(fork.full_name))["patch-1"]
    ticket.pull = Pull(head_owner="stranger", head_repo=fork.id, head_ref="patch-1", head_sha=sha, base_ref="main")
    assert states(bot) == ["opened"]


def test_what_people_change_stays_theirs(bot: Bots) -> None:
    opened(bot)
    (pull,) = bot.github.pulls(DEMO)
    assert pull.pull is not None
    pull.title, pull.labels, pull.pull.draft = "A better title", ["wip"], True
    pull.body += "\nA note of mine.\n"
    bot.decider.versions["demo"] = "2.0"
    assert states(bot) == ["unchanged"]
    assert (pull.title, pull.labels, pull.pull.draft) == ("A better title", ["wip"], True)
    assert pull.body.endswith("A note of mine.\n")


def test_a_merged_request_whose_release_line_is_wanted_again_is_not_opened_twice(bot: Bots) -> None:
    opened(bot)
    bot.github.merge(DEMO, 1)
    assert states(bot)[0] == "merged"
    with bot.opened() as ledger:
        path = ledger.path
    path.unlink()
    assert "opened" not in states(bot)


def test_a_merge_that_was_undone_is_told(bot: Bots) -> None:
    opened(bot)
    bot.github.merge(DEMO, 1)
    before = {path: text for path, text in feedstock_files("demo").items() if path.startswith("recipe/")}
    bare.commit(bot.github.path(DEMO), "main", before, message="Revert")
    for _ in range(2):
        (outcome,) = bot.run().outcomes
        assert (outcome.state, outcome.text) == (
            "merged",
            "#1 is merged, and main lacks the change: it was undone or edited. Nothing is opened again",
        )
    with bot.connections() as connections:
        keep_dashboard(connections, "", bot.folder / "outbox", bot.run_with(connections))
    assert "## Merged and undone (1)" in (bot.folder / "outbox/dashboard.md").read_text(encoding="utf-8")


def test_a_clock_that_was_wrong_by_years_delays_nothing(bot: Bots) -> None:
    from datetime import timedelta  # noqa: PLC0415

    bot.jump = timedelta(days=-4000)
    opened(bot)
    bot.jump = timedelta(days=4000)
    assert states(bot) == ["unchanged"]
    bot.jump = timedelta()
    bot.decider.versions["demo"] = "3.0"
    assert "opened" in states(bot)


def test_a_dashboard_that_people_filled_with_nonsense_is_read_as_far_as_it_goes(bot: Bots) -> None:
    from dirac_forge.bot.dashboard import asked_for  # noqa: PLC0415

    body = (
        "- [x] now <!-- dirac-forge-now: a/b -->\n- [X] x <!-- dirac-forge-ignore: a/main/bump/1 -->\n" + "[" * 50_000
    )
    found = asked_for(body)
    assert [str(each) for each in found.ignore] == ["a (main): bump 1"]
    assert not found.now


@pytest.mark.parametrize("status", [500, 502, 503, 0])
def test_an_api_that_fails_while_requests_are_observed_is_not_taken_for_a_no(bot: Bots, status: int) -> None:
    opened(bot)
    bot.github.faults.append(Fault(method="GET", path=f"/repos/{DEMO}/pulls.*", times=99, status=status))
    result = bot.run()
    assert {one.state for one in result.outcomes} == {"unknown"}
    assert exit_code(result.states) == 3
    bot.github.faults.clear()
    assert states(bot) == ["unchanged"]


def test_the_token_is_in_no_file_and_no_url(bot: Bots) -> None:
    opened(bot)
    texts = [path.read_bytes() for path in bot.folder.rglob("*") if path.is_file() and "github" not in path.parts]
    assert not any(TOKEN.encode() in text for text in texts)


def reopened(bot: Bots, number: int = 1) -> None:
    """A person restores the branch of a request and reopens it."""
    pull = bot.github.pulls(DEMO)[number - 1]
    assert pull.pull is not None
    fork = bot.github.path(FORK)
    bare.git(fork, "fetch", "-q", str(bot.github.path(DEMO)), f"refs/pull/{number}/head")
    bare.git(fork, "update-ref", f"refs/heads/{pull.pull.head_ref}", pull.pull.head_sha)
    pull.state, pull.closed = "open", None


def open_numbers(bot: Bots) -> list[int]:
    return [pull.number for pull in bot.github.pulls(DEMO) if pull.state == "open"]


def test_a_superseded_request_that_a_person_reopened_is_theirs_also_for_a_ledger_that_was_lost(bot: Bots) -> None:
    opened(bot)
    bot.decider.versions["demo"] = "3.0"
    bot.run()
    reopened(bot)
    bot.run()
    assert open_numbers(bot) == [1, 2]
    with bot.opened() as ledger:
        path = ledger.path
    path.unlink()
    bot.run()
    bot.run()
    assert open_numbers(bot) == [1, 2]
    assert len([each for each in bot.github.pulls(DEMO)[0].comments if "Superseded" in each.body]) == 1


def test_a_request_to_which_a_person_committed_stays_open_beside_a_newer_version(bot: Bots) -> None:
    opened(bot)
    bare.commit(bot.github.path(FORK), BRANCH, {"recipe/fix.patch": "x\n"}, message="by hand")
    bot.decider.versions["demo"] = "3.0"
    for _ in range(2):
        bot.run()
        assert open_numbers(bot) == [1, 2]
    told = [each.body.splitlines()[0] for each in bot.github.pulls(DEMO)[0].comments]
    said = "#2 is for a newer version: demo 3.0. This one stays open: others committed to it."
    assert told == ["@conda-forge-admin, please rerender", said]


def test_the_label_automerge_that_a_person_took_off_stays_off(bot: Bots) -> None:
    bot.feedstock("demo", wanted="2.0", automerge="true")
    bot.github.get(DEMO).permissions["bot"] = "triage"
    bot.run()
    (pull,) = bot.github.pulls(DEMO)
    assert pull.pull is not None
    bot.github.check_run(DEMO, pull.pull.head_sha, "build")
    bot.run()
    assert pull.labels == ["automerge"]
    pull.labels.clear()
    bot.run()
    assert pull.labels == []
    with bot.opened() as ledger:
        path = ledger.path
    path.unlink()
    bot.run()
    assert pull.labels == []


def test_a_release_that_comes_back_takes_the_mark_off_the_title(bot: Bots) -> None:
    bot.limits(withdrawn_releases="mark")
    opened(bot)
    (pull,) = bot.github.pulls(DEMO)
    about = Identity(feedstock="demo", branch="main", kind="bump", key="2.0")
    bot.decider.versions.clear()
    bot.decider.over = {about: Unneeded(why="withdrawn", version="2.0")}
    bot.run()
    assert pull.title == "[withdrawn] demo 2.0"
    said = "Upstream no longer offers 2.0. This request stays open, and is not merged automatically."
    assert pull.comments[-1].body.splitlines()[0] == said
    bot.decider.versions["demo"] = "2.0"
    bot.run()
    assert (pull.title, pull.state) == ("demo 2.0", "open")
    assert writes(bot) == []


def test_a_version_that_is_ignored_on_the_dashboard_is_closed_where_it_is_open(bot: Bots) -> None:
    opened(bot)
    about = Identity(feedstock="demo", branch="main", kind="bump", key="2.0")
    with bot.connections() as connections:
        result = bot.run_with(connections, asked=DashboardRequests(ignore=frozenset({about})))
    assert [one.state for one in result.outcomes] == ["closed"]
    assert open_numbers(bot) == []
    assert states(bot) == ["closed"]
    assert len(bot.github.pulls(DEMO)) == 1


def test_a_conversation_that_is_locked_is_left_alone_and_no_fault(bot: Bots) -> None:
    bot.feedstock("demo", wanted="2.0")
    said = '{"message": "Unable to create comment because issue is locked."}'
    bot.github.faults.append(Fault(method="POST", path=".*/comments", times=99, status=403, body=said))
    assert states(bot) == ["opened"]
    result = bot.run()
    assert ([one.state for one in result.outcomes], exit_code(result.states)) == (["unchanged"], 0)
    with bot.opened() as ledger:
        steps = {each.step: each.text for each in ledger.events(feedstock="demo")}
    assert steps["asked"] == "conda-forge's service can't rerender it: the conversation is locked"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (f"/repos/{DEMO}/pulls", "Interactions on this repository have been restricted to collaborators"),
        (f"/repos/{DEMO}/forks", "The repository exists, but forking is disabled."),
    ],
)
def test_a_repository_that_keeps_strangers_out_backs_off_alone(bot: Bots, path: str, said: str) -> None:
    bot.feedstock("demo", wanted="2.0")
    bot.feedstock("other", wanted="2.0")
    body = f'{{"message": "{said}"}}'
    bot.github.faults.append(Fault(method="POST", path=path, times=99, status=403, body=body))
    found = {one.identity.feedstock: one.state for one in bot.run().outcomes}
    assert found == {"demo": "failed", "other": "opened"}
    found = {one.identity.feedstock: one.state for one in bot.run().outcomes}
    assert found == {"demo": "waiting", "other": "unchanged"}


@pytest.mark.parametrize(("status", "body"), [(200, "<html>Please sign in</html>"), (403, "Forbidden")])
def test_a_page_in_the_place_of_the_forge_is_no_answer(bot: Bots, status: int, body: str) -> None:
    bot.feedstock("demo", wanted="2.0")
    headers = {"Content-Type": "text/html"}
    bot.github.faults.append(Fault(path=".*", times=99, status=status, body=body, headers=headers))
    result = bot.run()
    assert ([line.state for line in result.looked], exit_code(result.states)) == (["unknown"], 3)
    bot.github.faults.clear()
    assert states(bot) == ["opened"]
