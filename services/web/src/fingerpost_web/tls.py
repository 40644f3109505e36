"""HTTPS: a certificate chain and its key, which may be renewed while the service runs.

pyOpenSSL's own context is used, not Twisted's `CertificateOptions`: that sets callbacks, for which cffi wants memory
that is writable and executable, which the sandbox of a service may not have.
"""

from __future__ import annotations

import os

from fingerpost.errors import FingerpostError
from fingerpost.ops.credentials import located
from OpenSSL import SSL
from twisted.internet.interfaces import IOpenSSLContextFactory
from zope.interface import implementer

from fingerpost_web.certificate import make_certificate
from fingerpost_web.configuration import TLSConfig

__all__ = ["Renewable", "context"]


@implementer(IOpenSSLContextFactory)
class Renewable:
    """Gives each new connection the context that is the current one."""

    def __init__(self, current: SSL.Context) -> None:
        self.current = current

    def getContext(self) -> SSL.Context:
        """See `IOpenSSLContextFactory`."""
        return self.current


def context(config: TLSConfig) -> SSL.Context:
    """TLS 1.2 or newer with the configured certificate; raises `FingerpostError` where that can't be used."""
    certificate, key = (located(reference, os.environ) for reference in (config.certificate, config.key))
    if config.self_signed and not certificate.exists() and not key.exists():
        make_certificate(certificate, key)
    made = SSL.Context(SSL.TLS_SERVER_METHOD)
    made.set_min_proto_version(SSL.TLS1_2_VERSION)
    made.set_options(SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION | SSL.OP_CIPHER_SERVER_PREFERENCE)
    made.set_cipher_list(b"ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM")
    made.set_session_id(b"fingerpost")
    for what, path, use, wrong in (
        ("certificate", certificate, made.use_certificate_chain_file, "is no PEM file with a certificate"),
        ("key", key, made.use_privatekey_file, f"is no PEM file with the key of {certificate}"),
    ):
        try:
            path.open("rb").close()
            use(os.fspath(path))
        except OSError as error:
            raise FingerpostError(f"tls.{what}: {path} cannot be read: {error.strerror}") from error
        except SSL.Error as error:
            raise FingerpostError(f"tls.{what}: {path} {wrong}") from error
    return made
