"""The options of the tutorial, as `twistd fingerpost` takes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fingerpost.errors import FingerpostError
from fingerpost.tutorial import AllInOneOptions, overridden, tutorial
from fingerpost_irc.tap import Config as IRCConfig
from fingerpost_pb.tap import Config as PBConfig
from fingerpost_web.configuration import Config as WebConfig
from fingerpost_web.configuration import TLSConfig
from twisted.trial.unittest import SynchronousTestCase


class TutorialTests(SynchronousTestCase):
    """What stands on the command line wins over what stands in the file."""

    def taken(self, *arguments: str, **sections: Any) -> dict[str, Any]:
        options = AllInOneOptions()
        options.parseOptions(list(arguments))
        configs = {"web": WebConfig(), "pb": PBConfig(), "irc": IRCConfig()} | sections
        return overridden({key: value for key, value in configs.items() if value}, tutorial(options, Path("/state")))

    def test_no_options(self) -> None:
        """Without options everything is as the configuration has it."""
        self.assertEqual(self.taken(), {"web": WebConfig(), "pb": PBConfig(), "irc": IRCConfig()})

    def test_web(self) -> None:
        """`--ssl` serves HTTPS with a certificate made in the state folder, `--templates` takes a folder."""
        web = self.taken("--ssl", "--templates", "/own", web=WebConfig(title="Mine"))["web"]
        tls = TLSConfig(certificate="/state/tls.crt", key="/state/tls.key", self_signed=True)
        self.assertEqual(web, WebConfig(title="Mine", templates="/own", tls=tls))

    def test_pb(self) -> None:
        """`--pbport` is the port on loopback."""
        self.assertEqual(self.taken("--pbport=9999")["pb"].listen, ("tcp:9999:interface=127.0.0.1",))

    def test_irc(self) -> None:
        """`--ircserver` and `--ircnick` are a network: with TLS, unless the port is the plain one."""
        for given, host, port, tls in (
            ("irc.example.org", "irc.example.org", 6697, True),
            ("irc.example.org:6667", "irc.example.org", 6667, False),
            ("[2001:db8::1]:6667", "2001:db8::1", 6667, False),
            ("2001:db8::1", "2001:db8::1", 6697, True),
        ):
            (network,) = self.taken(f"--ircserver={given}", "--ircnick=bot")["irc"].networks
            self.assertEqual((network.server, network.nick, network.tls), (host, "bot", tls))
            self.assertEqual(network.port or port, port)
        self.assertEqual(self.taken("--ircnick=bot")["irc"].networks, ())

    def test_what_is_wrong(self) -> None:
        """A port that is none, or an option for a frontend that is not installed, is a sentence."""
        error = self.assertRaises(FingerpostError, self.taken, "--ircserver=irc.example.org:x")
        self.assertIn("port: ", str(error))
        error = self.assertRaises(FingerpostError, self.taken, "--ssl", web=None)
        self.assertEqual(str(error), "fingerpost-web is not installed, for which an option was given")
