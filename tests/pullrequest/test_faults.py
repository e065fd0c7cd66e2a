"""Whatever goes wrong, and whenever: one request in the end, nothing lost, and a line that says why."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dirac_forge.pullrequest.delivery import deliver
from dirac_forge.pullrequest.lease import BusyError, Lease
from dirac_forge.pullrequest.ledger import Ledger
from dirac_forge.pullrequest.outcome import Outcome
from dirac_forge.pullrequest.sqlite import LockedError
from pullrequest.conftest import FEEDSTOCK, FORK, RECIPE, TOKEN, World, bump, identity, never
from support.github import Fault, bare

STEPS = (
    "resolved",
    "looked",
    "refreshed",
    "committed",
    "pushed",
    "opened",
    "asked",
    "superseded",
    "finished",
)
BRANCH = "dirac-forge/bump/main/2"


class Killed(BaseException):
    """As if there were no next line."""


def killing(step: str) -> Callable[[str], None]:
    def on_step(name: str) -> None:
        if name == step:
            raise Killed(step)

    return on_step


def one_request(world: World, *, beside: tuple[str, ...] = ()) -> None:
    """All that there should be of demo 2, and nothing twice."""
    (pull,) = [pull for pull in world.pulls() if pull.title == "demo 2"]
    assert (pull.state, pull.head) == ("open", f"bot:{BRANCH}")
    assert [comment.body.splitlines()[0] for comment in pull.comments] == ["@conda-forge-admin, please rerender"]
    assert world.commits(BRANCH) == ["demo 2", "First commit"]
    assert world.branches() == [*beside, BRANCH]
    assert world.entry("2").state == "open"
    assert (world.entry("2").step, world.entry("2").number) == ("finished", pull.number)


@pytest.fixture
def older(world: World) -> World:
    """With an older request that is to be superseded."""
    world.deliver(bump("1.5"))
    world.steps.clear()
    return world


def test_these_are_the_steps(older: World) -> None:
    older.deliver(bump("2"))
    assert tuple(older.steps) == STEPS


LOST = ("pushed", "opened", "asked", "superseded")


@pytest.mark.parametrize(("step", "lost"), [*((step, False) for step in STEPS), *((step, True) for step in LOST)])
def test_killed_after_each_step(older: World, step: str, lost: bool) -> None:
    with pytest.raises(Killed):
        older.deliver(bump("2"), on_step=killing(step))
    if lost:
        older.ledger_file.unlink()
    older.deliver(bump("2"))
    # Who can't tell whose commits are on the older branch leaves it.
    one_request(older, beside=("dirac-forge/bump/main/1.5",) if lost and step != "superseded" else ())
    (first, _) = older.pulls()
    assert first.state == "closed"
    assert [comment.body.splitlines()[0] for comment in first.comments][1:] == ["Superseded by #2: demo 2"]
    assert older.deliver(bump("2")).state == "unchanged"


@pytest.mark.parametrize("step", ["pushed", "updated", "asked"])
def test_killed_while_it_is_updated(world: World, step: str) -> None:
    world.deliver(bump("2", edits=bump("2.0").edits))
    with pytest.raises(Killed):
        world.deliver(bump("2"), on_step=killing(step))
    world.deliver(bump("2"))
    (pull,) = world.pulls()
    assert len(pull.comments) == 2
    assert world.file(BRANCH, "recipe/recipe.yaml").startswith("version: 2\n")
    assert world.deliver(bump("2")).state == "unchanged"


SCRIPT = """
import os, signal, sys
from pathlib import Path
from pullrequest.conftest import TOKEN, bump, never
from dirac_forge.http import Http
from dirac_forge.pullrequest.clones import Clones
from dirac_forge.pullrequest.delivery import deliver
from dirac_forge.pullrequest.github import GitHub
from dirac_forge.pullrequest.github_destination import GitHubDestination
from dirac_forge.pullrequest.lease import Lease
from dirac_forge.pullrequest.ledger import Ledger
from dirac_forge.pullrequest.tokens import Token

folder, url, step = Path(sys.argv[1]), sys.argv[2], sys.argv[3]

