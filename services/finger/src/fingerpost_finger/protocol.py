"""Finger on the wire: one line in, one answer out (RFC 1288 §2.1)."""

from __future__ import annotations

from fingerpost.ops.limits import Limits
from fingerpost.ops.requests import Requests
from fingerpost.ops.visits import Visit, VisitFactory
from twisted.internet.interfaces import IReactorTime

from fingerpost_finger.answers import Answers
from fingerpost_finger.query import BadQuery, first_line

__all__ = ["FingerFactory", "FingerProtocol"]


class FingerProtocol(Visit):
    """Reads the first line, whatever comes behind it, and answers that."""

    factory: FingerFactory

    def inputReceived(self, ended: bool) -> None:
        """See `Visit`."""
        try:
            line = first_line(self.input, ended)
        except BadQuery as error:
            self.refuse(str(error))
        else:
            if line is not None:
                self.answer(self.factory.answers.answer(line, self.peer))

    def refusing(self, sentence: str) -> bytes:
        """See `Visit`."""
        return self.factory.answers.sentence(sentence)


class FingerFactory(VisitFactory):
    """Answers finger queries."""

    protocol = FingerProtocol

    def __init__(self, reactor: IReactorTime, limits: Limits, requests: Requests, answers: Answers) -> None:
        super().__init__(reactor, limits, requests)
        self.answers = answers
