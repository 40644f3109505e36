"""XML-RPC at `/RPC2`: the tutorial's `getUser` and `getUsers`, `getRecord`, and introspection."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from inspect import signature
from typing import Any

from fingerpost.errors import FingerpostError, NoSuchUser, NotAccepted, TemporarilyUnavailable
from fingerpost.lookups import Lookups
from fingerpost.ops.outcomes import Outcome
from fingerpost.text import without_controls
from twisted.internet.defer import Deferred
from twisted.web.xmlrpc import XMLRPC, Fault, XMLRPCIntrospection

__all__ = ["RPC"]

_OUTCOMES = {404: Outcome.NOT_FOUND, 503: Outcome.UNAVAILABLE, XMLRPC.FAILURE: Outcome.FAILED}
_FAULTS: list[tuple[type[FingerpostError], int]] = [
    (NoSuchUser, 404),
    (NotAccepted, 400),
    (TemporarilyUnavailable, 503),
    (FingerpostError, 500),
]


def _signed(*kinds: str) -> Callable[[Any], Any]:
    """Say what `system.methodSignature` answers of a method: the type of its result, then those of its arguments."""

    def sign(method: Any) -> Any:
        method.signature = [list(kinds)]
        return method

    return sign


class RPC(XMLRPC):
    """Each method takes texts. What goes wrong is a fault: 400 (what was asked), 404 (nobody), 503 (come again)."""

    def __init__(self, lookups: Lookups) -> None:
        super().__init__()
        self._lookups = lookups
        self.putSubHandler("system", XMLRPCIntrospection(self))

    def lookupProcedure(self, procedurePath: Any) -> Any:
        """See `XMLRPC`: the method, with its arguments checked and its errors made faults."""
        if not isinstance(procedurePath, str):
            raise Fault(400, "this is no method call")
        method = super().lookupProcedure(procedurePath)

        @wraps(method)
        def called(request: Any, *arguments: object) -> Deferred[Any]:
            if not all(isinstance(argument, str) for argument in arguments):
                return _fault(400, f"{procedurePath}: every argument is a string")
            try:
                signature(method).bind(*arguments)
            except TypeError as error:
                return _fault(400, f"{procedurePath}: {error}")
            request.about = str(arguments[0]) if arguments else ""
            return Deferred.fromCoroutine(_answered(method, arguments))

        called.withRequest = True  # type: ignore[attr-defined]
        return called

    def _cbRender(self, result: Any, request: Any, responseFailed: Any = None) -> None:
        """See `XMLRPC`; a fault is an answer with code 200, and has its own code for what it is."""
        if isinstance(result, Fault):
            request.outcome = _OUTCOMES.get(result.faultCode, Outcome.REFUSED)
        super()._cbRender(result, request, responseFailed)

    @_signed("string", "string")
    async def xmlrpc_getUser(self, name: str) -> str:
        """The status of somebody, or "No such user", as in the tutorial."""
        return without_controls(await self._lookups.user(name))

    @_signed("array")
    async def xmlrpc_getUsers(self) -> list[str]:
        """The logins of everybody who has a status, the latest first (at most `users_limit` of the configuration)."""
        return await self._lookups.users()

    @_signed("struct", "string")
    async def xmlrpc_getRecord(self, name: str) -> dict[str, object]:
        """What is shown of somebody: login, name, status, since (ISO 8601) and more; fault 404 for nobody."""
        record: dict[str, object] = _clean(await self._lookups.record(name))
        return record


async def _answered(method: Any, arguments: tuple[object, ...]) -> Any:
    try:
        answer = method(*arguments)
        return await answer if isinstance(answer, Coroutine) else answer
    except FingerpostError as error:
        code = next(code for kind, code in _FAULTS if isinstance(error, kind))
        raise Fault(code, str(error)) from None


def _fault(code: int, sentence: str) -> Deferred[Any]:
    failed: Deferred[Any] = Deferred()
    failed.errback(Fault(code, sentence))
    return failed


def _clean(value: Any) -> Any:
    """The same without what XML 1.0 can't carry."""
    if isinstance(value, dict):
        return {name: _clean(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return without_controls(value, block=True)
