"""Questions that are asked once, however many threads ask."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

__all__ = ["Once"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Once(Generic[K, V]):
    """A function whose answer (or error) for a key is found out once, however many threads ask."""

    def __init__(self, answer: Callable[[K], V], *, keep: bool = True) -> None:
        """`keep` False: forgotten once it is found, and shared only by those who ask in the meantime."""
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
