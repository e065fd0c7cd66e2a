"""Questions that are asked once, however many threads ask."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from contextlib import suppress
from functools import wraps
from typing import Concatenate, Generic, ParamSpec, TypeVar

_MOST_KNOWN = 50_000
P = ParamSpec("P")

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Once(Generic[K, V]):
    """A function whose answer (or error) for a key is found out once, however many threads ask."""

    def __init__(self, answer: Callable[[K], V], *, keep: bool = True) -> None:
        """Keep answers; without `keep` they are shared only by those who ask before one is found."""
        self._answer = answer
        self._keep = keep
        self._lock = threading.Lock()
        self._answers: dict[K, Future[V]] = {}

    def __call__(self, key: K) -> V:
        """Return the answer for `key`; raises what the function raised."""
        with self._lock:
            mine = key not in self._answers
            future = self._answers.setdefault(key, Future())
        if mine:
            try:
                future.set_result(self._answer(key))
            except BaseException as error:
                future.set_exception(error)
                raise
            finally:
                if not self._keep:
                    with self._lock:
                        del self._answers[key]
        return future.result()


def by_content(answer: Callable[Concatenate[bytes, P], V]) -> Callable[Concatenate[bytes, P], V]:
    """Return a pure function that is computed once for the same bytes, whose hash is kept instead of them.

    Two releases of a project have most modules in common.
    """
    known: dict[Hashable, V] = {}

    @wraps(answer)
    def found(content: bytes, /, *args: P.args, **kwargs: P.kwargs) -> V:
        key = (hashlib.sha256(content).digest(), args, tuple(kwargs.items()))
        with suppress(KeyError):
            return known[key]
        if len(known) >= _MOST_KNOWN:
            known.clear()
        known[key] = value = answer(content, *args, **kwargs)
        return value

    return found
