"""Results on stdout; progress, warnings and errors on stderr."""

from __future__ import annotations

import logging
import os
import re
import shutil
import sys
import threading
from contextlib import contextmanager
from datetime import date
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from dirac_forge.cli.process import UNWRITTEN, say
from dirac_forge.errors import ForgeError, redact
from dirac_forge.untrusted import dump_json, one_line, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.progress import Progress, TaskID
    from rich.segment import Segment

_LINE_FEED = "\n"
_LEAST_WIDTH = 40
_WIDE = 100
_WORD = re.compile(r"(?:`[^`]*`|[^\s`]|`)+")
"""A word; what is in backticks is one, or a part of one, with its spaces."""
_PIPE_WIDTH = 200
"""Columns of a table that goes into a file or pipe."""


def print_result(text: RenderableType, *, color: str = "auto") -> None:
    """Print a result for people, as wide as the terminal, or 200 columns if there is none.

    Sentences that must not be broken continue over the edge: a terminal shows them on the next line, nothing is lost.
    Plain text is a document of a format (Markdown, YAML, JSON), in which line breaks count: it is never wrapped.
    """
    if isinstance(text, str):
        with _written():
            sys.stdout.write(f"{visible(text, but=_LINE_FEED).rstrip(_LINE_FEED)}{_LINE_FEED}" if text else "")
            sys.stdout.flush()
        return
    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else _PIPE_WIDTH
    try:
        console = _console()(
            highlight=False,
            markup=False,
            emoji=False,
            width=width,
            force_terminal=True if color == "always" else None,
            no_color=True if color == "never" else None,
        )
        with _written():
            console.print(_trimmed(text), crop=False)
            sys.stdout.flush()
    except SystemExit:  # rich's own answer to a reader that went away; ours is in `running`
        raise BrokenPipeError from None


def _console() -> type[Console]:
    from rich.console import Console  # noqa: PLC0415

    class Careful(Console):
        """A console on which no text has an effect: only rich's own styles and controls do."""

        def render(self, renderable: Any, options: ConsoleOptions | None = None) -> Iterable[Segment]:
            for segment in super().render(renderable, options):
                text, _, control = segment
                yield segment if control or text.isprintable() else segment._replace(text=visible(text, but="\n"))

    return Careful


def _trimmed(text: RenderableType) -> RenderableType:
    """Return what is shown without the spaces that wrapping and tables leave at the ends of lines."""
    from rich.console import Group  # noqa: PLC0415  # 0.1 s that --json and errors do without
    from rich.segment import Segment  # noqa: PLC0415

    class Trimmed:
        def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
            for line in Segment.split_lines(console.render(Group(text), options)):
                yield from _without_end(line)
                yield Segment.line()

    return Trimmed()


def _without_end(line: list[Segment]) -> Iterator[Segment]:
    """Yield a line up to its last mark; what is shown exactly keeps its spaces."""
    last = max((at for at, part in enumerate(line) if _is_exact(part) or part.text.strip(" ")), default=-1)
    yield from line[: max(last, 0)]
    for part in line[last : last + 1] if last >= 0 else ():
        yield part if _is_exact(part) else part._replace(text=part.text.rstrip(" "))


def _is_exact(part: Segment) -> bool:
    """Return whether a part is a control, or of text whose every space counts: a diff."""
    return bool(part.control) or (part.style is not None and bool(part.style.meta.get("exact")))


def print_json(document: object) -> None:
    """Print one JSON document."""
    text = dump_json(document, indent=2)
    with _written():
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


@contextmanager
def _written() -> Iterator[None]:
    """Raise ForgeError if stdout can't be written to; BrokenPipeError if its reader went away."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise ForgeError(f"{UNWRITTEN}: {error.strerror or error}") from error


def _shown(text: str) -> str:
    return visible(redact(text), but="\n")


def print_error(message: str, *, hint: str | None = None, color: str = "auto") -> None:
    """Print what went wrong, without credentials."""
    mark = _styled("error:", "31") if _coloured(color) else "error:"
    text = _wrapped(f"error: {_shown(message)}").removeprefix("error:")
    say(f"{mark}{text}\n" + (f"{_wrapped(_shown(hint))}\n" if hint else ""))


def log_requests() -> None:
    """Print each request to a host on stderr, without credentials."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Redacted("%(message)s"))
    logger = logging.getLogger("urllib3.connectionpool")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)


