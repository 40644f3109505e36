"""Finger on the wire: one line in, one answer out (RFC 1288 §2.1)."""

from __future__ import annotations

from fingerpost.ops.limits import Limits
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
            self.finish(self.refusing(str(error)))
        else:
            if line is not None:
                if self.factory.log_queries:
                    self.log.info("{peer} asked {line!r}", peer=self.peer, line=line)
                self.answer(self.factory.answers.answer(line))

    def refusing(self, sentence: str) -> bytes:
        """See `Visit`."""
        return self.factory.answers.sentence(sentence)


class FingerFactory(VisitFactory):
    """Answers finger queries; `log_queries` keeps an audit trail of them (RFC 1288 §3.2.7)."""

    protocol = FingerProtocol

    def __init__(self, reactor: IReactorTime, limits: Limits, answers: Answers) -> None:
        super().__init__(reactor, limits)
        self.answers = answers
        self.log_queries = False
