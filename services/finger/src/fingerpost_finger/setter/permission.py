"""Who may set whose status: by a token, by a UNIX socket's peer, or by coming from this machine if that is trusted."""

from __future__ import annotations

import pwd
from collections.abc import Callable

from attrs import frozen
from fingerpost.errors import NotAllowed
from fingerpost.interfaces import Proof
from fingerpost.text import check_login
from twisted.internet.defer import Deferred

__all__ = ["Asker", "Prove", "proof_for"]


@frozen
class Asker:
    """Where a request comes from: the uid at the other end of a UNIX socket, or an address."""

    uid: int | None = None
    loopback: bool = False

    def is_known(self, trust_loopback: bool) -> bool:
        """Whether the asker needs no token."""
        return self.uid is not None or (self.loopback and trust_loopback)


Prove = Callable[[Asker, str, str], Deferred[Proof]]  # a user, and a token or ""; fails with `NotAllowed`


def proof_for(asker: Asker, user: str, token: str, trust_loopback: bool) -> Proof:
    """What tells the store that the asker acts for `user`; raises `NotAllowed`. May block (the user database)."""
    if token:
        return Proof("token", token)
    login = check_login(user)
    if not asker.is_known(trust_loopback):
        raise NotAllowed(
            "setting over TCP is off here without a token: give it as third line, or use the setter's UNIX socket"
        )
    if asker.uid:
        own = _login(asker.uid)
        if own != login:
            raise NotAllowed(f"you are {own}, and only {login} or root may set the status of {login}")
    return Proof("peer", login)


def _login(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name  # as it is: where Bob is another one than bob, bob is not his name
    except KeyError:
        raise NotAllowed(f"this machine knows no user with the uid {uid}") from None
