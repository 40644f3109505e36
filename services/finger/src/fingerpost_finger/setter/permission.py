"""Who may set whose status: by the peer of a UNIX socket, or by coming from this machine where that is trusted."""

from __future__ import annotations

import pwd

from attrs import frozen
from fingerpost.errors import NotAllowed
from fingerpost.interfaces import Proof
from fingerpost.text import check_login

__all__ = ["Asker", "proof_for"]


@frozen
class Asker:
    """Where a request comes from: the uid at the other end of a UNIX socket, or an address."""

    uid: int | None = None
    loopback: bool = False


def proof_for(asker: Asker, user: str, trust_loopback: bool) -> Proof:
    """What tells the store that the asker acts for `user`; raises `NotAllowed`. May block (the user database)."""
    login = check_login(user)
    if asker.uid is None:
        if not (asker.loopback and trust_loopback):
            raise NotAllowed("setting over TCP is off here; use the setter's UNIX socket")
        return Proof("peer", login)
    if asker.uid != 0:
        own = _login(asker.uid)
        if own != login:
            raise NotAllowed(f"you are {own}, and only {login} or root may set the status of {login}")
    return Proof("peer", login)


def _login(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name.lower()
    except KeyError:
        raise NotAllowed(f"this machine knows no user with the uid {uid}") from None
