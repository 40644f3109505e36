"""Certificates: made, read, renewed, refused."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from fingerpost.errors import FingerpostError
from fingerpost_web.certificate import make_certificate
from fingerpost_web.configuration import TLSConfig
from fingerpost_web.tls import Renewable, context
from OpenSSL import SSL
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.ssl import Certificate, optionsForClientTLS, trustRootFromCertificates
from twisted.internet.task import Clock
from twisted.logger import capturedLogs
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.test.iosim import connect, makeFakeClient, makeFakeServer
from twisted.trial.unittest import SynchronousTestCase


class Greeting(Protocol):
    """Says hello."""

    def connectionMade(self) -> None:
        self.transport.write(b"hello")


class Listening(Protocol):
    """Keeps what it hears."""

    heard = b""

    def dataReceived(self, data: bytes) -> None:
        self.heard += data


class CertificateTests(SynchronousTestCase):
    """What `tls:` may name."""

    def setUp(self) -> None:
        self.folder = Path(mkdtemp())

    def config(self, name: str = "tls", **changes: Any) -> TLSConfig:
        files = {"certificate": str(self.folder / f"{name}.crt"), "key": str(self.folder / f"{name}.key")}
        return TLSConfig(**{**files, **changes})

    def made(self, name: str = "tls") -> TLSConfig:
        config = self.config(name)
        make_certificate(Path(config.certificate), Path(config.key))
        return config

    def test_self_signed(self) -> None:
        """`self_signed` makes both files once, the key for its owner alone."""
        config = self.config(self_signed=True)
        context(config)
        key = Path(config.key)
        self.assertEqual(key.stat().st_mode & 0o777, 0o600)
        before = key.read_bytes()
        context(config)
        self.assertEqual(key.read_bytes(), before)

    def test_what_is_wrong(self) -> None:
        """Files that are missing, are no PEM, or do not belong together are refused in a sentence."""
        one, other = self.made("one"), self.made("other")
        (self.folder / "junk").write_text("junk")
        junk = str(self.folder / "junk")
        for config, words in (
            (self.config("missing"), "tls.certificate: "),
            (self.config("one", key=junk), "is no PEM file with a private key"),
            (self.config("one", certificate=junk), "is no PEM file with a certificate"),
            (self.config("one", key=other.key), "key values mismatch"),
            (self.config("one", key=self.locked(one)), "has a passphrase"),
            (self.config("one", key="credential:tls.key"), "LoadCredential=tls.key"),
            (TLSConfig(certificate="/nosuch/a", key="/nosuch/b", self_signed=True), "cannot be written"),
        ):
            error = self.assertRaises(FingerpostError, context, config)
            self.assertIn(words, str(error))
        self.assertIsInstance(context(one).context, SSL.Context)

    def locked(self, config: TLSConfig) -> str:
        """The path of a key that is encrypted."""
        key = load_pem_private_key(Path(config.key).read_bytes(), None)
        path = self.folder / "locked.key"
        secret = BestAvailableEncryption(b"secret")
        path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret))
        return str(path)

    def test_expiry(self) -> None:
        """A certificate that expires within two weeks, or has, is complained about; when it does is known."""
        renewable = Renewable(context(self.made()))
        expires = renewable.current.expires
        for before, complaints in ((timedelta(days=15), 0), (timedelta(days=13), 1), (timedelta(days=-1), 1)):
            with capturedLogs() as events:
                renewable.look(expires - before)
            self.assertEqual(len(events), complaints)

    def test_renewal(self) -> None:
        """New connections get the renewed certificate, and old ones go on."""
        old, new = self.made("old"), self.made("new")
        factory = Renewable(context(old))
        self.assertTrue(self.handshake(factory, old))
        self.assertFalse(self.handshake(factory, new))
        factory.current = context(new)
        self.assertTrue(self.handshake(factory, new))

    def handshake(self, renewable: Renewable, trusted: TLSConfig) -> bool:
        """Whether a client that trusts one certificate alone gets an answer."""
        clock = Clock()
        server = TLSMemoryBIOFactory(renewable, False, Factory.forProtocol(Greeting), clock).buildProtocol(None)
        root = trustRootFromCertificates([Certificate.loadPEM(Path(trusted.certificate).read_bytes())])
        factory = Factory.forProtocol(Listening)
        client = TLSMemoryBIOFactory(optionsForClientTLS("localhost", root), True, factory, clock).buildProtocol(None)
        pump = connect(server, makeFakeServer(server), client, makeFakeClient(client), greet=False)
        pump.flush()
        clock.advance(0)  # small writes are gathered until the next turn
        pump.flush()
        heard: Any = client.wrappedProtocol
        return bool(heard is not None and heard.heard == b"hello")
