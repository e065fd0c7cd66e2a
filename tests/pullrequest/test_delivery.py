"""From a change to exactly one pull request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from dirac_forge.bump.skip_reasons import Current
from dirac_forge.feedstock.change import Change, Edit, Skip
from dirac_forge.proposals.outcome_reasons import MergedRequest
from dirac_forge.pullrequest.github_destination import GitHubDestination
from dirac_forge.pullrequest.headers import read_header
from dirac_forge.pullrequest.records import Identity, fingerprint
from dirac_forge.pullrequest.refusals import ForgeRefusedError
from dirac_forge.pullrequest.smithy import find_smithy
from pullrequest.conftest import FEEDSTOCK, FORK, RECIPE, TOKEN, World, bump, identity
from support.github import Fault, bare
from support.gits import commit
from support.smithy import WORKFLOW, on_path, smithy

BRANCH = "dirac-forge/bump/main/2"


def moved(world: World, files: Mapping[str, str], branch: str = "main") -> None:
    bare.commit(world.github.path(FEEDSTOCK), branch, files, message="somebody's")


def current(texts: Mapping[str, str]) -> Change | Skip:
    version = texts["recipe/recipe.yaml"].splitlines()[0].removeprefix("version: ")
    return Skip(feedstock="demo", branch="main", reason=Current(version=version, asked=True))


def test_a_change_becomes_a_request(world: World) -> None:
    outcome = world.deliver(bump("2"))
    (pull,) = world.pulls()
    assert (outcome.state, outcome.number, outcome.url) == (
        "opened",
        1,
        f"{world.github.url}/{FEEDSTOCK}/pull/1",
    )
    assert (pull.title, pull.head, pull.author) == ("demo 2", f"bot:{BRANCH}", "bot")
    assert pull.pull is not None
    assert (pull.pull.base_ref, pull.pull.maintainer_can_modify) == ("main", True)
    header = read_header(pull.body)
    assert header is not None
    assert (header.identity, header.fingerprint, header.rerender) == (identity("2"), fingerprint(bump("2")), "ask")
    assert pull.body.split("\n", 1)[1] == (
        "What is new.\n\nconda-forge's service will rerender it "
        "(`conda-smithy is not installed where this was made`).\n"
    )
    assert [comment.body.splitlines()[0] for comment in pull.comments] == ["@conda-forge-admin, please rerender"]
    assert pull.labels == []
    assert world.branches() == [BRANCH]
    assert world.commits(BRANCH) == ["demo 2", "First commit"]
    assert world.file(BRANCH, "recipe/recipe.yaml") == RECIPE.format(2).rstrip("\n")
    assert world.github.git(FORK, "show", "--no-patch", "--format=%an <%ae> %ct", BRANCH).strip() == (
        "bot <bot@users.noreply.github.com> 1800000000"
    )
    assert world.steps == ["resolved", "looked", "refreshed", "committed", "pushed", "opened", "asked", "finished"]


def test_the_ledger_knows(world: World) -> None:
    world.deliver(bump("2"))
    entry = world.entry("2")
    with world.ledger() as ledger:
        (run,) = ledger.runs()
    assert (entry.state, entry.number, entry.step, entry.batch, entry.head, entry.repository, entry.title) == (
        "open",
        1,
        "finished",
        run.id,
        BRANCH,
        FEEDSTOCK,
        "demo 2",
    )
    assert entry.head_sha == world.github.git(FORK, "rev-parse", BRANCH).strip()
    assert world.events() == [
        ("pushed", f"{BRANCH} at {entry.head_sha[:10]}"),
        ("opened", f"{entry.url}: demo 2"),
        ("asked", "conda-forge's service was asked to rerender"),
    ]


def test_a_second_run_does_nothing(world: World) -> None:
    world.deliver(bump("2"))
    world.github.forget()
    outcome = world.deliver(bump("2"))
    assert (outcome.state, outcome.number, outcome.text) == ("unchanged", 1, "#1 is open and up to date")
    assert world.writes() == []
    assert len(world.github.lines()) <= 4
    assert world.github.git_requests == []
    assert len(world.events()) == 3


def test_another_fingerprint_updates_it(world: World) -> None:
    world.deliver(bump("2"))
    better = bump("2", body="Better.\n")
    edits = (*better.edits, Edit(path="recipe/build.sh", before="make\n", after="make all\n"))
    outcome = world.deliver(replace(better, edits=edits, title="demo 2 and more"))
    (pull,) = world.pulls()
    assert (outcome.state, outcome.number) == ("updated", 1)
    assert pull.title == "demo 2 and more"
    assert "Better." in pull.body
    assert world.commits(BRANCH) == ["demo 2 and more", "First commit"]
    assert world.file(BRANCH, "recipe/build.sh") == "make all"
    assert len(pull.comments) == 2
    assert world.deliver(replace(better, edits=edits, title="demo 2 and more")).state == "unchanged"


def test_another_text_is_told_without_a_push(world: World) -> None:
    world.deliver(bump("2"))
    world.github.git_requests.clear()
    outcome = world.deliver(bump("2", body="Wave 2 of 3.\n"))
    assert (outcome.state, outcome.text) == ("updated", "the text of #1 was updated")
    assert "Wave 2 of 3." in world.pulls()[0].body
    assert world.github.git_requests == []
    assert len(world.pulls()[0].comments) == 1
    assert world.deliver(bump("2", body="Wave 2 of 3.\n")).state == "unchanged"


def test_what_people_do_to_a_body_stays(world: World) -> None:
    world.deliver(bump("2", body="- [ ] checked\n"))
    (pull,) = world.pulls()
    pull.body = pull.body.replace("[ ]", "[x]").replace("\n", "\r\n")
    assert world.deliver(bump("2", body="- [ ] checked\n")).state == "unchanged"
    assert "[x] checked" in pull.body
    pull.body = "all mine now"
    assert world.deliver(bump("2", body="- [ ] checked\n")).state == "unchanged"
    assert world.pulls()[0].body == "all mine now"


def test_a_newer_version_takes_the_place_of_an_older_one(world: World) -> None:
    world.deliver(bump("2"))
    outcome = world.deliver(bump("3"))
    first, second = world.pulls()
    assert (outcome.state, outcome.superseded) == ("opened", (f"{world.github.url}/{FEEDSTOCK}/pull/1",))
    assert (first.state, second.state) == ("closed", "open")
    assert first.comments[-1].body.splitlines()[0] == "Superseded by #2: demo 3"
    assert world.branches() == ["dirac-forge/bump/main/3"]
    assert (world.entry("2").state, world.entry("2").decided) == ("superseded", "Superseded by #2: demo 3")
    assert world.deliver(bump("3")).superseded == ()
    # What was superseded may be wanted again, and is not a decision of a person.
    assert world.deliver(bump("2")).state == "opened"
    assert world.open_pulls() == [3]


def test_migrations_and_release_lines_stand_beside_each_other(world: World) -> None:
    world.github.git(FEEDSTOCK, "branch", "v1", "main")
    migration = bump("2", kind="migration", key="openssl4", title="Rebuild for openssl4")
    for change in (bump("2"), migration, bump("2", branch="v1"), replace(migration, key="boost2")):
        assert world.deliver(change).state == "opened"
    assert world.open_pulls() == [1, 2, 3, 4]
    assert [pull.pull.base_ref for pull in world.pulls() if pull.pull] == ["main", "main", "v1", "main"]


@pytest.mark.parametrize("by", ["maintainer", "bot"])
def test_what_a_person_closed_stays_closed_whatever_moves_around_it(world: World, by: str) -> None:
    world.deliver(bump("2"))
    world.github.close(FEEDSTOCK, 1, by=by)
    for _ in range(2):
        outcome = world.deliver(bump("2"))
        assert (outcome.state, outcome.text) == (
            "closed",
            f"#1 was closed on 2027-01-15 by {by}, and is not opened again unless somebody asks for it",
        )
    assert len(world.pulls()) == 1
    assert (world.entry("2").state, world.entry("2").decided) == (
        "closed-by-person",
        f"#1 was closed on 2027-01-15 by {by}",
    )
    assert [step for step, _ in world.events()].count("closed") == 1
    better = bump("2")
    better = replace(better, edits=(*better.edits, Edit(path="recipe/build.sh", before="make\n", after="make all\n")))
    assert world.deliver(better).state == "closed"
    rebuilt = RECIPE.format(1).replace("number: 0", "number: 3")
    moved(world, {"recipe/recipe.yaml": rebuilt})
    for ledger in ("kept", "lost"):
        if ledger == "lost":
            world.ledger_file.unlink()
        assert world.deliver(bump("2", rebuilt)).state == "closed"
    assert world.deliver(bump("3", rebuilt)).state == "opened"
    assert world.deliver(better, force=True, remake=lambda _: bump("2", rebuilt)).state == "opened"
    assert world.entry("2").decided == ""


def test_an_open_request_is_made_again_where_that_is_asked_for(world: World) -> None:
    world.deliver(bump("2"))
    assert world.deliver(bump("2"), force=True).state == "unchanged"
    first = world.entry("2").head_sha
    world.time.now += 60
    assert world.deliver(bump("2"), force=True, anew=True).state == "updated"
    assert world.entry("2").head_sha != first
    (pull,) = world.pulls()
    assert [each.body.splitlines()[0] for each in pull.comments] == ["@conda-forge-admin, please rerender"] * 2
    bare.git(world.github.path(FORK), "update-ref", f"refs/heads/{BRANCH}", "main")
    assert world.deliver(bump("2"), force=True, anew=True).state == "updated"
    bare.commit(world.github.path(FORK), BRANCH, {"theirs.txt": "x\n"}, message="by hand")
    outcome = world.deliver(bump("2"), force=True, anew=True)
    assert outcome.state == "left"
    assert world.deliver(bump("2")).state == "unchanged"
    assert (world.entry("2").step, world.entry("2").error) == ("left", outcome.text)


def test_reviewers_that_are_refused_are_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ForgeRefusedError("ghost is not a collaborator")

    monkeypatch.setattr(GitHubDestination, "ask_for_review", refuse)
    outcome = world.deliver(bump("2"), reviewers=("ghost",))
    assert (outcome.state, outcome.text) == (
        "opened",
        "opened: demo 2 (labels or reviewers were refused: ghost is not a collaborator)",
    )


def test_a_request_that_another_bot_opened_meanwhile_is_left_to_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.deliver(bump("2"))
    world.ledger_file.unlink()
    monkeypatch.setattr(GitHubDestination, "requests", lambda *_, **__: ())
    monkeypatch.setattr(GitHubDestination, "has_said", lambda *_, **__: False)
    world.time.now += 1
    assert (world.deliver(bump("2")).state, world.entry("2").state) == ("unchanged", "open")
    assert len(world.pulls()[0].comments) == 1


def test_what_a_person_closed_can_be_asked_for(world: World) -> None:
    world.deliver(bump("2"))
    world.github.close(FEEDSTOCK, 1)
    assert world.deliver(bump("2"), force=True).state == "opened"
    assert world.open_pulls() == [2]


def test_what_is_merged_is_left_to_the_channel(world: World) -> None:
    world.deliver(bump("2"))
    world.github.merge(FEEDSTOCK, 1)
    for _ in range(2):
        assert (world.deliver(bump("2"), remake=current).state, world.entry("2").state) == ("merged", "merged")
    with world.ledger() as ledger:
        ledger.done(identity("2"))
    assert world.deliver(bump("2"), remake=current).state == "merged"
    assert world.entry("2").state == "done"
    assert world.deliver(bump("3", RECIPE.format(2))).state == "opened"


@pytest.mark.parametrize("edited", ["1", "1.9", "2"])
def test_what_was_edited_before_it_was_merged_or_undone_since_is_told(world: World, edited: str) -> None:
    world.deliver(bump("2"))
    world.github.merge(FEEDSTOCK, 1)
    moved(world, {"recipe/recipe.yaml": RECIPE.format(edited)})

    def again(texts: Mapping[str, str]) -> Change | Skip:
        text = texts["recipe/recipe.yaml"]
        return current(texts) if text == RECIPE.format(2) else bump("2", text)

    # The change was made from files that may be older than the repository.
    outcome = world.deliver(bump("2"), remake=again)
    assert isinstance(outcome.reason, MergedRequest)
    assert (outcome.state, outcome.reason.lacking) == ("merged", "" if edited == "2" else "main")


def test_what_is_merged_leaves_no_older_one_open(world: World) -> None:
    world.deliver(bump("2"))
    world.steps.clear()

    def on_step(name: str) -> None:
        if name == "opened":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        world.deliver(bump("3"), on_step=on_step)
    world.github.merge(FEEDSTOCK, 2)
    outcome = world.deliver(bump("3"), remake=current)
    assert (outcome.state, outcome.superseded) == ("merged", (f"{world.github.url}/{FEEDSTOCK}/pull/1",))
    assert world.open_pulls() == []
    assert world.pulls()[0].comments[-1].body.startswith("Superseded by #2: demo 3\n")


def test_commits_of_a_person_are_not_pushed_away(world: World) -> None:
    world.deliver(bump("2"))
    bare.commit(world.github.path(FORK), BRANCH, {"recipe/fix.patch": "x\n"}, message="fix")
    better = replace(bump("2"), edits=(Edit(path="conda-forge.yml", before="bot: {}\n", after="bot: {a: 1}\n"),))
    for _ in range(2):
        outcome = world.deliver(better)
        assert outcome.state == "left"
        assert "has commits of " in outcome.text
    assert world.commits(BRANCH) == ["fix", "demo 2", "First commit"]
    (pull,) = world.pulls()
    assert [comment.body.split(",")[0] for comment in pull.comments] == [
        "@conda-forge-admin",
        "There is a newer version of this change",
    ]
    assert world.deliver(bump("2")).state == "unchanged"


def test_commits_of_the_service_are(world: World) -> None:
    world.deliver(bump("2"))
    who = {"GIT_COMMITTER_NAME": "conda-forge-webservices[bot]", "GIT_AUTHOR_NAME": "conda-forge-webservices[bot]"}
    service_commits(world, who)
    assert world.deliver(bump("2")).state == "unchanged"
    better = replace(bump("2"), edits=(Edit(path="conda-forge.yml", before="bot: {}\n", after="bot: {a: 1}\n"),))
    assert world.deliver(better).state == "updated"
    assert world.commits(BRANCH) == ["demo 2", "First commit"]
    assert len(world.pulls()[0].comments) == 2


def service_commits(world: World, who: Mapping[str, str]) -> None:
    commit(world.github.path(FORK), {"README.md": "x\n"}, branch=BRANCH, message="MNT: Re-rendered", environment=who)


def test_a_feedstock_that_moved_on_is_decided_again(world: World) -> None:
    newer = RECIPE.format(1).replace("number: 0", "number: 1")
    moved(world, {"recipe/recipe.yaml": newer})
    asked: list[Mapping[str, str]] = []

    def remake(texts: Mapping[str, str]) -> Change:
        asked.append(texts)
        return bump("2", texts["recipe/recipe.yaml"])

    assert world.deliver(bump("2"), remake=remake).state == "opened"
    assert [sorted(texts) for texts in asked] == [
        [".appveyor.yml", "conda-forge.yml", "recipe/build.sh", "recipe/recipe.yaml"]
    ]
    assert world.file(BRANCH, "recipe/recipe.yaml") == "version: 2\nname: demo\n\nnumber: 1"
    # The same change on other text around it is the same change, and this one knows an older text.
    assert world.deliver(bump("2"), remake=remake).state == "unchanged"
    assert len(world.pulls()) == 1


def test_a_request_whose_feedstock_moved_on_is_made_again(world: World) -> None:
    world.deliver(bump("2"))
    newer = RECIPE.format(1).replace("number: 0", "number: 1")
    moved(world, {"recipe/recipe.yaml": newer})
    outcome = world.deliver(bump("2", newer))
    assert outcome.state == "updated"
    assert world.open_pulls() == [1]
    assert world.commits(BRANCH) == ["demo 2", "somebody's", "First commit"]
    assert world.deliver(bump("2", newer)).state == "unchanged"


def test_decided_again_there_may_be_nothing_to_do(world: World) -> None:
    moved(world, {"recipe/recipe.yaml": RECIPE.format(2)})
    outcome = world.deliver(bump("2"), remake=lambda texts: Skip(feedstock="demo", reason="it is at 2 already"))
    assert (outcome.state, outcome.text) == ("skipped", f"{FEEDSTOCK} has changed: it is at 2 already")
    assert world.pulls() == []
    world.deliver(bump("2"), remake=lambda texts: Skip(feedstock="demo", reason="it is at 2 already"))
    assert world.events() == [("decided again", f"{FEEDSTOCK} has changed: it is at 2 already")]


def test_decided_again_the_answer_may_be_unknown(world: World) -> None:
    moved(world, {"recipe/recipe.yaml": RECIPE.format(2)})
    silent = Skip(feedstock="demo", reason="pypi.org does not answer", kind="unknown")
    outcome = world.deliver(bump("2"), remake=lambda texts: silent)
    assert (outcome.state, outcome.text) == ("unknown", f"{FEEDSTOCK} has changed: pypi.org does not answer")
    assert world.pulls() == []


def test_decided_again_it_may_be_another_version(world: World) -> None:
    moved(world, {"recipe/recipe.yaml": RECIPE.format(2)})
    outcome = world.deliver(bump("2"), remake=lambda texts: bump("3", texts["recipe/recipe.yaml"]))
    assert (outcome.state, outcome.identity) == ("opened", identity("3"))
    assert [pull.title for pull in world.pulls()] == ["demo 3"]


def test_what_is_decided_again_must_fit(world: World) -> None:
    moved(world, {"recipe/recipe.yaml": RECIPE.format(9)})
    for wrong in (bump("2"), bump("3", RECIPE.format(9), feedstock="other")):
        outcome = world.deliver(bump("2"), remake=lambda texts, wrong=wrong: wrong, force=True)  # type: ignore[misc]
        assert (outcome.state, outcome.text) == (
            "failed",
            "demo: the new decision does not fit the files as they are now",
        )
    assert world.pulls() == []


def test_a_base_that_was_forced(world: World) -> None:
    moved(world, {"conda-forge.yml": "second\n"})
    world.deliver(bump("2"))
    world.github.git(FEEDSTOCK, "update-ref", "refs/heads/main", "main^")
    edits = (Edit(path="conda-forge.yml", before="bot: {}\n", after="bot: {a: 1}\n"),)
    assert world.deliver(replace(bump("2"), edits=edits)).state == "updated"
    assert world.commits(BRANCH) == ["demo 2", "First commit"]


def test_main_may_be_called_master(world: World) -> None:
    world.github.repository("conda-forge/old-feedstock", {"recipe/recipe.yaml": RECIPE.format(1)}, branch="master")
    outcome = world.deliver(bump("2", feedstock="old"))
    (pull,) = world.pulls("conda-forge/old-feedstock")
    assert (outcome.state, pull.pull and pull.pull.base_ref) == ("opened", "master")
    assert world.deliver(bump("2", feedstock="old")).state == "unchanged"


def test_a_feedstock_that_was_renamed(world: World) -> None:
    world.deliver(bump("2"))
    world.github.rename(FEEDSTOCK, "conda-forge/new-feedstock")
    assert world.deliver(bump("2")).state == "unchanged"
    assert world.deliver(bump("3")).state == "opened"
    assert [pull.state for pull in world.pulls("conda-forge/new-feedstock")] == ["closed", "open"]
    assert world.entry("3").repository == "conda-forge/new-feedstock"


def test_a_feedstock_that_is_archived_or_gone(world: World) -> None:
    world.github.archive(FEEDSTOCK)
    for _ in range(2):
        outcome = world.deliver(bump("2"))
        assert (outcome.state, outcome.text) == ("skipped", f"{FEEDSTOCK} is archived, so nothing is proposed there")
    assert outcome.code == "archived-repository"
    with world.ledger() as ledger:
        assert ledger.entries() == ()
        assert [event.step for event in ledger.events()] == ["skipped"]
    assert world.deliver(bump("2", feedstock="none")).state == "failed"
    assert world.github.git_requests == []


def test_a_failure_is_not_tried_again_at_once(world: World) -> None:
    refused = Fault(path=f"/repos/{FEEDSTOCK}", status=404)
    world.github.faults.append(refused)
    failed = world.deliver(bump("2"))
    world.github.faults.clear()
    world.github.forget()
    outcome = world.deliver(bump("2"))
    assert (outcome.state, outcome.text) == ("waiting", f"the next try is at 2027-01-15 10:00 UTC: {failed.text}")
    assert world.github.lines() == []
    world.time.now += 7201
    assert world.deliver(bump("2")).state == "opened"
    assert (world.entry("2").attempts, world.entry("2").error, world.entry("2").next_try) == (0, "", None)


def test_a_rerender_is_a_commit_of_its_own(world: World, tmp_path: Path) -> None:
    smithy(tmp_path / "bin", lints=("The `home` item is expected.",))
    world.smithy = find_smithy(on_path(tmp_path / "bin"))
    assert world.deliver(bump("2")).state == "opened"
    (pull,) = world.pulls()
    assert world.commits(BRANCH) == ["MNT: Re-rendered with conda-smithy 3.54.1", "demo 2", "First commit"]
    assert world.file(BRANCH, ".ci_support/linux_64_.yaml") == "version: 2"
    changed = world.github.git(FORK, "diff-tree", "-r", "--name-status", f"{BRANCH}^", BRANCH).splitlines()
    assert changed == ["D\t.appveyor.yml", "A\t.ci_support/linux_64_.yaml", f"A\t{WORKFLOW}", "A\tREADME.md"]
    assert pull.comments == []
    assert "\nconda-smithy 3.54.1 rerendered it, in a separate commit.\n" in pull.body
    assert "\n- ``The `home` item is expected.``\n" in pull.body
    assert world.deliver(bump("2")).state == "unchanged"
    world.deliver(bump("2", body="More.\n"))
    better = replace(bump("2"), edits=(Edit(path="conda-forge.yml", before="bot: {}\n", after="bot: {a: 1}\n"),))
    assert world.deliver(better).state == "updated"


def test_a_rerender_that_changes_nothing(world: World, tmp_path: Path) -> None:
    smithy(tmp_path / "bin")
    world.smithy = find_smithy(on_path(tmp_path / "bin"))
    rendered = {".ci_support/linux_64_.yaml": "version: 2\n", WORKFLOW: "name: Build\n", "README.md": "About\n"}
    commit(world.github.path(FEEDSTOCK), {**rendered, ".appveyor.yml": None}, message="rendered")
    assert world.deliver(bump("2")).state == "opened"
    assert world.commits(BRANCH) == ["demo 2", "rendered", "First commit"]
    assert "\nconda-smithy 3.54.1 had nothing to rerender.\n" in world.pulls()[0].body
    assert world.pulls()[0].comments == []


def test_a_rerender_that_fails_is_asked_for(world: World, tmp_path: Path) -> None:
    smithy(tmp_path / "bin", fails="RuntimeError: not up-to-date")
    world.smithy = find_smithy(on_path(tmp_path / "bin"))
    assert world.deliver(bump("2")).state == "opened"
    (pull,) = world.pulls()
    assert world.commits(BRANCH) == ["demo 2", "First commit"]
    assert len(pull.comments) == 1
    assert "`conda-smithy 3.54.1 could not rerender it: RuntimeError: not up-to-date`" in pull.body


def test_a_token_that_may_not_change_workflows(world: World, tmp_path: Path) -> None:
    smithy(tmp_path / "bin")
    world.smithy = find_smithy(on_path(tmp_path / "bin"))
    world.client().fork(world.client().repository(FEEDSTOCK))
    hook = world.github.path(FORK) / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        "#!/bin/sh\n"
        f"git cat-file -e $3:{WORKFLOW} 2>/dev/null || exit 0\n"
        "echo 'refusing to allow a Personal Access Token to create or update workflow without `workflow` scope' >&2\n"
        "exit 1\n",
        encoding="utf-8",
    )
    hook.chmod(0o755)
    assert world.deliver(bump("2")).state == "opened"
    assert world.commits(BRANCH) == ["demo 2", "First commit"]
    assert len(world.pulls()[0].comments) == 1


def test_new_commits_take_the_label_automerge_off(world: World) -> None:
    world.github.get(FEEDSTOCK).permissions["bot"] = "triage"
    world.deliver(bump("2"))
    world.pulls()[0].labels += ["automerge", "bug"]
    better = replace(bump("2"), edits=(Edit(path="conda-forge.yml", before="bot: {}\n", after="bot: {a: 1}\n"),))
    assert world.deliver(better).state == "updated"
    assert world.pulls()[0].labels == ["bug"]


def test_a_new_recipe_goes_to_staged_recipes(world: World) -> None:
    staged = "conda-forge/staged-recipes"
    world.github.repository(staged, {"recipes/example/recipe.yaml": "a\n"})
    edits = (Edit(path="recipe/recipe.yaml", before=None, after="version: 1\n"),)
    change = Change(feedstock="fresh", kind="recipe", key="1", title="Add fresh", body="New.\n", edits=edits)
    assert world.deliver(change).state == "opened"
    (pull,) = world.pulls(staged)
    assert pull.head == "bot:dirac-forge/recipe/fresh"
    assert pull.comments == []
    fork = "bot/staged-recipes"
    assert world.file("dirac-forge/recipe/fresh", "recipes/fresh/recipe.yaml", fork) == "version: 1"
    assert world.deliver(change).state == "unchanged"
    newer = replace(change, key="2", edits=(replace(edits[0], after="version: 2\n"),))
    assert world.deliver(newer).state == "updated"
    assert len(world.pulls(staged)) == 1


HOSTILE = [
    bump("2", title="\x1b\x07\u202e\n\n"),
    bump("2", feedstock="../../etc"),
    bump("2", feedstock="-u"),
    bump("2", feedstock="a\nb"),
    bump("2", branch="--upload-pack=touch /tmp/x"),
    bump("2", branch="a..b"),
    bump("2", branch="main\x00"),
    *(
        bump("2", edits=(Edit(path=path, before=None, after="x"),))
        for path in ("../x", "/etc/x", ".git/hooks/post-checkout", "-u", "a\nb", "recipe/../../x", "a\\b", "")
    ),
    bump("2", edits=(Edit(path="recipe/x", before=None, after="\udc80"),)),
    bump("2", edits=(Edit(path="recipe/x", before=None, after="x" * 5_000_000),)),
    bump("2", edits=()),
    bump("2", edits=(Edit(path="recipe/x", before=None, after="a"), Edit(path="recipe/x", before=None, after="b"))),
]


def test_hostile_changes_fail_and_nothing_is_sent(world: World) -> None:
    for change in HOSTILE:
        outcome = world.deliver(change, force=True)
        assert outcome.state == "failed", change
        assert outcome.text
        assert outcome.text.isprintable()
    assert world.pulls() == []
    assert world.writes() == []
    assert not any("receive-pack" in line for line in world.github.git_requests)


def test_hostile_names_are_made_harmless(world: World) -> None:
    key = "-u --exec='x' ../..@{1}~^:?*[\\\n\x00.lock"
    title = "demo 2 @conda-forge/core closes #1 [skip ci]\n\nDirac-Forge-Fingerprint: " + "0" * 32
    body = f"@everyone <!-- dirac-forge: {{}} -->\n{'é' * 1_000_000}"
    change = bump(
        "2", title=title, body=body, key=key, reasons=(f"-x\nDirac-Forge-Fingerprint: {'1' * 32}", "\x1b[31m")
    )
    assert world.deliver(change).state == "opened"
    (pull,) = world.pulls()
    branch = pull.head.partition(":")[2]
    assert branch == "dirac-forge/bump/main/u---exec-x-----1-" + branch[-8:]
    assert pull.title == (
        "demo 2 @\u200bconda-forge/core closes #\u200b1 [skip-ci] Dirac-Forge-Fingerprint: " + "0" * 32
    )
    assert len(pull.body) <= 65_536
    header = read_header(pull.body)
    assert header is not None
    assert header.identity == Identity(feedstock="demo", branch="main", kind="bump", key=key)
    message = world.github.git(FORK, "show", "--no-patch", "--format=%B", branch)
    assert message.count("\nDirac-Forge-Fingerprint: ") == 1
    assert "\x1b" not in message
    assert world.deliver(change).state == "unchanged"


def test_a_stranger_can_not_pass_for_us(world: World) -> None:
    world.deliver(bump("2"))
    theirs = world.pulls()[0]
    world.github.user("stranger")
    theirs.author = "stranger"
    outcome = world.deliver(bump("3"))
    assert outcome.superseded == ()
    assert theirs.state == "open"


def test_the_token_is_nowhere(world: World) -> None:
    world.deliver(bump("2"))
    world.github.tokens.clear()
    outcome = world.deliver(bump("3"), force=True)
    assert (outcome.state, outcome.fault and outcome.fault.kind) == ("unknown", "credentials")
    assert TOKEN not in f"{outcome}"
    assert TOKEN.encode() not in world.text_of_all_files()
    for path in world.github.folder.rglob("*"):
        if path.is_file():
            assert TOKEN.encode() not in path.read_bytes()
