"""The bot as a process, against Debian's ngircd, with a second client that asks it."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.integration.ircd import IRCServer, Person
from tests.integration.processes import Running, ServicesTestCase, ask, program, until

pytestmark = pytest.mark.integration


def certificate(
    name: str, issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None, address: str = "127.0.0.1"
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """A certificate and its key: an authority's own, or a server's by an authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), False)
    )
    return builder.sign(issuer[1] if issuer else key, SHA256()), key


class IRCTests(ServicesTestCase):
    """A server on loopback, the daemons, and people who ask."""

    def setUp(self) -> None:
        super().setUp()
        program("ngircd")
        self.write("users", "moshez: Happy and well\nshawn: Alive\n")

    def start_server(self, certificate: tuple[str, str] | None = None) -> None:
        """The IRC server."""
        self.irc = IRCServer(self.folder, certificate=certificate)
        self.addCleanup(self.irc.stop)

    def configure(self, **network: Any) -> None:
        """The bot's configuration, with one network."""
        usual = {
            "name": "testnet", "server": "127.0.0.1", "port": self.irc.port, "tls": False,
            "channels": [{"name": "#test"}],
        }  # fmt: skip
        self.write("irc.yaml", {"store": f"unix:{self.path('read.sock')}", "networks": [{**usual, **network}]})

    def start_bot(self, **network: Any) -> Running:
        """The store, the setter and the bot, each a daemon of its own."""
        self.write("store.yaml", {
            "engine": "memory:",
            "listen": {name: f"unix:{self.path(name)}.sock:mode=600" for name in ("read", "write")},
            "sources": [{"type": "file", "path": self.path("users")}],
        })  # fmt: skip
        self.write("setter.yaml", {
            "store": f"unix:{self.path('write.sock')}", "listen": f"unix:{self.path('set.sock')}",
        })  # fmt: skip
        self.configure(**network)
        self.start("finger-store", "--config", "store.yaml")
        self.start("finger-setter", "--config", "setter.yaml")
        bot = self.start("finger-irc", "--config", "irc.yaml")
        self.logged(bot, "Loaded 2 records")
        until(lambda: (self.folder / "set.sock").exists(), "the setter")
        return bot

    def logged(self, service: Running, words: str, seconds: float = 15.0) -> None:
        """Wait until something is in the log."""
        until(lambda: words in service.printed(), f"{words!r} in the log", seconds)

    def person(self, nick: str = "alice") -> Person:
        """Somebody on the network, in the channel."""
        made = Person(self.irc.port, nick)
        self.addCleanup(made.close)
        made.send("JOIN #test")
        made.hear(" 366 ")
        return made

    def set_status(self, name: str, text: str) -> None:
        """Set a status as a person on this machine does."""
        self.assertIn(b"OK ", ask(self.path("set.sock"), f"{name}\n{text}\n".encode()))

    def test_questions_and_announcements(self) -> None:
        """Asked in private or by its nick in a channel, the bot answers there; a status that is set is announced."""
        self.start_server()
        service = self.start_bot(prefix="!finger")
        self.logged(service, "testnet: joined #test")
        alice = self.person()
        alice.send("PRIVMSG fingerpost :moshez")
        self.assertRegex(alice.hear("Status of"), r"^:fingerpost!\S+ PRIVMSG alice :Status of moshez: Happy and well$")
        alice.send("PRIVMSG #test :fingerpost: SHAWN?")
        self.assertIn("PRIVMSG #test :alice: Status of shawn: Alive", alice.hear("Status of"))
        alice.send("PRIVMSG #test :!finger nosuch")
        self.assertIn("PRIVMSG #test :alice: Status of nosuch: No such user.", alice.hear("Status of"))
        alice.send("PRIVMSG #test :a word about fingerpost")
        alice.send("NOTICE fingerpost :moshez")
        alice.send("PRIVMSG fingerpost :\x01VERSION\x01")
        self.assertIn("NOTICE alice :\x01VERSION Fingerpost", alice.hear("fingerpost!"))
        self.set_status("moshez", "At lunch")
        self.assertIn("PRIVMSG #test :New status of moshez: At lunch", alice.hear("New status"))
        service.end()
        self.assertIn("goodbye", alice.hear("QUIT"))

    def test_hostile_status(self) -> None:
        """A status of wide characters, right-to-left text and what looks like commands arrives as clean text."""
        self.start_server()
        service = self.start_bot()
        self.logged(service, "testnet: joined #test")
        alice = self.person()
        for text, last in (
            ("\\r\\nQUIT :gone", ":gone"),
            ("\u05e9\u05dc\u05d5\u05dd \U0001f469\u200d\U0001f680", "\u200d\U0001f680"),
            ("\U0001f600" * 280, "\U0001f600\u2026"),
        ):
            self.set_status("moshez", text)
            self.assertTrue(alice.hear(last).endswith(last))
            self.assertTrue(any(f"New status of moshez: {text[:20]}" in line for line in alice.heard))
        lines = [line for line in alice.heard if "fingerpost!" in line]
        self.assertEqual([line for line in lines if len(line.encode()) > 510 or "\ufffd" in line], [])
        self.assertEqual(len([line for line in lines if "\U0001f600" in line]), 3)

    def test_nick_collision(self) -> None:
        """Where the nick is taken the bot uses its alternate, and answers by that."""
        self.start_server()
        other = Person(self.irc.port, "fingerpost")
        self.addCleanup(other.close)
        service = self.start_bot(alternates=["fingerbot"])
        self.logged(service, "testnet: connected as fingerbot")
        self.logged(service, "testnet: joined #test")
        alice = self.person()
        alice.send("PRIVMSG #test :fingerbot, moshez")
        self.assertIn(":fingerbot!", alice.hear("Status of moshez"))
        other.send("JOIN #test")
        other.hear(" 366 ")
        other.send("QUIT")
        self.logged(service, "testnet: now known as fingerpost")

    def test_server_restart_and_kick(self) -> None:
        """After a restart of the server the bot is back within seconds; a kick is said in the log, and it stays up."""
        self.start_server()
        service = self.start_bot()
        self.logged(service, "testnet: joined #test")
        self.irc.stop()
        self.logged(service, "testnet: the connection was lost")
        self.irc.start()
        until(lambda: service.printed().count("testnet: joined #test") == 2, "the bot's return", 20)
        alice = self.person()
        alice.send("JOIN #mine")
        alice.hear(" 366 ")
        self.configure(channels=[{"name": "#mine"}])
        service.process.send_signal(signal.SIGHUP)
        self.logged(service, "testnet: joined #mine")
        alice.send("KICK #mine fingerpost :Out!")
        self.logged(service, "testnet: kicked from #mine by alice (Out!); coming back once")
        alice.send("PRIVMSG fingerpost :moshez")
        alice.hear("Status of moshez: Happy and well")

    def test_reload(self) -> None:
        """SIGHUP adds and removes networks, and leaves a connection alone where nothing has changed."""
        self.start_server()
        service = self.start_bot()
        self.logged(service, "testnet: joined #test")
        alice = self.person()
        self.configure()
        service.process.send_signal(signal.SIGHUP)
        self.logged(service, "The configuration was reloaded")
        alice.send("PRIVMSG #test :fingerpost: moshez")
        alice.hear("Status of moshez")
        self.assertEqual(service.printed().count("testnet: connected"), 1)
        self.configure(name="another", nick="other")
        service.process.send_signal(signal.SIGHUP)
        self.logged(service, "another: joined #test")
        self.assertIn("fingerpost!", alice.hear(" QUIT "))
        self.configure(password=self.path("nosuch"))
        service.process.send_signal(signal.SIGHUP)
        self.logged(service, "network testnet: password:")
        alice.send("PRIVMSG other :moshez")
        alice.hear("Status of moshez")

    def test_channel_key(self) -> None:
        """A channel is joined with its key; without it, the log says why it can't be, once."""
        self.start_server()
        alice = Person(self.irc.port, "alice")
        self.addCleanup(alice.close)
        for line in ("JOIN #closed", "MODE #closed +k sesame", "JOIN #secret", "MODE #secret +i"):
            alice.send(line)
        alice.hear("+i")
        (self.folder / "key").write_text("sesame\n")
        service = self.start_bot(channels=[{"name": "#closed", "key": self.path("key")}, {"name": "#secret"}])
        self.logged(service, "testnet: joined #closed")
        self.logged(service, "testnet: #secret can't be joined: ")
        self.assertNotIn("sesame", service.printed())


