"""What a proof is good for: the avatar that the store's portal hands out, and the realm that makes it."""

from __future__ import annotations

from typing import Any

from attrs import frozen
from twisted.cred.portal import IRealm
from zope.interface import Interface, implementer

from fingerpost.accounts import Scope
from fingerpost.text import check_login

__all__ = ["USUAL", "Grant", "IGrant", "Realm"]

USUAL = frozenset({Scope.STATUS, Scope.PROFILE})  # of somebody who is there in person


class IGrant(Interface):
    """What somebody may do who has proved to be somebody."""

    def allows(scope: Scope, login: str) -> bool:
        """Whether they may do something to a person."""

    def knows(login: str) -> bool:
        """Whether they may see all that there is of a person."""


@implementer(IGrant)
@frozen
class Grant:
    """See `IGrant`."""

    login: str
    scopes: frozenset[Scope] = USUAL

    def allows(self, scope: Scope, login: str) -> bool:
        """See `IGrant`."""
        return Scope.ADMIN in self.scopes or (scope in self.scopes and login == self.login)

    def knows(self, login: str) -> bool:
        """See `IGrant`."""
        return self.allows(Scope.PROFILE, login)


@implementer(IRealm)
class Realm:
    """Makes a `Grant` of whatever a checker found: its login, or a grant with fewer scopes than usual."""

    def requestAvatar(self, avatarId: Any, mind: object, *interfaces: Any) -> Any:
        """See `IRealm`."""
        if IGrant not in interfaces:
            raise NotImplementedError("the store's portal gives out IGrant alone")
        if isinstance(avatarId, bytes):
            avatarId = avatarId.decode()
        grant = avatarId if isinstance(avatarId, Grant) else Grant(check_login(avatarId))
        return IGrant, grant, lambda: None