class _Redacted(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return one_line(redact(super().format(record)))


def _coloured(color: str) -> bool:
    if color == "auto":
        return sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")
    return color == "always"


def _wrapped(text: str) -> str:
    """Return text broken at spaces where a terminal would break it anywhere; as it is where there is none.

    A command in backticks is not broken: it can be copied.
    """
    if not sys.stderr.isatty():
        return text
    width = max(shutil.get_terminal_size().columns - 1, _LEAST_WIDTH)
    return _LINE_FEED.join(part for line in text.split(_LINE_FEED) for part in _broken(line, width))


def _broken(line: str, width: int) -> list[str]:
    if len(line) <= width:
        return [line]
    indent = " " * (len(line) - len(line.lstrip(" ")))
    parts: list[str] = []
    part = indent
    for word in _WORD.findall(line):
        longer = f"{part} {word}" if part.strip() else f"{part}{word}"
        if part.strip() and len(longer) > width:
            parts.append(part)
            longer = f"{indent}  {word}"
        part = longer
    return [*parts, part]


def _styled(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m"


class Terminal:
    """Shows progress on stderr: bars on a terminal, plain lines elsewhere, nothing when quiet. Safe for threads."""

    def __init__(self, *, quiet: bool = False, progress: bool = True, color: str = "auto") -> None:
        self.color = color
        self.as_of: date | None = None
        self.snapshots: dict[str, date] = {}
        self._quiet = quiet
        self._progress_shown = progress and not quiet
        self._bars = self._progress_shown and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._lock = threading.RLock()
        self._said: set[str] = set()
        self._done: dict[str, int] = {}
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Remove the bars; the next task brings them back."""
        with self._lock:
            if self._progress is not None:
                self._progress.stop()
                self._progress = None
                self._tasks.clear()

    def started(self, task: str, total: int | None = None) -> None:
        """Show that `task` starts, with `total` steps where that is known."""
        with self._lock:
            self._done[task] = 0
            if self._bars:
                self._bar(task, total)
            elif self._progress_shown:
                self._line_once(f"{one_line(redact(task))} …")

    def advanced(self, task: str, *, done: int = 1, total: int | None = None, detail: str = "") -> None:
        """Show that `done` more steps of `task` are done; `total` is its new total, `detail` its current step."""
        with self._lock:
            if task not in self._done:
                self.started(task, total)
            self._done[task] += done
            if self._progress is not None and task in self._tasks:
                news: dict[str, Any] = {"detail": one_line(redact(detail), longest=200)}
                if total is not None:
                    news["total"] = total
                self._progress.update(self._tasks[task], advance=done, **news)

    def finished(self, task: str) -> None:
        """Show that `task` is finished."""
        with self._lock:
            done = self._done.pop(task, None)
            if self._progress is not None and task in self._tasks:
                self._progress.remove_task(self._tasks.pop(task))
                if not self._tasks:
                    self.stop()
            elif done and not self._bars and self._progress_shown:
                self._line_once(f"{one_line(redact(task))}: {done}")

    def warned(self, message: str) -> None:
        """Show a warning; the same message is shown once."""
        with self._lock:
            if message in self._said or self._quiet:
                return
            self._said.add(message)
            text = _wrapped(f"warning: {one_line(redact(message), longest=4_000)}")
            mark = _styled("warning:", "33") if _coloured(self.color) else "warning:"
            self._line(f"{mark}{text.removeprefix('warning:')}")

    def dated(self, day: date, folder: str = "") -> None:
        """Keep the day, for the answer."""
        if folder:
            self.snapshots[folder] = day
        else:
            self.as_of = day

    def _bar(self, task: str, total: int | None) -> None:
        if self._progress is None:
            self._progress = _new_progress()
            self._progress.start()
        if task in self._tasks:
            self._progress.remove_task(self._tasks[task])
        self._tasks[task] = self._progress.add_task(one_line(redact(task), longest=200), total=total, detail="")

    def _line_once(self, text: str) -> None:
        """Show a line that says nothing new the second time: many tasks may have the same name."""
        if text not in self._said:
            self._said.add(text)
            self._line(text)

    def _line(self, text: str) -> None:
        if self._progress is not None:  # the bars move down
            from rich.text import Text  # noqa: PLC0415

            self._progress.console.print(Text.from_ansi(text), markup=False, highlight=False, soft_wrap=True)
        else:
            say(f"{text}\n")


def _new_progress() -> Progress:
    from rich.console import Console  # noqa: PLC0415  # 0.1 s that a pipe does without
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415
    from rich.table import Column  # noqa: PLC0415

    console = Console(stderr=True, emoji=False)
    # A bar of several lines would jump: the detail gets what the rest leaves of one.
    return Progress(
        TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis")),
        BarColumn(bar_width=30 if console.width >= _WIDE else 10),
        MofNCompleteColumn(table_column=Column(no_wrap=True, min_width=5)),
        TextColumn(
            "{task.fields[detail]}",
            markup=False,
            style="dim",
            table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1),
        ),
        console=console,
        expand=True,
        transient=True,
    )
