"""The ledger: values in, values out; and what may happen to its file."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from dirac_forge.errors import InputError, UnknownError
from dirac_forge.feedstock.change import Change, Edit
from dirac_forge.pullrequest.lease import BusyError, Lease, dead, this_process, told
from dirac_forge.pullrequest.ledger import Ledger
from dirac_forge.pullrequest.records import Event, Identity, LedgerEntry, LedgerLine, Run, State, fingerprint
from dirac_forge.pullrequest.schema import MIGRATIONS
from dirac_forge.pullrequest.sqlite import LedgerError, LockedError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
A = Identity(feedstock="a", branch="main", kind="bump", key="1.0")
TOKEN = "ghp_" + "a" * 36


class Clock:
    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.sqlite", clock=clock, timeout=0.1) as opened:
        yield opened


def event(feedstock: str, step: str, *, time: datetime = NOW, run: str = "r") -> Event:
    return Event(time=time, run=run, feedstock=feedstock, branch="main", kind="bump", key="1", step=step, text="t")


def test_a_change_is_remembered(ledger: Ledger, clock: Clock) -> None:
    assert ledger.entry(A) is None
    entry = LedgerEntry(
        identity=A,
        fingerprint="f" * 32,
        state="open",
        title="a 1.0",
        repository="conda-forge/a-feedstock",
        number=7,
        url="https://github.com/conda-forge/a-feedstock/pull/7",
        head="dirac-forge/bump/main/1.0",
        head_sha="b" * 40,
        batch="r1",
        step="opened",
        attempts=2,
        error="e",
        next_try=NOW + timedelta(hours=2),
        decided="d",
    )
    kept = ledger.put(entry)
    assert kept.updated == NOW
    assert ledger.entry(A) == kept
    clock.time += timedelta(hours=1)
    again = ledger.put(kept)
    assert again.updated == clock.time
    assert ledger.entries() == (again,)


def test_changes_are_found(ledger: Ledger) -> None:
    def put(feedstock: str, branch: str, kind: str, state: str, batch: str) -> str:
        identity = Identity(feedstock=feedstock, branch=branch, kind=kind, key="1")
        return str(ledger.put(LedgerEntry(identity=identity, state=state, batch=batch)).identity)  # type: ignore[arg-type]

    one = put("b", "main", "bump", "open", "r1")
    two = put("a", "v1", "bump", "failed", "r1")
    three = put("a", "main", "migration", "done", "r2")

    def found(**asked: object) -> list[str]:
        return [str(entry.identity) for entry in ledger.entries(**asked)]  # type: ignore[arg-type]

    assert found() == [three, two, one]
    assert found(feedstock="a") == [three, two]
    assert found(feedstock="a", branch="v1") == [two]
    assert found(kind="migration") == [three]
    assert found(batch="r1") == [two, one]
    assert found(states=("open", "done")) == [three, one]
    assert found(states=("merged",)) == []


def test_failures_wait_longer_and_longer(ledger: Ledger, clock: Clock) -> None:
    first = ledger.failed(A, "refused")
    assert (first.state, first.attempts, first.error, first.next_try) == (
        "failed",
        1,
        "refused",
        NOW + timedelta(hours=2),
    )
    clock.time += timedelta(hours=3)
    assert ledger.failed(A, "refused").next_try == clock.time + timedelta(hours=4)
    waiting = ledger.failed(A, "the fork is not ready", waiting=True)
    assert (waiting.state, waiting.attempts, waiting.next_try) == ("waiting", 2, None)
    done = ledger.done(A)
    assert done is not None
    assert (done.state, done.attempts, done.error, done.next_try) == ("done", 0, "", None)
    assert ledger.done(Identity(feedstock="b", branch="main", kind="bump", key="1")) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [("wanted", "failed"), ("superseded", "failed"), ("waiting", "failed"), ("pushed", "pushed"), ("open", "open"),
     ("merged", "merged"), ("done", "done"), ("closed-by-person", "closed-by-person"), ("retracted", "retracted")],
)  # fmt: skip
def test_a_failure_does_not_hide_what_is_on_the_forge(ledger: Ledger, before: State, after: State) -> None:
    ledger.put(LedgerEntry(identity=A, state=before, number=3))
    failed = ledger.failed(A, "no answer")
    assert (failed.state, failed.number, failed.error, failed.attempts) == (after, 3, "no answer", 1)


def test_release_lines(ledger: Ledger, clock: Clock) -> None:
    line = LedgerLine(
        feedstock="a", branch="v8.0.x", looked=NOW, found="8.0.60", decided="bump to 8.0.60", reason="new"
    )
    ledger.looked(line)
    ledger.looked(LedgerLine(feedstock="a", looked=NOW.astimezone(timezone(timedelta(hours=2)))))
    ledger.looked(LedgerLine(feedstock="b", looked=NOW))
    assert ledger.lines(feedstock="a") == (LedgerLine(feedstock="a", looked=NOW), line)
    assert len(ledger.lines()) == 3


def test_events_stay_in_the_order_in_which_they_were_noted(ledger: Ledger) -> None:
    for number, step in enumerate(("looked", "pushed", "opened")):
        ledger.record(event("a", step, time=NOW - timedelta(days=number)))
    ledger.record(event("b", "looked", run="s"))
    assert [each.step for each in ledger.events(feedstock="a")] == ["looked", "pushed", "opened"]
    assert [each.step for each in ledger.events(feedstock="a", last=2)] == ["pushed", "opened"]
    assert ledger.events(run="s") == (event("b", "looked", run="s"),)
    with pytest.raises(LedgerError, match="events are never taken away"), ledger.transaction():
        ledger._connection.execute("DELETE FROM events")
    with pytest.raises(LedgerError, match="events are never changed"), ledger.transaction():
        ledger._connection.execute("UPDATE events SET text = ''")


def test_runs(ledger: Ledger, clock: Clock) -> None:
    first = ledger.start_run()
    assert first.id.startswith("20260301T120000Z-")
    clock.time += timedelta(hours=1)
    ended = ledger.end_run(first, "2 opened")
    second = ledger.start_run()
    assert ended == Run(id=first.id, start=NOW, end=clock.time, outcome="2 opened")
    assert ledger.runs() == (second, ended)
    assert ledger.runs(last=1) == (second,)


def test_what_is_written_together_is_written_whole_or_not_at_all(ledger: Ledger) -> None:
    def killed() -> None:
        with ledger.transaction():
            ledger.put(LedgerEntry(identity=A))
            ledger.record(event("a", "pushed"))
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        killed()
    assert ledger.entries() == ()
    assert ledger.events() == ()


def test_no_secret_and_no_control_character_is_written(tmp_path: Path, ledger: Ledger) -> None:
    ledger.put(
        LedgerEntry(identity=A, error=f"https://me:s3cret@host/x said {TOKEN}", title="a\x1b[31m\u202eb\udc80\x00")
    )
    ledger.record(Event(time=NOW, run="r", feedstock="a", step="failed", text=f"token {TOKEN}\nsecond line"))
    ledger.end_run(ledger.start_run(), TOKEN)
    known = ledger.entry(A)
    assert known is not None
    assert known.error == "https://***@host/x said ***"
    assert known.title == "a[31mb"
    assert ledger.events()[0].text == "token ***\nsecond line"
    ledger.close()
    for path in tmp_path.iterdir():
        assert TOKEN.encode() not in path.read_bytes()
        assert b"s3cret" not in path.read_bytes()


def test_it_is_one_file_in_the_end(tmp_path: Path, ledger: Ledger) -> None:
    ledger.put(LedgerEntry(identity=A))
    ledger.close()
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.sqlite"]
    with Ledger.open(tmp_path / "ledger.sqlite") as again:
        assert [entry.identity for entry in again.entries()] == [A]
        assert not again.rebuilt


def test_threads_share_it(ledger: Ledger) -> None:
    def work(name: str) -> None:
        for number in range(20):
            ledger.failed(Identity(feedstock="a", branch="main", kind="bump", key="1"), f"{name} {number}")

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [entry.attempts for entry in ledger.entries()] == [80]


def test_locked_by_another_program(tmp_path: Path, ledger: Ledger) -> None:
    other = sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LockedError) as caught:
        ledger.put(LedgerEntry(identity=A))
    assert isinstance(caught.value, UnknownError)
    assert str(caught.value) == (
        f"{tmp_path}/ledger.sqlite is locked by another program\nTry again when it is done; nothing was written."
    )
    other.execute("ROLLBACK")
    other.close()
    ledger.put(LedgerEntry(identity=A))
    assert len(ledger.entries()) == 1


def test_a_full_disk(tmp_path: Path, ledger: Ledger) -> None:
    ledger.put(LedgerEntry(identity=A))
    pages = ledger._connection.execute("PRAGMA page_count").fetchone()[0]
    ledger._connection.execute(f"PRAGMA max_page_count = {pages}")

    def fill() -> None:
        for number in range(1000):
            ledger.record(event("a" * 1000, str(number)))

    with pytest.raises(LedgerError, match="the disk is full"):
        fill()
    ledger._connection.execute("PRAGMA max_page_count = 1000000")
    assert ledger.entry(A) is not None
    ledger.record(event("b", "looked"))
    assert len(ledger.events(feedstock="b")) == 1


@pytest.mark.parametrize("damage", ["text", "middle", "cut"])
def test_a_corrupt_file_is_moved_aside(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        for number in range(200):
            ledger.record(event("a", str(number)))
    whole = path.read_bytes()
    broken = {
        "text": b"this is not a database" * 100,
        "middle": whole[:4096] + b"\xff" * 8192 + whole[12288:],
        "cut": whole[: len(whole) // 2],
    }[damage]
    for number in (1, 2):
        path.write_bytes(broken)
        said: list[str] = []
        with Ledger.open(path, warned=said.append) as ledger:
            assert ledger.rebuilt
            assert ledger.events() == ()
            ledger.record(event("a", "looked"))
            assert ledger.lost == tuple(f"ledger.sqlite.corrupt-{each}" for each in range(1, number + 1))
        assert (tmp_path / f"ledger.sqlite.corrupt-{number}").read_bytes() == broken
        assert said == [
            f"{path} can no longer be read: it is kept as ledger.sqlite.corrupt-{number}, and a new one is created"
        ]


def test_a_newer_ledger_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    Ledger.open(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(InputError) as caught:
        Ledger.open(path)
    assert str(caught.value) == (
        f"{path}: a newer version of this program wrote it (tables 99, known here: {len(MIGRATIONS)})\n"
        "Update dirac-forge, or name another file."
    )
    assert path.read_bytes() == before


def test_another_programs_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    connection.close()
    with pytest.raises(InputError, match="is a database, but not a ledger"):
        Ledger.open(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]
    connection.close()


def test_an_older_ledger_is_brought_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        ledger.put(LedgerEntry(identity=A))
    monkeypatch.setattr(
        "dirac_forge.pullrequest.schema.MIGRATIONS", (*MIGRATIONS, "ALTER TABLE runs ADD COLUMN host TEXT;\n")
    )
    with Ledger.open(path) as ledger:
        assert ledger.entry(A) is not None
        assert ledger._connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS) + 1,)
        ledger._connection.execute("SELECT host FROM runs")


@pytest.mark.parametrize(
    ("checks", "conflicts", "failing"),
    [
        ("no conflicts with the release line\nlint\nlinux_64", True, ("lint", "linux_64")),
        ("no conflicts with the release line", True, ()),
        ("lint", False, ("lint",)),
        ("", False, ()),
    ],
)
def test_conflicts_that_an_older_ledger_lists_among_the_checks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checks: str, conflicts: bool, failing: tuple[str, ...]
) -> None:
    path = tmp_path / "ledger.sqlite"
    with monkeypatch.context() as older:
        older.setattr("dirac_forge.pullrequest.schema.MIGRATIONS", MIGRATIONS[:3])
        Ledger.open(path).close()
    with sqlite3.connect(path) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(changes)")]
        row: dict[str, object] = {**dict.fromkeys(columns, "")}
        row |= {"feedstock": "a", "branch": "main", "kind": "bump", "key": "1.0"}
        row |= {"number": 1, "attempts": 0, "next_try": None, "updated": NOW.isoformat(), "checks": checks}
        connection.execute(f"INSERT INTO changes VALUES ({', '.join('?' * len(columns))})", tuple(row.values()))
    connection.close()
    with Ledger.open(path) as ledger:
        entry = ledger.entry(A)
    assert entry is not None
    assert (entry.conflicts, entry.failing) == (conflicts, failing)


def test_a_folder_that_can_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").mkdir()
    with pytest.raises(LedgerError, match=r"ledger\.sqlite can't be written"):
        Ledger.open(tmp_path / "ledger.sqlite")


def test_a_file_where_its_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "here").write_text("", encoding="utf-8")
    with pytest.raises(LedgerError) as caught:
        Ledger.open(tmp_path / "here" / "ledger.sqlite")
    assert str(caught.value) == f"{tmp_path}/here/ledger.sqlite: its folder can't be made (File exists)\nName another."


def test_killed_while_writing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from dirac_forge.pullrequest.ledger import Ledger\n"
        "from dirac_forge.pullrequest.records import Identity, LedgerEntry\n"
        "ledger = Ledger.open(Path(sys.argv[1]))\n"
        "ledger.put(LedgerEntry(identity=Identity(feedstock='a', branch='main', kind='bump', key='1')))\n"
        "with ledger.transaction():\n"
        "    ledger.put(LedgerEntry(identity=Identity(feedstock='b', branch='main', kind='bump', key='1')))\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    done = subprocess.run((sys.executable, "-c", script, str(path)), env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    with Ledger.open(path) as ledger:
        assert [entry.identity.feedstock for entry in ledger.entries()] == ["a"]


def test_two_bots_at_once(tmp_path: Path, ledger: Ledger, clock: Clock) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite", clock=clock) as other:
        with Lease(ledger, holder="one") as lease:
            with pytest.raises(BusyError) as caught, Lease(other, holder="two"):
                pass
            assert str(caught.value) == (
                "another bot is running with this ledger: one\n"
                "Wait until it ends, or stop it. If it died, a run after 2026-03-01 12:30 UTC takes over."
            )
            assert told(this_process()) == f"process {os.getpid()} on this machine"
            assert told("node7/space/4711/aa") == "process 4711 on node7"
            clock.time += timedelta(minutes=20)
            lease.renew()
            assert ledger.holder() == ("one", clock.time + timedelta(minutes=30))
        with Lease(other, holder="two"):
            assert ledger.holder() == ("two", clock.time + timedelta(minutes=30))
        assert ledger.holder() is None


def test_one_that_is_over_is_taken_and_the_first_is_told(tmp_path: Path, ledger: Ledger, clock: Clock) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite", clock=clock) as other, Lease(ledger, holder="one") as first:
        clock.time += timedelta(minutes=31)
        with Lease(other, holder="two") as second:
            with pytest.raises(BusyError, match="another bot took over"):
                first.renew()
            second.renew()


@pytest.mark.parametrize("jump", [timedelta(days=-30), timedelta(days=30)])
def test_a_clock_that_jumps_does_not_lock_it_for_ever(ledger: Ledger, clock: Clock, jump: timedelta) -> None:
    Lease(ledger, holder="one").__enter__()
    clock.time += jump
    with Lease(ledger, holder="two"):
        pass


def test_a_clock_that_is_put_right_does_not_let_two_in(ledger: Ledger, clock: Clock) -> None:
    Lease(ledger, holder="one").__enter__()
    clock.time -= timedelta(minutes=10)
    with pytest.raises(BusyError), Lease(ledger, holder="two"):
        pass


def test_one_that_was_killed_is_taken_over_at_once(ledger: Ledger) -> None:
    name = this_process()
    assert not dead(name)
    done = subprocess.Popen(("true",))
    done.wait()
    host, space, _, mark = name.split("/")
    killed = f"{host}/{space}/{done.pid}/{mark}"
    assert dead(killed)
    assert not dead(f"elsewhere/{space}/{done.pid}/{mark}")
    assert not dead(f"{host}/another-container/{done.pid}/{mark}")
    assert not dead("one")
    Lease(ledger, holder=killed).__enter__()
    with Lease(ledger):
        pass


def test_a_fingerprint_is_of_what_is_done() -> None:
    def of(before: str, after: str, path: str = "recipe/recipe.yaml") -> str:
        edits = (Edit(path=path, before=before, after=after),)
        return fingerprint(Change(feedstock="a", kind="bump", key="1", title="t", body="b", edits=edits))

    one = of("version: 1\nrest\n", "version: 2\nrest\n")
    assert len(one) == 32
    assert of("new\nversion: 1\nrest\n", "new\nversion: 2\nrest\n") == one
    assert of("version: 1\nrest\n", "version: 3\nrest\n") != one
    assert of("version: 1\nrest\n", "version: 2\nrest\n", "recipe/meta.yaml") != one


def test_there_is_no_ledger_without_sqlite_in_wal(tmp_path: Path, ledger: Ledger) -> None:
    assert ledger._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    copy = tmp_path / "copy"
    copy.mkdir()
    ledger.put(LedgerEntry(identity=A))
    for path in tmp_path.glob("ledger.sqlite*"):
        shutil.copy(path, copy / path.name)
    with Ledger.open(copy / "ledger.sqlite") as found:
        assert found.entry(A) is not None
