"""Progress and results, with and without a terminal."""

from __future__ import annotations

import io
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from rich.console import Group
from rich.table import Table
from rich.text import Text

from dirac_forge.cli.console import Terminal, print_error, print_json, print_result
from dirac_forge.report.terminal import diff


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> Tty:
    """Not a fixture: pytest puts its own stderr back between the setup of a test and the test."""
    screen = Tty()
    monkeypatch.setattr(sys, "stderr", screen)
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    return screen


def bars(terminal: Terminal) -> bool:
    return terminal._progress is not None


def work(terminal: Terminal) -> None:
    terminal.started("releases", 3)
    with ThreadPoolExecutor(3) as executor:
        list(executor.map(lambda name: terminal.advanced("releases", detail=name), ["a", "b", "c"]))
    terminal.warned("slow [host] https://me:s3cret@host/")
    terminal.warned("slow [host] https://me:s3cret@host/")
    terminal.advanced("not started", done=2, total=5)
    terminal.finished("not started")
    terminal.finished("releases")
    terminal.finished("releases")


def test_plain_lines_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with Terminal() as terminal:
        work(terminal)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "releases …",
        "warning: slow [host] https://***@host/",
        "not started …",
        "not started: 2",
        "releases: 3",
    ]


def test_nothing_when_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    with Terminal(quiet=True) as terminal:
        work(terminal)
    assert capsys.readouterr().err == ""


def test_bars_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    tty = on_a_terminal(monkeypatch)
    with Terminal() as terminal:
        terminal.started("releases", 3)
        terminal.started("files")
        terminal.advanced("releases", done=2, total=4, detail="numpy https://me:s3cret@host/")
        terminal.warned("slow [host]")
        assert terminal._progress is not None
        terminal._progress.refresh()
        terminal.started("releases", 9)
        terminal.finished("files")
        terminal.finished("releases")
        assert not bars(terminal)
    said = tty.getvalue()
    assert "releases" in said
    assert "2/4" in said
    assert "numpy https://***@host/" in said
    assert "slow [host]" in said
    assert "s3cret" not in said


def test_bars_of_a_narrow_terminal_have_one_line_each(monkeypatch: pytest.MonkeyPatch) -> None:
    on_a_terminal(monkeypatch)
    monkeypatch.setenv("COLUMNS", "60")
    with Terminal() as terminal:
        terminal.started("solving with the recipes of the workspace", 30)
        terminal.advanced("solving with the recipes of the workspace", detail="a very long detail " * 5)
        assert terminal._progress is not None
        terminal._progress.refresh()
        shown = terminal._progress.get_renderable()
        lines = terminal._progress.console.render_lines(shown)
        assert len(lines) == 1
        text = "".join(segment.text for segment in lines[0])
        assert text.startswith("solving with")
        assert "1/30" in text


def test_warnings_break_at_spaces_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    tty = on_a_terminal(monkeypatch)
    monkeypatch.setenv("COLUMNS", "50")
    url = "https://example.org/a-very-long-name/that-is-longer-than-a-line"
    with Terminal() as terminal:
        terminal.warned(f"the channel has no conda-forge-pinning, which is at {url} otherwise")
    assert tty.getvalue().splitlines() == [
        "\x1b[33mwarning:\x1b[0m the channel has no conda-forge-pinning,",
        "  which is at",
        f"  {url}",
        "  otherwise",
    ]


def test_errors_break_at_spaces_and_not_in_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    tty = on_a_terminal(monkeypatch)
    monkeypatch.setenv("COLUMNS", "41")
    monkeypatch.setenv("NO_COLOR", "1")
    command = "`dirac-forge cache clear --everything --yes`"
    print_error("the channel conda-forge can't be reached", hint=f"{command} removes what the cache has.\n  and a line")
    assert tty.getvalue().splitlines() == [
        "error: the channel conda-forge can't be",
        "  reached",
        command,
        "  removes what the cache has.",
        "  and a line",
    ]


def test_tasks_of_one_name_are_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    with Terminal() as terminal:
        for steps in (2, 2, 3):
            terminal.started("solving", steps)
            terminal.advanced("solving", done=steps)
            terminal.finished("solving")
    assert capsys.readouterr().err.splitlines() == ["solving …", "solving: 2", "solving: 3"]


def test_bars_are_gone_before_a_result(monkeypatch: pytest.MonkeyPatch) -> None:
    tty = on_a_terminal(monkeypatch)
    terminal = Terminal()
    terminal.started("releases", 3)
    terminal.stop()
    assert not bars(terminal)
    assert tty.getvalue().endswith("\x1b[2K")  # the last that was done is to clear the line of the bar


def test_errors(capsys: pytest.CaptureFixture[str]) -> None:
    print_error("no [x] at https://me:s3cret@host/?token=s3cret", hint="look")
    assert capsys.readouterr().err == "error: no [x] at https://***@host/?token=***\nlook\n"


def test_errors_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    tty = on_a_terminal(monkeypatch)
    print_error("no")
    monkeypatch.setenv("NO_COLOR", "1")
    print_error("no")
    assert tty.getvalue() == "\x1b[31merror:\x1b[0m no\nerror: no\n"


def test_warnings_in_a_pipe_are_one_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    Terminal().warned("word " * 20)
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_results_are_wide_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_row("x" * 150)
    print_result(table)
    assert capsys.readouterr().out == "x" * 150 + "\n"


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"é": [1]})
    assert capsys.readouterr().out == '{\n  "é": [\n    1\n  ]\n}\n'


def test_no_line_of_a_result_ends_with_spaces_but_those_of_a_diff(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "10")
    grid = Table("a", "b", box=None)
    grid.add_row("one", "x")
    print_result(Group(Text("ten or more marks"), grid, Text(), diff("-a  \n+b \n c\n ")))
    assert capsys.readouterr().out.split("\n") == [
        "ten or",
        "more marks",
        " a    b",
        " one  x",
        "",
        "-a  ",
        "+b ",
        " c",
        " ",
        "",
    ]


def test_text_of_a_format_is_not_wrapped(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    print_result("- a line that is longer than the terminal\n- and\x1b one\n")
    assert capsys.readouterr().out == "- a line that is longer than the terminal\n- and one\n"
