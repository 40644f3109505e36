"""Gathers what is asked while a batch is under way into the next one: one commit, or thread hop, for many callers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

__all__ = ["Batches"]

Item = TypeVar("Item")
Result = TypeVar("Result")


class Batches(Generic[Item, Result]):
    """Runs `perform` on lists of items, one list at a time, and gives every caller the result of its own item.

    A result that is an exception is raised to its caller alone. While nothing is under way, an item waits only for
    the others of the same reactor turn.
    """

    def __init__(
        self,
        reactor: IReactorTime,
        perform: Callable[[Sequence[Item]], Deferred[Sequence[Result | Exception]]],
        *,
        most: int = 1000,
    ) -> None:
        self._reactor = reactor
        self._perform = perform
        self._most = most
        self._waiting: list[tuple[Item, Deferred[Result]]] = []
        self._under_way = False
        self._idle: list[Deferred[None]] = []

    def submit(self, item: Item) -> Deferred[Result]:
        """Put an item into the next batch."""
        answer: Deferred[Result] = Deferred()
        self._waiting.append((item, answer))
        if not self._under_way:
            self._under_way = True
            self._reactor.callLater(0, self._flush)
        return answer

    def finish(self) -> Deferred[None]:
        """Fires when nothing is waiting or under way."""
        done: Deferred[None] = Deferred()
        if self._under_way:
            self._idle.append(done)
        else:
            done.callback(None)
        return done

    def _flush(self) -> None:
        batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        answers = [answer for _, answer in batch]
        self._perform([item for item, _ in batch]).addCallbacks(
            _deliver, _fail, callbackArgs=(answers,), errbackArgs=(answers,)
        ).addBoth(self._next)

    def _next(self, result: object) -> object:
        if self._waiting:
            self._flush()
            return result
        self._under_way = False
        idle, self._idle = self._idle, []
        for done in idle:
            done.callback(None)
        return result


def _deliver(results: Sequence[Result | Exception], answers: Sequence[Deferred[Result]]) -> None:
    for result, answer in zip(results, answers, strict=True):
        if isinstance(result, Exception):
            answer.errback(result)
        else:
            answer.callback(result)


def _fail(failure: Failure, answers: Sequence[Deferred[Result]]) -> None:
    for answer in answers:
        answer.errback(failure)
