"""Debian's ngircd on loopback, and people with plain IRC clients on it."""

from __future__ import annotations

import socket
import time
from pathlib import Path

from tests.integration.processes import Running, free_port, program, until

__all__ = ["IRCServer", "Person"]


class IRCServer:
    """An IRC server with a channel, `#test`; with the PEM files of a certificate and its key it has a TLS port too."""

    def __init__(self, folder: Path, port: int | None = None, certificate: tuple[str, str] | None = None) -> None:
        self.port = port or free_port()
        self.tls_port = free_port()
        self._folder = folder
        self._program = program("ngircd")
        self._certificate = certificate
        self.start()

    def start(self) -> None:
        """Start it, again if it was stopped."""
        settings = [
            "[Global]", "Name = irc.test.local", "Info = test", "Listen = 127.0.0.1", f"Ports = {self.port}",
            "AdminEMail = a@example.org",
            "[Limits]", "MaxConnectionsIP = 0", "MaxNickLength = 30", "MaxPenaltyTime = 0",
            "[Options]", "DNS = no", "Ident = no", "PAM = no",
        ]  # fmt: skip
        if self._certificate:
            certificate, key = self._certificate
            settings += ["[SSL]", f"CertFile = {certificate}", f"KeyFile = {key}", f"Ports = {self.tls_port}"]
        settings += ["[Channel]", "Name = #test", ""]
        path = self._folder / "ngircd.conf"
        path.write_text("\n".join(settings))
        self._running = Running([self._program, "-n", "-f", str(path)], self._folder)
        until(self._answers, "the IRC server")

    def stop(self) -> None:
        """End it, and every connection to it."""
        self._running.end()

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
        except OSError:
            return False
        return True


class Person:
    """Somebody with a plain IRC client; `heard` is all that the server has sent."""

    def __init__(self, port: int, nick: str) -> None:
        self.heard: list[str] = []
        self._socket = socket.create_connection(("127.0.0.1", port), 5)
        self._lines = self._socket.makefile("r", encoding="utf-8", newline="\r\n")
        self.send(f"NICK {nick}")
        self.send(f"USER {nick} 0 * :A person")
        self.hear(" 376 ", " 422 ")

    def send(self, line: str) -> None:
        """Send one line."""
        self._socket.sendall(f"{line}\r\n".encode())

    def hear(self, *wanted: str, seconds: float = 15.0) -> str:
        """The next line that has one of these in it."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                line = self._lines.readline()
            except TimeoutError:
                break
            if not line:
                break
            self.heard.append(line.rstrip("\r\n"))
            if line.startswith("PING "):
                self.send(self.heard[-1].replace("PING", "PONG", 1))
            if any(words in line for words in wanted):
                return self.heard[-1]
        raise AssertionError(f"{wanted} not heard within {seconds} s, but {self.heard[-10:]}")

    def close(self) -> None:
        """Go."""
        self._lines.close()
        self._socket.close()
