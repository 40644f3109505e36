"""The expressions of PB, as a service for strangers takes them: a call that goes wrong is answered with a PB error.

Twisted's own broker logs a traceback for whatever a client gets wrong, and trusts the ids that it names.
"""

from __future__ import annotations

from typing import Any

from fingerpost.ops.outcomes import Outcome
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.python.failure import Failure
from twisted.spread import pb

from fingerpost_pb.connection import Connection
from fingerpost_pb.errors import BadCall, Defect, Malformed, Told, TooMany

__all__ = ["MOST_CALLS", "StatusBroker"]

MOST_CALLS = 100  # under way at once on one connection


class StatusBroker(Connection):
    """One client."""

    def proto_version(self, vnum: int) -> None:
        """See `pb.Broker`."""
        if vnum != self.version:
            raise Malformed(f"it speaks version {vnum} of PB, and this is version {self.version}")

    def proto_message(
        self, requestID: int, objectID: Any, message: bytes, answerRequired: Any, netArgs: Any, netKw: Any
    ) -> None:
        """See `pb.Broker`; errors are answered here without a word in the log."""
        self.began()
        since, about = self.factory.requests.now(), _first_text(netArgs)
        answer = Deferred.fromCoroutine(self._answer(objectID, message.decode("ascii"), netArgs, netKw))
        answer.addBoth(self._done, since, about)
        if answerRequired:
            answer.addCallback(lambda result: self.sendCall(b"answer", requestID, result))
        answer.addErrback(self._failed, requestID if answerRequired else None)
        answer.addCallback(lambda _: self.ended())

    def proto_answer(self, requestID: int, netResult: object) -> None:
        """See `pb.Broker`; an observer says that it took an update in, and whatever else it says is not looked at."""
        waiting = self.waitingForAnswers.pop(requestID, None)
        if waiting is None:
            raise Malformed("it answered what it was not asked")
        waiting.callback(None)

    proto_error = proto_answer  # an observer that failed has heard the update too

    def proto_decref(self, objectID: int) -> None:
        """See `pb.Broker`."""
        if objectID not in self.localObjects:
            raise Malformed("it gave back a reference that it does not have")
        super().proto_decref(objectID)

    def proto_decache(self, objectID: int) -> None:
        """See `pb.Broker`."""
        if objectID not in self.remotelyCachedObjects:
            raise Malformed("it gave back a copy that it does not have")
        super().proto_decache(objectID)

    def unserialize(self, sexp: object, perspective: object = None) -> Any:
        """See `pb.Broker`; raises `BadCall` for anything that is not made of plain values."""
        try:
            return super().unserialize(sexp, perspective)
        except Exception:  # jelly raises whatever a wrong value makes it stumble over
            raise BadCall("An argument is neither a text nor another plain value.") from None

    async def _answer(self, called: Any, message: str, arguments: Any, keywords: Any) -> Any:
        refusal = self.factory.admission.request(self.key)
        if refusal is not None:
            raise TooMany(refusal)
        if self.calls > MOST_CALLS:
            raise TooMany("Too many of your calls are under way; please wait for some of the answers.")
        found = self.localObjectForID(called)
        if found is None:
            raise BadCall("There is no such object here; call the root.")
        return await maybeDeferred(found.remoteMessageReceived, self, message, arguments, keywords)

    def _done(self, result: Any, since: float, about: str) -> Any:
        error = result.value if isinstance(result, Failure) else None
        outcome = Outcome.ANSWERED if error is None else getattr(error, "outcome", Outcome.FAILED)
        self.factory.requests.done(since, outcome, self.peer, about)
        return result

    def _failed(self, failure: Failure, request: int | None) -> None:
        error = failure.value
        if not isinstance(error, pb.Error):
            self._log.failure("A call could not be answered", failure)
            error = Defect()
        if request is not None:
            self.sendCall(b"error", request, self.serialize(Told(error)))


def _first_text(arguments: Any) -> str:
    """The first argument of a call as it is on the wire, if that is a text; for the access log."""
    first = arguments[1] if isinstance(arguments, list) and len(arguments) > 1 else b""
    if isinstance(first, list) and len(first) == 2 and first[0] == b"unicode":
        first = first[1]
    return first.decode("utf-8", "replace") if isinstance(first, bytes) else ""
