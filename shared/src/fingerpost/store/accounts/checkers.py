"""What proofs are checked against: the store's own passwords and tokens, processes it trusts, and other checkers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.error import LoginFailed, UnauthorizedLogin
from twisted.cred.strcred import InvalidAuthArgumentString, InvalidAuthType, makeChecker
from twisted.internet.defer import Deferred, maybeDeferred
from zope.interface import implementer

from fingerpost.accounts import Token
from fingerpost.errors import FingerpostError, TemporarilyUnavailable
from fingerpost.store.accounts.credentials import IPeer, IToken, Peer, TokenSecret
from fingerpost.store.accounts.grants import Grant
from fingerpost.store.accounts.passwords import Passwords
from fingerpost.store.accounts.trust import Trust
from fingerpost.store.interfaces import ISecrets, IThreads
from fingerpost.text import check_login

__all__ = ["AnyOf", "PasswordChecker", "PeerChecker", "Refused", "TokenChecker", "configured", "digest"]

_TELL_AFTER = timedelta(minutes=1)  # that a token was used is written down once in so long


class Refused(UnauthorizedLogin):
    """A proof is none; the reason is for the log alone."""


def digest(secret: str) -> bytes:
    """What is kept of a token: it is 256 random bits, so a slow hash would guard nothing."""
    return hashlib.sha256(secret.encode()).digest()


@implementer(ICredentialsChecker)
class PeerChecker:
    """Takes the word of processes of trusted users."""

    credentialInterfaces = (IPeer,)

    def __init__(self, trust: Trust) -> None:
        self.trust = trust

    def requestAvatarId(self, credentials: Peer) -> Deferred[Any]:
        """See `ICredentialsChecker`."""
        return maybeDeferred(self._login, credentials)

    def _login(self, credentials: Peer) -> Grant:
        if credentials.uid not in self.trust.uids:
            raise Refused(f"uid {credentials.uid} is not among the trusted_peers")
        return Grant(check_login(credentials.login))


@implementer(ICredentialsChecker)
class TokenChecker:
    """Finds tokens by their digests."""

    credentialInterfaces = (IToken,)

    def __init__(self, secrets: ISecrets, reading: IThreads, writing: IThreads, now: Callable[[], datetime]) -> None:
        self._secrets = secrets
        self._reading = reading
        self._writing = writing
        self._now = now

    def requestAvatarId(self, credentials: TokenSecret) -> Deferred[Any]:
        """See `ICredentialsChecker`."""
        return Deferred.fromCoroutine(self._grant(credentials.secret))

    async def _grant(self, secret: str) -> Grant:
        token = await self._reading.run(self._secrets.token, digest(secret))
        now = self._now()
        if token is None:
            raise Refused("there is no such token")
        if token.revoked_at is not None:
            raise Refused(f"token {token.id} of {token.login} was revoked")
        if token.expires_at is not None and token.expires_at <= now:
            raise Refused(f"token {token.id} of {token.login} has expired")
        self._note(token, now)
        return Grant(token.login, frozenset(token.scopes))

    def _note(self, token: Token, now: datetime) -> None:
        if token.used_at is None or now - token.used_at >= _TELL_AFTER:
            noted: Deferred[Any] = self._writing.run(self._secrets.used, token.id, now)
            # A full disk is told to whoever has to write, and is no reason to refuse a token.
            noted.addErrback(lambda failure: failure.trap(TemporarilyUnavailable))


@implementer(ICredentialsChecker)
class PasswordChecker:
    """Compares passwords with hashes; one of an outdated cost is made anew while the password is at hand."""

    credentialInterfaces = (IUsernamePassword,)

    def __init__(self, secrets: ISecrets, passwords: Passwords, reading: IThreads, writing: IThreads) -> None:
        self._secrets = secrets
        self._passwords = passwords
        self._reading = reading
        self._writing = writing

    def requestAvatarId(self, credentials: Any) -> Deferred[Any]:
        """See `ICredentialsChecker`."""
        return Deferred.fromCoroutine(self._login(credentials.username.decode(), credentials.password))

    async def _login(self, login: str, password: bytes) -> Grant:
        hashed = await self._reading.run(self._secrets.password, login)
        if not await self._passwords.matches(hashed, password):
            raise Refused("wrong password" if hashed else "there is no password of that name")
        if self._passwords.outdated(hashed):
            await self._writing.run(self._secrets.set_password, login, await self._passwords.hashed(password.decode()))
        return Grant(login)


@implementer(ICredentialsChecker)
class AnyOf:
    """What one of several checkers accepts, asked in order."""

    credentialInterfaces = (IUsernamePassword,)

    def __init__(self, checkers: Sequence[Any]) -> None:
        self._checkers = checkers

    def requestAvatarId(self, credentials: Any) -> Deferred[Any]:
        """See `ICredentialsChecker`."""
        return Deferred.fromCoroutine(self._first(credentials))

    async def _first(self, credentials: Any) -> Any:
        *others, last = self._checkers
        for checker in others:
            try:
                return await maybeDeferred(checker.requestAvatarId, credentials)
            except LoginFailed:
                continue
        return await maybeDeferred(last.requestAvatarId, credentials)


def configured(description: str) -> Any:
    """The checker that a `twistd ftp --help-auth` description such as `file:/etc/passwords` makes.

    Raises `FingerpostError` for one that is none, or that does not check a name and a password.
    """
    try:
        checker = makeChecker(description)
    except (InvalidAuthType, InvalidAuthArgumentString, ValueError, OSError, ImportError) as error:
        raise FingerpostError(
            f"'{description}' is no checker such as file:/etc/fingerpost/passwords ({error})"
        ) from None
    if IUsernamePassword not in checker.credentialInterfaces:
        raise FingerpostError(f"'{description}' does not check a name and a password")
    return checker
