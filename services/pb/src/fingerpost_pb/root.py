"""What `getRootObject` gives a client: a table of calls, each answered or refused with a PB error.

`pb.Referenceable` finds methods by their names and takes a wrong call for a defect of the server, with a traceback in
the log; and its methods can't be `async`. Logins will be more entries in the table of a root that `rootObject` makes
for each connection; what they return may be any of PB's flavors.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from inspect import signature
from typing import Any

from fingerpost import errors as store_errors
from twisted.internet.defer import Deferred
from twisted.spread import pb

from fingerpost_pb.errors import BadCall, NoSuchUser, TemporarilyUnavailable

__all__ = ["StatusRoot"]

Call = Callable[..., Coroutine[Any, Any, object]]


class StatusRoot(pb.Root):
    """Answers calls by a table of coroutine functions."""

    def __init__(self, calls: Mapping[str, Call]) -> None:
        self._calls = {name: (call, signature(call)) for name, call in calls.items()}

    def remoteMessageReceived(self, broker: Any, message: str, args: Any, kw: Any) -> Deferred[Any]:
        """See `Referenceable`."""
        return Deferred.fromCoroutine(self._answer(broker, message, args, kw))

    async def _answer(self, broker: Any, message: str, args: Any, kw: Any) -> Any:
        call = self._bound(message, broker.unserialize(args), broker.unserialize(kw))
        try:
            answer = await call
        except store_errors.NoSuchUser:
            raise NoSuchUser from None
        except store_errors.TemporarilyUnavailable:
            raise TemporarilyUnavailable from None
        # Who has left meanwhile must not begin to observe anything: nothing would end it.
        return None if broker.disconnected else broker.serialize(answer)

    def _bound(self, message: str, arguments: object, keywords: object) -> Coroutine[Any, Any, object]:
        if message not in self._calls:
            raise BadCall(f"There is no such call; there are {', '.join(sorted(self._calls))}.")
        call, parameters = self._calls[message]
        if not isinstance(arguments, tuple | list) or not isinstance(keywords, dict):
            raise BadCall(f"{message}: the arguments are neither a tuple nor a dictionary.")
        try:
            bound = parameters.bind(*arguments, **{_keyword(key): value for key, value in keywords.items()})
        except TypeError as error:
            raise BadCall(f"{message}: {error}.") from None
        return call(*bound.args, **bound.kwargs)


def _keyword(key: object) -> str:
    """A program from the days of Python 2 sends keywords as bytes."""
    if isinstance(key, bytes):
        return key.decode("utf-8", "replace")
    return str(key)
