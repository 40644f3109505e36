"""Puts the parts of accounts together: the portal with its checkers, the throttle, and the administration."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import field, frozen
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.portal import Portal
from twisted.internet.interfaces import IReactorTime

from fingerpost.errors import FingerpostError
from fingerpost.store.accounts.administration import Administration
from fingerpost.store.accounts.checkers import AnyOf, PasswordChecker, PeerChecker, TokenChecker, configured
from fingerpost.store.accounts.grants import Realm
from fingerpost.store.accounts.passwords import Argon2Config, Passwords
from fingerpost.store.accounts.proving import Proving
from fingerpost.store.accounts.throttle import Throttle, ThrottleConfig
from fingerpost.store.accounts.trust import Trust
from fingerpost.store.interfaces import IThreads
from fingerpost.store.store import Store

__all__ = ["Accounts", "ProofsConfig"]


def _checkers(proofs: object, attribute: object, value: Sequence[str]) -> None:
    for description in value:
        try:
            configured(description)
        except FingerpostError as error:
            raise ValueError(str(error)) from None


@frozen(kw_only=True)
class ProofsConfig(ThrottleConfig):
    """How proofs are checked: by which checkers beside the store's own, how often somebody may be wrong, what it costs.

    `checkers` are what `twistd ftp --help-auth` lists, such as `file:/etc/passwords`.
    """

    checkers: tuple[str, ...] = field(default=(), validator=_checkers)
    argon2: Argon2Config = field(factory=Argon2Config)


class Accounts:
    """All that a store knows of who may do what: `proving` for its sockets, `administration` for the admin's."""

    def __init__(
        self,
        store: Store,
        config: ProofsConfig,
        clock: IReactorTime,
        reading: IThreads,
        writing: IThreads,
        hashing: IThreads,
        copying: IThreads,
    ) -> None:
        secrets = store.engine.secrets
        passwords = self._passwords = Passwords(hashing, config.argon2)
        self._own = PasswordChecker(secrets, passwords, reading, writing)
        self._peers = PeerChecker(Trust(frozenset()))
        self._throttle = Throttle(clock, config)
        self._portal = Portal(Realm(), [self._peers, TokenChecker(secrets, reading, writing, store.now)])
        self._check_passwords(config)
        self.proving = Proving(self._portal, self._throttle, clock)
        self.administration = Administration(store, passwords, reading, writing, copying)

    def trust(self, trust: Trust) -> None:
        """Take the word of processes of these users from now on."""
        self._peers.trust = trust

    def configure(self, config: ProofsConfig) -> None:
        """Check by another configuration from now on."""
        self._throttle.configure(config)
        self._passwords.configure(config.argon2)
        self._check_passwords(config)

    def _check_passwords(self, config: ProofsConfig) -> None:
        others = [configured(description) for description in config.checkers]
        self._portal.registerChecker(AnyOf([self._own, *others]), IUsernamePassword)