class TLSTests(IRCTests):
    """The same server over TLS, with a certificate of an authority of its own."""

    def setUp(self) -> None:
        super().setUp()
        self.authority = certificate("An authority", None)
        self.write("ca.pem", self.authority[0].public_bytes(Encoding.PEM).decode())
        self.use(*certificate("irc.test.local", self.authority))

    def use(self, found: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        """Have the server use a certificate."""
        self.write("server.pem", found.public_bytes(Encoding.PEM).decode())
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        self.write("server.key", pem.decode())

    def start_server(self, certificate: tuple[str, str] | None = None) -> None:
        """The IRC server, with a TLS port."""
        super().start_server((self.path("server.pem"), self.path("server.key")))

    def configure(self, **network: Any) -> None:
        """Over TLS."""
        super().configure(**{"port": self.irc.tls_port, "tls": True, "ca": self.path("ca.pem"), **network})

    def refused(self, words: str, **network: Any) -> None:
        """Start a bot that says why it does not connect."""
        self.start_server()
        service = self.start_bot(**network)
        self.logged(service, words)
        self.assertNotIn("connected as", service.printed())

    def test_wrong_authority(self) -> None:
        """A certificate of another authority is refused, and the log says so."""
        self.write("ca.pem", certificate("Another", None)[0].public_bytes(Encoding.PEM).decode())
        self.refused("its certificate is signed by no authority that is trusted here")

    def test_wrong_name(self) -> None:
        """A certificate for another name is refused, and the log says so."""
        self.use(*certificate("irc.test.local", self.authority, "192.0.2.1"))
        self.refused("its certificate is not for the name 127.0.0.1")


class AloneTests(ServicesTestCase):
    """The bot's own daemon."""

    def test_no_networks(self) -> None:
        """Without a network, and without a store, the daemon runs, and says that it has nothing to do."""
        config = Path(self.write("irc.yaml", {"store": f"unix:{self.path('nosuch.sock')}"}))
        service = self.start("finger-irc", "--config", config.name)
        until(lambda: "No IRC network is configured" in service.printed(), "the sentence")
        self.assertIn(service.end(), (0, -signal.SIGTERM))