def on_step(name):
    if name == step:
        os.kill(os.getpid(), signal.SIGKILL)

with Http(cache=None, timeout=5) as http, Ledger.open(folder / "ledger.sqlite") as ledger, Lease(ledger):
    client = GitHub(http, Token(os.environ["GITHUB_TOKEN"]), api_url=url, spacing=0)
    clones = Clones(folder / "clones", environment=client.git_environment)
    print(deliver(bump("2"), remake=never, destination=GitHubDestination(forge=client, clones=clones), clones=clones,
                  ledger=ledger, run=ledger.start_run().id, on_step=on_step))
"""


def program(world: World, step: str = "") -> subprocess.Popen[bytes]:
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root / 'tests'}", "GITHUB_TOKEN": TOKEN}
    command = (sys.executable, "-c", SCRIPT, str(world.folder), world.github.api_url, step)
    world.folder.mkdir(exist_ok=True)
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.parametrize("step", [step for step in STEPS if step != "superseded"])
def test_killed_for_real(world: World, step: str) -> None:
    world.time.now = time.time()
    killed = program(world, step)
    output, errors = killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    with world.ledger() as ledger, Lease(ledger):
        assert world.deliver(bump("2")).state in {"opened", "unchanged"}
    one_request(world)
    assert TOKEN.encode() not in output + errors + world.text_of_all_files()


def test_two_programs_at_once(world: World) -> None:
    world.github.clock = time.time
    both = [program(world), program(world)]
    said = [each.communicate() for each in both]
    codes = [each.returncode for each in both]
    assert 0 in codes
    for code, (_, errors) in zip(codes, said, strict=True):
        assert code == 0 or b"BusyError: another bot is running" in errors
    one_request(world)


def test_two_threads_at_once_without_a_lease(world: World) -> None:
    world.ledger().close()
    outcomes: list[Outcome] = []
    threads = [threading.Thread(target=lambda: outcomes.append(world.deliver(bump("2")))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 2
    assert len(world.pulls()) == 1
    assert world.branches() == [BRANCH]
    assert world.deliver(bump("2"), force=True).state in {"unchanged", "updated"}
    assert len(world.pulls()) == 1


def test_a_lease_that_is_lost_stops_the_delivery(world: World) -> None:
    world.folder.mkdir()
    with world.ledger() as ledger, Lease(ledger, holder="one") as lease:

        def on_step(name: str) -> None:
            if name == "committed":
                with Ledger.open(world.ledger_file) as other:
                    other.hold("two", ledger.now())
            lease.renew()

        with pytest.raises(BusyError, match="another bot took over"):
            world.deliver(bump("2"), on_step=on_step)
    assert world.pulls() == []


# What the API answers: status (0: nothing), and whether it does first what it was asked.
ANSWERS = [(0, False), (0, True), (500, False), (502, True), (429, False), (403, False), (404, False), (409, False),
           (422, False), (401, False)]  # fmt: skip
FORGIVEN = {0, 401, 403, 500, 502, 429}


@pytest.mark.parametrize(("status", "act"), ANSWERS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_forge_that_fails(world: World, method: str, status: int, act: bool) -> None:
    """From the second such request on, for good; then it is well again."""
    headers = {"Retry-After": "100000"} if status == 429 else {}
    fault = Fault(method=method, path="/(repos|user).*", nth=2, times=10**6, status=status, act=act, headers=headers)
    world.github.faults.append(fault)
    outcome = world.deliver(bump("2"))
    assert fault.seen > 1
    # Where it was done before the answer was lost, the client finds it.
    assert outcome.state in ({"unknown"} if status in FORGIVEN else {"failed"}) | ({"opened"} if act else set())
    if outcome.state != "opened":
        assert outcome.error is not None
        assert world.events()[-1][0] == "failed"
        assert outcome.error.message in world.events()[-1][1]
    world.github.faults.clear()
    world.time.now += 10 * 86400
    world.deliver(bump("2"))
    one_request(world)


def test_a_fork_that_is_not_ready(world: World) -> None:
    world.github.fork_polls = 1000
    outcome = world.deliver(bump("2"))
    assert (outcome.state, world.entry("2").state, world.entry("2").next_try) == ("unknown", "waiting", None)
    assert world.entry("2").error.startswith(f"{FORK}: the fork is not ready")
    world.github.get(FORK).polls_left = 0
    world.deliver(bump("2"))
    one_request(world)


def test_a_push_that_is_refused(world: World) -> None:
    world.client().fork(world.client().repository(FEEDSTOCK))
    hook = world.github.path(FORK) / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'no room' >&2\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)
    outcome = world.deliver(bump("2"))
    assert outcome.state == "failed"
    assert "(pre-receive hook declined) (no room)" in outcome.text
    assert world.pulls() == []
    hook.unlink()
    world.time.now += 3 * 3600
    world.deliver(bump("2"))
    one_request(world)


@pytest.mark.parametrize(
    ("path", "status", "act"),
    [
        (".*/info/refs", 503, False),
        (".*/info/refs", 0, False),
        (".*/git-upload-pack", 0, False),
        (".*/git-upload-pack", 502, False),
        (".*/git-receive-pack", 0, False),
        (".*/git-receive-pack", 0, True),
        (".*/git-receive-pack", 502, True),
    ],
)
def test_a_git_host_that_is_down(world: World, path: str, status: int, act: bool) -> None:
    world.github.faults.append(Fault(path=path, times=10**6, status=status, act=act))
    outcome = world.deliver(bump("2"))
    # What was pushed before the answer was lost is found there by the next try.
    assert outcome.state == ("opened" if act else "unknown")
    if not act:
        assert "it can't be reached" in outcome.text
    world.github.faults.clear()
    world.deliver(bump("2"))
    one_request(world)


def test_a_full_disk(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("dirac_forge.pullrequest.trees.tempfile.TemporaryDirectory", full)
        outcome = world.deliver(bump("2"))
    assert (outcome.state, outcome.text) == ("unknown", "the disk: No space left on device")
    world.deliver(bump("2"))
    one_request(world)


def test_a_cache_that_is_broken(world: World) -> None:
    world.deliver(bump("1.5"))
    for path in (world.folder / "clones").rglob("pack-*"):
        path.chmod(0o644)
        path.write_bytes(b"x")
    world.deliver(bump("2"))
    one_request(world)


@pytest.mark.parametrize("days", [-400, 400])
def test_a_clock_that_jumps(world: World, days: int) -> None:
    world.github.faults.append(Fault(path=".*", status=404))
    assert world.deliver(bump("2")).state == "failed"
    world.github.faults.clear()
    world.time.now += days * 86400
    world.deliver(bump("2"))
    one_request(world)
    world.time.now -= days * 86400
    assert world.deliver(bump("2")).state == "unchanged"


def test_the_feedstock_is_forced_while_it_is_read(world: World) -> None:
    def on_step(name: str) -> None:
        if name == "refreshed":
            world.github.git(FEEDSTOCK, "update-ref", "refs/heads/main", "main")
            bare.commit(world.github.path(FEEDSTOCK), "main", {"conda-forge.yml": "x\n"}, message="new")

    assert world.deliver(bump("2"), on_step=on_step).state == "opened"
    one_request(world)


def test_a_ledger_that_is_locked_loses_nothing(world: World) -> None:
    world.ledger().close()
    destination = world.destination()
    with Ledger.open(world.ledger_file, timeout=0.05) as ledger:
        run = ledger.start_run().id
        other = sqlite3.connect(world.ledger_file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LockedError):
            deliver(bump("2"), remake=never, destination=destination, clones=destination.clones, ledger=ledger, run=run)
        other.execute("ROLLBACK")
        other.close()
    world.deliver(bump("2"))
    one_request(world)


def test_the_token_shows_in_no_argument(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git = shutil.which("git")
    (tmp_path / "bin").mkdir()
    wrapper = tmp_path / "bin" / "git"
    wrapper.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/arguments\nexec {git} "$@"\n', encoding="utf-8")
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    assert world.deliver(bump("2", RECIPE.format(1))).state == "opened"
    said = (tmp_path / "arguments").read_text(encoding="utf-8")
    assert "push" in said
    assert TOKEN not in said
    assert world.entry("2").identity == identity("2")
