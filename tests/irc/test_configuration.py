"""The bot's configuration, and the sentences about what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from tempfile import mkdtemp

from fingerpost.errors import FingerpostError
from fingerpost.ops.config import ConfigError, load
from fingerpost_irc.configuration import Channel, Config, Network
from fingerpost_irc.credentials import Credentials
from twisted.trial.unittest import SynchronousTestCase

from tests.irc.kit import network

CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIIBUDCB+KADAgECAhQKVyIEk2UL6uHyvxjJYY9kiCGzjTAKBggqhkjOPQQDAjAA
-----END CERTIFICATE-----
"""


class ConfigTests(SynchronousTestCase):
    """`irc.yaml`."""

    def setUp(self) -> None:
        self.path = Path(mkdtemp()) / "irc.yaml"

    def load(self, text: str) -> Config:
        self.path.write_text(text)
        return load(Config, self.path)

    def test_nothing(self) -> None:
        """Without a file there are no networks."""
        self.assertEqual(load(Config, None).networks, ())

    def test_least(self) -> None:
        """A name and a server are enough: TLS on its usual port, and nothing joined."""
        (found,) = self.load("networks: [{name: libera, server: irc.libera.chat}]").networks
        self.assertEqual(found, Network(name="libera", server="irc.libera.chat"))
        self.assertEqual((found.address, found.tls), (("irc.libera.chat", 6697), True))

    def test_ports(self) -> None:
        """Without TLS the usual port is another one, and any can be given."""
        self.assertEqual(network(tls=False).address[1], 6667)
        self.assertEqual(network(tls=False, port=6668).address[1], 6668)

    def test_channels(self) -> None:
        """Channels have a name, and perhaps a key and no announcements."""
        (found,) = self.load(
            "networks: [{name: x, server: y, channels: [{name: '#a', key: 'credential:k', announce: false}]}]"
        ).networks
        self.assertEqual(found.channels, (Channel(name="#a", key="credential:k", announce=False),))

    def test_wrong(self) -> None:
        """What can't be is refused in a sentence that names the key."""
        for text, words in (
            ("nick: 1abc", "networks[0].nick"),
            ("nick: 'a b'", "is no nick"),
            ('nick: "a\\r\\nQUIT"', "is no nick"),
            ("alternates: [ok, '-no']", "'-no' is no nick"),
            ("channels: [{name: fingerpost}]", "is no channel such as '#fingerpost'"),
            ("channels: [{name: '#a b'}]", "is no channel"),
            ("channels: [{name: '#a,#b'}]", "is no channel"),
            ("channels: [{name: '#a'}, {name: '#A'}]", "two channels are called '#a'"),
            ("port: 70000", "expected a port from 1 to 65535, not 70000"),
            ("tls: false\n  ca: /x", "`ca` is of use with `tls: true` only"),
            ("prefix: 'two words'", "expected one word such as '!finger'"),
            ("reply: shout", "expected notice or privmsg, not 'shout'"),
            ('realname: "a\\nb"', "a line break or another control character"),
            ("username: a@b", "is no user name"),
            ("username: ''", "expected one word"),
            ("pace: 0", "expected a number of seconds above 0"),
            ("burst: 0", "burst"),
        ):
            with self.assertRaises(ConfigError) as caught:
                self.load(f"networks:\n- name: x\n  server: y\n  {text}")
            self.assertIn(words, str(caught.exception))

    def test_documented(self) -> None:
        """What the page for operators shows is a configuration."""
        page = (Path(__file__).parents[2] / "docs" / "irc.md").read_text()
        (found,) = self.load(page.split("```yaml\n")[1].split("```")[0]).networks
        self.assertEqual([channel.name for channel in found.channels], ["#example", "#example-staff"])

    def test_names_are_unique(self) -> None:
        """Two networks of one name could not be told apart in the log."""
        with self.assertRaises(ConfigError) as caught:
            self.load("networks: [{name: x, server: y}, {name: x, server: z}]")
        self.assertIn("two networks are called 'x'", str(caught.exception))


class CredentialsTests(SynchronousTestCase):
    """What the configuration refers to."""

    def setUp(self) -> None:
        self.folder = Path(mkdtemp())

    def write(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text)
        return str(self.folder / name)

    def refused(self, **keys: object) -> str:
        with self.assertRaises(FingerpostError) as caught:
            Credentials.read(network(**keys), {})
        return str(caught.exception)

    def test_secrets(self) -> None:
        """Passwords and keys are read from files or systemd credentials, and are nowhere to be seen afterwards."""
        self.write("password", "open sesame\n")
        found = Credentials.read(
            network(
                password="credential:password",
                channels=(Channel(name="#a", key=self.write("key", "k")), Channel(name="#b")),
            ),
            {"CREDENTIALS_DIRECTORY": str(self.folder)},
        )
        self.assertEqual((found.password, found.keys), ("open sesame", {"#a": "k"}))
        self.assertNotIn("sesame", repr(found))

    def test_none(self) -> None:
        """A network may do without any."""
        self.assertEqual(Credentials.read(network(), {}), Credentials())

    def test_missing(self) -> None:
        """A file that is not there, or is not what it should be, is named with its key."""
        nosuch = str(self.folder / "nosuch")
        self.assertIn(f"network testnet: password: '{nosuch}' cannot be read", self.refused(password=nosuch))
        self.assertIn("network testnet: ca: ", self.refused(ca=nosuch))
        self.assertIn("no credentials were passed", self.refused(ca="credential:ca"))
        self.assertIn("is empty", self.refused(password=self.write("empty", "\n")))
        key = (Channel(name="#a", key=self.write("key", "two words")),)
        self.assertIn("network testnet: key of #a: ", self.refused(channels=key))
        for text in ("", "nothing", CERTIFICATE):
            self.assertIn("holds no certificate in PEM form", self.refused(ca=self.write("ca", text)))
        (self.folder / "binary").write_bytes(b"\xff\xfe")
        self.assertIn("holds no certificate", self.refused(ca=str(self.folder / "binary")))
