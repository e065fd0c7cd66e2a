"""Whatever goes wrong in a run: nothing is opened twice, nothing is lost, and `bot why` says what it was."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest

from dirac_forge.bot.history import history_lines, history_of
from dirac_forge.bot.outcomes import exit_code
from dirac_forge.pullrequest.lease import BusyError, Lease
from dirac_forge.pullrequest.sqlite import LockedError
from support.bots import TOKEN, Bots
from support.github import Fault
from support.gits import commit

DEMO, FORK = "conda-forge/demo-feedstock", "bot/demo-feedstock"
PULLS = f"/repos/{DEMO}/pulls"
BRANCH = "dirac-forge/bump/main/2.0"


def why(bot: Bots, name: str = "demo") -> str:
    """What `bot why` says."""
    with bot.opened() as ledger:
        found = history_of(
            name,
            now=ledger.now(),
            lines=ledger.lines(feedstock=name),
            entries=ledger.entries(feedstock=name),
            events=ledger.events(feedstock=name),
            runs=ledger.runs(last=1),
            paused=[],
        )
    return "\n".join(history_lines(found))


def exactly_one(bot: Bots) -> None:
    """One request, whole; and from then on nothing more."""
    bot.clock.sleep(10 * 86400)
    bot.run()
    (pull,) = [one for one in bot.github.pulls(DEMO) if one.state == "open"]
    assert len(bot.github.pulls(DEMO)) == 1
    assert [comment.body.splitlines()[0] for comment in pull.comments] == ["@conda-forge-admin, please rerender"]
    bot.github.forget()
    assert {one.state for one in bot.run().outcomes} == {"unchanged"}
    assert [line for line in bot.github.lines() if not line.startswith("GET")] == []
    assert "bump 2.0 (main): open" in why(bot)


@dataclass
class Wrong:
    """Something that goes wrong in the first run."""

    fault: Fault | None = None
    begin: Callable[[Bots], object] = lambda _: None
    end: Callable[[Bots], object] = lambda _: None
    state: str = "unknown"
    said: str = ""
    """What `why` says of it."""


def answers(status: int, said: str, state: str = "unknown", *, act: bool = False) -> Wrong:
    """What GitHub says to the request to open one, for good."""
    headers = {"Retry-After": "100000"} if status == 429 else {}
    fault = Fault(method="POST", path=PULLS, times=10**6, status=status, act=act, headers=headers)
    return Wrong(fault=fault, state=state, said=said)


def refuse_pushes(bot: Bots) -> None:
    bot.github.fork(bot.github.get(DEMO), "bot")
    hook = bot.github.path(FORK) / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'no room here' >&2\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)


def take_pushes(bot: Bots) -> None:
    (bot.github.path(FORK) / "hooks/pre-receive").unlink()


def unarchive(bot: Bots) -> None:
    bot.github.get(DEMO).archived = False


def give_forks(bot: Bots) -> None:
    for fork in (FORK, "bot/other-feedstock"):
        bot.github.get(fork).polls_left = 0


def new_token(bot: Bots) -> None:
    bot.token = TOKEN


WRONG: dict[str, Wrong] = {
    "401": Wrong(begin=lambda bot: setattr(bot, "token", "ghp_" + "9" * 36), end=new_token, said="401"),
    "403": answers(403, "403"),
    "404": answers(404, "404", "failed"),
    "409": answers(409, "409", "failed"),
    "422": answers(422, "422", "failed"),
    "429": answers(429, "GitHub is limiting requests"),
    "500": answers(500, "500"),
    "502, and it was opened": answers(502, "", "opened", act=True),
    "no answer": answers(0, "127.0.0.1"),
    "no answer, and it was opened": answers(0, "", "opened", act=True),
    "the git host is down": Wrong(
        fault=Fault(path=r".*/git-receive-pack|.*/info/refs", times=10**6, status=503), state="", said="503"
    ),
    "the push is refused": Wrong(begin=refuse_pushes, end=take_pushes, state="failed", said="no room here"),
    "the fork is not ready": Wrong(
        begin=lambda bot: setattr(bot.github, "fork_polls", 1000), end=give_forks, said="the fork is not ready"
    ),
    "the feedstock is archived": Wrong(
        begin=lambda bot: bot.github.archive(DEMO), end=unarchive, state="skipped", said=f"{DEMO} is archived"
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_the_table(bot: Bots, name: str) -> None:
    wrong = WRONG[name]
    bot.feedstock("demo", wanted="2.0")
    bot.feedstock("other", wanted="2.0")  # which has nothing to do with this
    wrong.begin(bot)
    fault = replace(wrong.fault, seen=0) if wrong.fault is not None else None
    if fault is not None:
        bot.github.faults.append(fault)
    result = bot.run()
    states = {one.identity.feedstock: one.state for one in result.outcomes}
    if wrong.state:
        assert states["demo"] == wrong.state
        assert exit_code(result.states) == {"unknown": 3, "failed": 1, "opened": 0, "skipped": 0}[wrong.state]
    else:
        assert states == {}
        assert exit_code(result.states) == 3
    if fault is not None and wrong.state:
        assert states["other"] == ("unknown" if name == "429" else "opened")
    assert wrong.said in why(bot)
    assert TOKEN not in why(bot)
    bot.github.faults.clear()
    bot.github.fork_polls = 0
    wrong.end(bot)
    exactly_one(bot)


@contextmanager
def full_disk() -> Iterator[None]:
    def full(*arguments: object, **options: object) -> NoReturn:
        raise OSError(28, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dirac_forge.pullrequest.trees.tempfile.TemporaryDirectory", full)
        yield


def test_a_full_disk(bot: Bots) -> None:
    bot.feedstock("demo", wanted="2.0")
    with full_disk():
        result = bot.run()
    assert [(one.state, one.text) for one in result.outcomes] == [("unknown", "the disk: No space left on device")]
    assert "waits:   the disk: No space left on device" in why(bot)
    exactly_one(bot)


def test_a_ledger_that_another_program_keeps_locked(bot: Bots) -> None:
    bot.feedstock("demo", wanted="2.0")
    with bot.opened():
        pass
    other = sqlite3.connect(bot.folder / ".dirac-forge/ledger.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LockedError) as error:
        bot.run()
    assert error.value.exit_code == 3
    other.execute("ROLLBACK")
    other.close()
    assert bot.github.pulls(DEMO) == []
    exactly_one(bot)


@pytest.mark.parametrize("how", ["corrupt", "gone"])
def test_a_ledger_that_is_lost_is_learnt_anew_from_the_forge(bot: Bots, how: str) -> None:
    bot.feedstock("demo", wanted="2.0")
    bot.feedstock("held")
    bot.run()
    bot.decider.versions["held"] = "2.0"
    path = bot.folder / ".dirac-forge/ledger.sqlite"
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    if how == "corrupt":
        path.write_bytes(b"SQLite format 3\0" + b"nonsense" * 1000)
    else:
        path.unlink()
    bot.limits(open_per_feedstock=1, paused=("held",))
    result = bot.run()
    assert {one.identity.feedstock: one.state for one in result.outcomes} == {"demo": "unchanged"}
    if how == "corrupt":
        assert bot.observer.warnings == [
            f"{path} can no longer be read: it is kept as ledger.sqlite.corrupt-1, and a new one is created"
        ]
    exactly_one(bot)


@pytest.mark.parametrize("days", [-800, 800])
def test_a_clock_that_jumps(bot: Bots, days: int) -> None:
    bot.feedstock("demo", wanted="2.0")
    refuse_pushes(bot)
    bot.jump = timedelta(days=days)
    assert {one.state for one in bot.run().outcomes} == {"failed"}
    take_pushes(bot)
    bot.jump = timedelta()
    exactly_one(bot)


def test_a_feedstock_that_was_renamed(bot: Bots) -> None:
    bot.feedstock("demo", wanted="2.0")
    bot.run()
    bot.github.rename(DEMO, "conda-forge/demo-ng-feedstock")
    bot.github.forget()
    assert {one.state for one in bot.run().outcomes} == {"unchanged"}
    assert len(bot.github.pulls("conda-forge/demo-ng-feedstock")) == 1
    assert [line for line in bot.github.lines() if not line.startswith("GET")] == []


def test_a_feedstock_whose_history_was_written_anew(bot: Bots) -> None:
    bot.feedstock("demo", wanted="2.0")
    bot.run()
    text = bot.github.git(DEMO, "show", "main:recipe/recipe.yaml") + "\n"
    bot.github.git(DEMO, "update-ref", "-d", "refs/heads/main")
    commit(bot.github.path(DEMO), {"recipe/recipe.yaml": text, "conda-forge.yml": "bot: {}\n"}, message="anew")
    assert {one.state for one in bot.run().outcomes} <= {"updated", "unchanged"}
    exactly_one(bot)


def test_a_person_who_bumps_it_meanwhile(bot: Bots) -> None:
    bot.feedstock("demo", wanted="2.0")
    seen = bot.decider.decide

    def decide(looked: Any, requests: Any, **more: Any) -> Any:
        decisions = seen(looked, requests, **more)
        text = bot.github.git(DEMO, "show", "main:recipe/recipe.yaml").replace("version: 1.0", "version: 2.0")
        commit(bot.github.path(DEMO), {"recipe/recipe.yaml": text + "\n"}, message="by hand")
        return decisions

    bot.decider.decide = decide  # type: ignore[method-assign]
    assert [(one.state, one.text) for one in bot.run().outcomes] == [
        ("skipped", f"{DEMO} has changed: it is at 2.0 already")
    ]
    assert bot.github.pulls(DEMO) == []
    assert f"{DEMO} has changed: it is at 2.0 already" in why(bot)


def test_another_bot_with_the_same_ledger(bot: Bots) -> None:
    bot.feedstock("demo", wanted="2.0")
    with (
        bot.opened() as ledger,
        Lease(ledger, holder="elsewhere"),
        pytest.raises(BusyError, match="another bot is running"),
    ):
        bot.run()
    assert bot.github.pulls(DEMO) == []
    exactly_one(bot)


class Killed(BaseException):
    """As if there were no next line."""


@pytest.mark.parametrize("step", ["looked", "decided", "refreshed", "committed", "opened", "asked", "finished"])
def test_broken_off_at_any_step(bot: Bots, step: str) -> None:
    bot.feedstock("demo", wanted="2.0")

    class Log(list[str]):
        def append(self, line: str) -> None:
            if json.loads(line)["step"] == step:
                raise Killed

    bot.log = Log()
    with pytest.raises(Killed):
        bot.run()
    bot.log = []
    exactly_one(bot)


SCRIPT = """
import json, os, signal, sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from dirac_forge.bot.release_lines import ReleaseLine
from dirac_forge.settings import Settings
from support.bots import Bots, Mover
from support.github.clock import StandingClock

