"""The options of `twistd fingerpost`, those of the Twisted tutorial among them, as the configuration would say them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from attrs import evolve

from fingerpost.errors import FingerpostError
from fingerpost.ops.plugin import Options
from fingerpost.ops.structure import Wrong, structure

__all__ = ["AllInOneOptions", "overridden", "tutorial"]

_PORT = re.compile(r"^([^:]*|\[.*\]):[^:\]]+$")  # HOST:PORT or [ADDRESS]:PORT


class AllInOneOptions(Options):
    """The tutorial's options, and where state is kept."""

    section = "fingerpost"
    longdesc = "All of Fingerpost in one process: the store and every frontend that is installed."
    optParameters: ClassVar[list[Any]] = [
        ["file", "f", None, "a users file, one `name: status` to a line, such as /etc/users"],
        ["state", None, None, "the folder for the database, the sockets and the certificate (default: kept nowhere)"],
        ["templates", "t", None, "a folder whose files take the place of the web's own templates"],
        ["ircnick", "n", "fingerbot", "the nick of the IRC bot"],
        ["ircserver", None, None, "an IRC server, HOST or HOST:PORT; with TLS, unless the port is 6667"],
        ["pbport", "p", None, "the port for Perspective Broker, on loopback (default: 8889)"],
    ]
    optFlags: ClassVar[list[Any]] = [["ssl", "s", "serve HTTPS too, on 8443, with a certificate made for this machine"]]


def tutorial(options: Mapping[str, Any], state: Path) -> dict[str, dict[str, Any]]:
    """What the tutorial's options say, by section, as the configuration would say it."""
    given: dict[str, dict[str, Any]] = {}
    if options["templates"] is not None:
        given["web"] = {"templates": options["templates"]}
    if options["ssl"]:
        files = {"certificate": f"{state}/tls.crt", "key": f"{state}/tls.key"}
        given["web"] = given.get("web", {}) | {"tls": {**files, "self_signed": True}}
    if options["pbport"] is not None:
        given["pb"] = {"listen": f"tcp:{options['pbport']}:interface=127.0.0.1"}
    if options["ircserver"] is not None:
        host, _, port = (
            options["ircserver"].rpartition(":")
            if _PORT.search(options["ircserver"])
            else (options["ircserver"], "", "")
        )
        host = host.strip("[]")
        network: dict[str, Any] = {"name": host, "server": host, "nick": options["ircnick"]}
        if port:
            network |= {"port": int(port) if port.isdecimal() else port, "tls": port != "6667"}
        given["irc"] = {"networks": [network]}
    return given


def overridden(sections: Mapping[str, Any], given: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The sections with some keys as the command line has them; raises `FingerpostError`."""
    mine = dict(sections)
    for section, keys in given.items():
        if section not in mine:
            raise FingerpostError(f"fingerpost-{section} is not installed, for which an option was given")
        kind = type(mine[section])
        try:
            changed = structure(keys, kind)
        except Wrong as wrong:
            path, expected, _ = wrong.found[0]
            raise FingerpostError(f"the options for {section}: {path[-1]}: {expected}") from None
        mine[section] = evolve(mine[section], **{key: getattr(changed, key) for key in keys})
    return mine
