"""A proof as twisted.cred knows it: each kind is credentials of an interface of its own."""

from __future__ import annotations

from attrs import field, frozen
from twisted.cred.credentials import ICredentials, UsernamePassword
from zope.interface import Attribute, implementer

from fingerpost.errors import NotAllowed
from fingerpost.interfaces import Proof
from fingerpost.store.accounts.passwords import as_bytes

__all__ = ["IPeer", "IToken", "Peer", "TokenSecret", "credentials"]


class IPeer(ICredentials):
    """A process vouches for a login."""

    login = Attribute("The login that it vouches for (str)")
    uid = Attribute("The user of the process, as the kernel says; None where it does not (int)")


class IToken(ICredentials):
    """Somebody has a token."""

    secret = Attribute("The token, `fp_...` (str)")


@implementer(IPeer)
@frozen
class Peer:
    """See `IPeer`."""

    login: str
    uid: int | None


@implementer(IToken)
@frozen
class TokenSecret:
    """See `IToken`."""

    secret: str = field(repr=False)


def credentials(proof: Proof, uid: int | None) -> ICredentials:
    """What a process of this uid shows; raises `NotAllowed` for a proof of an unknown kind."""
    if proof.kind == "peer":
        return Peer(proof.secret, uid)
    if proof.kind == "token":
        return TokenSecret(proof.secret)
    if proof.kind == "password":
        login, _, password = proof.secret.partition(":")
        return UsernamePassword(login.encode(), as_bytes(password))
    raise NotAllowed
