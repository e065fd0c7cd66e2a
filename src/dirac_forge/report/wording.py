"""The words and the code of a typed reason. Modules of this room add words for the reasons of their subject."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import singledispatch

from dirac_forge.feedstock.change import Recorded

_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


@singledispatch
def worded(reason: object) -> str:
    """Return a reason, a note or a blocker in words; text, the message of an error, is returned as it is.

    Raises TypeError for a type without words.
    """
    raise TypeError(f"no words for {reason!r}")


@worded.register
def _(reason: str) -> str:
    return reason


@worded.register
def _(reason: Recorded) -> str:
    return reason.text


def add_words(words: Mapping[type, str]) -> None:
    """Add the words of reasons; `{0.version}` in them is the field `version` of the reason, as in `str.format`."""
    for kind, text in words.items():
        worded.register(kind, text.format)


def reason_code(reason: object) -> str:
    """Return what programs know a reason by: `feedstock-full` for FeedstockFull, `error` for the message of one."""
    match reason:
        case str():
            return "error"
        case Recorded(code=code):
            return code
        case _:
            return _CAPITAL.sub("-", type(reason).__name__).lower()


def recorded(reason: object) -> Recorded:
    """Return a reason as written into a file: its code and its words."""
    return Recorded(code=reason_code(reason), text=worded(reason))


def clauses(reasons: Iterable[object]) -> str:
    """Return reasons as one clause: `waits for a; 2.0 is blocked`."""
    return "; ".join(map(worded, reasons))
