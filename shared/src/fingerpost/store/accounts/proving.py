"""Finds out what a proof is good for: throttled, checked by the portal, counted, and logged where it fails.

Whoever is refused hears one sentence, whatever the reason: it would help them to guess. The reason is in the log.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import frozen
from twisted.cred.error import LoginFailed
from twisted.cred.portal import Portal
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from fingerpost.accounts import Scope
from fingerpost.errors import NotAccepted, NotAllowed, TemporarilyUnavailable
from fingerpost.interfaces import Proof
from fingerpost.ops.events import Event
from fingerpost.store.accounts.checkers import Refused
from fingerpost.store.accounts.credentials import credentials
from fingerpost.store.accounts.grants import Grant, IGrant
from fingerpost.store.accounts.throttle import Share, Throttle, TooManyAttempts
from fingerpost.text import without_controls

__all__ = ["Asker", "Proving"]

_LONGEST = 64  # characters of a claimed name that are worth to remember
_SAY_EVERY = 60.0  # seconds between two messages that one name is throttled
_KINDS = ("peer", "token", "password")

Counted = Callable[[str, str], None]


@frozen
class Asker:
    """Which process asks: its user as the kernel says, and what it calls itself."""

    uid: int | None
    service: str = ""


class Proving:
    """`counted` is called with the kind of each proof and what became of it: accepted, refused or throttled."""

    _log = Logger()

    def __init__(self, portal: Portal, throttle: Throttle, clock: IReactorTime) -> None:
        self.counted: Counted = lambda kind, outcome: None
        self._portal = portal
        self._throttle = throttle
        self._clock = clock
        self._said: dict[str, float] = {}

    async def grant(self, proof: Proof, asker: Asker, login: str = "", scope: Scope | None = None) -> Grant:
        """What a proof is good for, which must be what `scope` says for `login`; raises `NotAllowed`."""
        claimed = _claimed(proof) or login
        before, after = self._shares(proof, claimed, asker)
        self._pay(before, proof, asker, claimed)
        try:
            grant = await self._checked(proof, asker)
            if scope is not None and not grant.allows(scope, login):
                good_for = " ".join(sorted(grant.scopes))
                raise Refused(f"it is {grant.login}'s, for {good_for}, and not for {scope} of {login}")
        except (LoginFailed, NotAccepted, NotAllowed) as error:
            self._pay(after, proof, asker, claimed)
            self._refused(proof, asker, claimed, str(error) or type(error).__name__)
            raise NotAllowed from None
        except Exception as error:  # of the disk, or of a checker that somebody else wrote
            self._log.failure("A proof could not be checked")
            self._throttle.refund(before)
            raise TemporarilyUnavailable from error
        self._throttle.refund(before)
        self.counted(_kind(proof), "accepted")
        return grant

    def _shares(self, proof: Proof, claimed: str, asker: Asker) -> tuple[list[Share], list[Share]]:
        """Who pays for an attempt before it is checked, and who when it was wrong.

        A token is found or not by one look-up, and nobody finds one by guessing: whoever tries through a frontend must
        not hold up all the right ones that come through it.
        """
        if proof.kind == "peer":
            return [], []
        name = [self._throttle.name(f"{proof.kind}:{claimed}")] if claimed else []
        there = [self._throttle.frontend(f"{asker.uid}")]
        return (name, there) if proof.kind == "token" else (there + name, [])

    async def _checked(self, proof: Proof, asker: Asker) -> Grant:
        _, grant, _ = await self._portal.login(credentials(proof, asker.uid), None, IGrant)
        assert isinstance(grant, Grant)
        return grant

    def _pay(self, shares: Sequence[Share], proof: Proof, asker: Asker, claimed: str) -> None:
        try:
            self._throttle.pay(shares)
        except TooManyAttempts:
            self.counted(_kind(proof), "throttled")
            self._say_throttled(proof, asker, claimed)
            raise

    def _say_throttled(self, proof: Proof, asker: Asker, claimed: str) -> None:
        now, key = self._clock.seconds(), f"{proof.kind}:{claimed}"
        self._said = {key: at for key, at in self._said.items() if now - at < _SAY_EVERY}
        if key in self._said:
            return
        self._said[key] = now
        self._log.warn(
            "Too many wrong attempts to be {finger_user}, through {finger_service}; more are not looked at",
            message_id=Event.PROOF_THROTTLED,
            finger_user=claimed or "somebody",
            finger_service=asker.service,
            finger_kind=_kind(proof),
        )

    def _refused(self, proof: Proof, asker: Asker, claimed: str, reason: str) -> None:
        self.counted(_kind(proof), "refused")
        self._log.warn(
            "A proof to be {finger_user} was refused, asked by {finger_service}: {finger_reason}",
            message_id=Event.PROOF_REFUSED,
            finger_user=claimed or "somebody",
            finger_service=asker.service,
            finger_kind=_kind(proof),
            finger_reason=reason,
        )


def _claimed(proof: Proof) -> str:
    """Whose password it is said to be; a token does not say."""
    login = proof.secret.partition(":")[0] if proof.kind == "password" else ""
    return without_controls(login[:_LONGEST].lower())


def _kind(proof: Proof) -> str:
    """One of a closed set, whatever was sent."""
    return proof.kind if proof.kind in _KINDS else "unknown"
