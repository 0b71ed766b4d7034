"""Whose turn it is, where several could run and only so many at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager


class Turns:
    """So many tasks at a time; of those that wait, the first in a given order is next.

    Parameters
    ----------
    order : sequence of str
        Names of the tasks.
    jobs : int
        How many at a time.
    ready : callable
        Returns when the first may begin; by then all that can run should be waiting.
    """

    def __init__(self, order: Sequence[str], jobs: int, ready: Callable[[], None]) -> None:
        self._ready = ready
        self._place = {name: place for place, name in enumerate(order)}
        self._free = jobs
        self._waiting: set[str] = set()
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, name: str) -> Iterator[None]:
        """Wait until it is this task's turn, which ends with the ``with`` statement."""

        def is_next() -> bool:
            return self._free > 0 and name == min(self._waiting, key=self._place.__getitem__)

        with self._changed:
            self._waiting.add(name)
        try:
            self._ready()
            with self._changed:
                self._changed.wait_for(is_next)
                self._free -= 1
        finally:  # also after an error: nobody waits for one that is gone
            with self._changed:
                self._waiting.remove(name)
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()