class There:
    pass

folder, url, step = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
github = There()
github.url, github.api_url = url, url + "/api/v3"

class Log(list):
    def append(self, line):
        if json.loads(line)["step"] == step:
            os.kill(os.getpid(), signal.SIGKILL)

with ThreadPoolExecutor(2) as executor:
    settings = Settings(workspace=folder, cache=folder / "cache", feedstock_url=url + "/conda-forge/{name}-feedstock")
    mover, lines, token = Mover(versions={"demo": "2.0"}), [ReleaseLine(name="demo")], os.environ["GITHUB_TOKEN"]
    bot = Bots(folder=folder, github=github, clock=StandingClock(), executor=executor, settings=settings, log=Log(),
               decider=mover, lines=lines, token=token)
    bot.run()
"""


def program(bot: Bots, step: str) -> subprocess.CompletedProcess[bytes]:
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root / 'tests'}", "GITHUB_TOKEN": TOKEN}
    command = (sys.executable, "-c", SCRIPT, str(bot.folder), bot.github.url, step)
    return subprocess.run(command, env=environment, capture_output=True, check=False)


@pytest.mark.parametrize("step", ["decided", "pushed", "opened"])
def test_killed_for_real(bot: Bots, step: str) -> None:
    bot.feedstock("demo", wanted="2.0")
    done = program(bot, step)
    assert (done.returncode, done.stderr) == (-signal.SIGKILL, b"")
    exactly_one(bot)
    assert TOKEN.encode() not in done.stdout + done.stderr + everything_in(bot.folder)


def everything_in(folder: Path) -> bytes:
    """All that lies there, but the forge itself."""
    files = (path for path in folder.rglob("*") if path.is_file() and "github" not in path.relative_to(folder).parts)
    return b"\0".join(path.read_bytes() for path in files)


def test_a_run_that_is_refused_everything_says_so_and_stops(bot: Bots) -> None:
    for number in range(5):
        bot.feedstock(f"f{number}", wanted="2.0")
    bot.limits(per_run=2)
    bot.github.faults.append(Fault(method="POST", path="/repos/.*", times=10**6, status=500))
    result = bot.run()
    assert {one.state for one in result.outcomes} == {"unknown"}
    texts = {one.identity.feedstock: one.text for one in result.outcomes}
    assert [name for name, text in texts.items() if text.startswith("not tried in this run: ")] == ["f2", "f3", "f4"]
