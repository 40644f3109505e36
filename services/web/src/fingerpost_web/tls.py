"""HTTPS: a certificate chain and its key, which may be renewed while the service runs.

pyOpenSSL's own context is used, not Twisted's `CertificateOptions`: that sets callbacks, for which cffi wants memory
that is writable and executable, which the sandbox of a service may not have.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from attrs import frozen
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from fingerpost.errors import FingerpostError
from fingerpost.ops.credentials import located
from fingerpost.ops.events import Event
from OpenSSL import SSL
from OpenSSL.crypto import PKey
from twisted.internet.interfaces import IOpenSSLContextFactory
from twisted.logger import Logger
from zope.interface import implementer

from fingerpost_web.certificate import make_certificate
from fingerpost_web.configuration import TLSConfig

__all__ = ["Credentials", "Renewable", "context"]

_SOON = timedelta(days=14)


@frozen(eq=False)
class Credentials:
    """A TLS context, and when the certificate in it expires."""

    context: SSL.Context
    expires: datetime


@implementer(IOpenSSLContextFactory)
class Renewable:
    """Gives each new connection the context that is the current one."""

    _log = Logger()

    def __init__(self, current: Credentials) -> None:
        self.current = current

    def getContext(self) -> SSL.Context:
        """See `IOpenSSLContextFactory`."""
        return self.current.context

    def look(self, now: datetime) -> None:
        """Say when the certificate needs to be renewed soon, or should have been."""
        if self.current.expires - now < _SOON:
            self._log.warn(
                "The certificate expires, or did, on {finger_expires}; browsers will refuse it then",
                message_id=Event.CERTIFICATE_EXPIRING,
                finger_expires=f"{self.current.expires:%Y-%m-%d %H:%M} UTC",
            )


def context(config: TLSConfig) -> Credentials:
    """TLS 1.2 or newer with the configured certificate; raises `FingerpostError` where that can't be used."""
    certificate, key = (located(reference, os.environ) for reference in (config.certificate, config.key))
    if config.self_signed and not certificate.exists() and not key.exists():
        make_certificate(certificate, key)
    chain, private = _read("certificate", certificate), _read("key", key)
    try:
        first = x509.load_pem_x509_certificate(chain)
    except ValueError:
        raise FingerpostError(f"tls.certificate: {certificate} is no PEM file with a certificate") from None
    try:
        loaded = load_pem_private_key(private, password=None)
    except TypeError:
        raise FingerpostError(f"tls.key: {key} has a passphrase, which nobody is there to enter; remove it") from None
    except (ValueError, UnsupportedAlgorithm):
        raise FingerpostError(f"tls.key: {key} is no PEM file with a private key") from None
    made = SSL.Context(SSL.TLS_SERVER_METHOD)
    made.set_min_proto_version(SSL.TLS1_2_VERSION)
    made.set_options(SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION | SSL.OP_CIPHER_SERVER_PREFERENCE)
    made.set_cipher_list(b"ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM")
    made.set_session_id(b"fingerpost")
    try:
        made.use_certificate_chain_file(os.fspath(certificate))
        made.use_privatekey(PKey.from_cryptography_key(cast(Any, loaded)))
        made.check_privatekey()
    except (SSL.Error, TypeError) as error:
        raise FingerpostError(f"tls: {certificate} with {key} can't be used: {_reasons(error)}") from None
    return Credentials(made, first.not_valid_after_utc)


def _read(what: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FingerpostError(f"tls.{what}: {path} cannot be read: {error.strerror}") from error


def _reasons(error: Exception) -> str:
    """What OpenSSL says: a list of library, function and reason."""
    queue = error.args[0] if error.args else ()
    return ", ".join(entry[-1] for entry in queue) if isinstance(queue, list) else str(error)
