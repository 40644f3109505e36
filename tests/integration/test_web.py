"""The web service as its clients see it: curl, Python's XML-RPC client, and Chromium."""

from __future__ import annotations

import contextlib
import errno
import os
import pwd
import signal
import socket
import ssl
import subprocess
import time
import xmlrpc.client
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fingerpost_web.certificate import make_certificate

from tests.integration.processes import ServicesTestCase, ask, program, until

pytestmark = pytest.mark.integration

EVIL = "<img src=x onerror=\"document.title='owned'\"> &amp; ü 🍜"


class WebTests(ServicesTestCase):
    """Store, setter and web as processes of their own, over inherited sockets."""

    def setUp(self) -> None:
        super().setUp()
        self.http, self.https = self.tcp_socket(), self.tcp_socket()
        self.read, self.write_socket, self.set = (self.unix_socket(name) for name in ("read", "write", "set"))
        self.write("users", f"moshez: Happy and well\nevil: {EVIL}\n")
        make_certificate(Path(self.path("tls.crt")), Path(self.path("tls.key")))
        self.write("store.yaml", {"engine": "memory:", "sources": [{"type": "file", "path": "users"}]})
        self.write("setter.yaml", {"store": f"unix:{self.path('write')}"})
        self.configure()
        self.store = self.start_store()
        self.start("finger-setter", "--config", "setter.yaml", fds={"setter": self.set})
        self.web = self.start("finger-web", "--config", "web.yaml", fds={"web": self.http, "web-tls": self.https})
        self.plain = f"http://127.0.0.1:{self.http.getsockname()[1]}"
        self.secure = f"https://127.0.0.1:{self.https.getsockname()[1]}"
        until(lambda: "Loaded 2 records" in self.web.printed(), "the records")

    def configure(self, **changes: Any) -> None:
        tls = {"certificate": "tls.crt", "key": "tls.key"}
        self.write("web.yaml", {"store": f"unix:{self.path('read')}", "tls": tls, **changes})

    def start_store(self) -> Any:
        fds = {"read": self.read, "write": self.write_socket}
        return self.start("finger-store", "--config", "store.yaml", fds=fds)

    def curl(self, *arguments: str) -> str:
        command = [program("curl"), "--silent", "--show-error", "--max-time", "10", "--cacert", "tls.crt", *arguments]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=True).stdout

    def set_status(self, text: str) -> None:
        user = pwd.getpwuid(os.geteuid()).pw_name
        self.assertTrue(ask(self.path("set"), f"{user}\n{text}\n".encode()).startswith(b"OK "))

    def test_pages_with_curl(self) -> None:
        """The list and a person's page come over HTTP and HTTPS, and curl trusts the certificate it was given."""
        for base in (self.plain, self.secure):
            self.assertIn("Happy and well", self.curl(f"{base}/"))
            self.assertIn("Happy and well", self.curl(f"{base}/moshez"))
            self.assertEqual(self.curl("-o", "/dev/null", "-w", "%{http_code}", f"{base}/nobody"), "404")
        etag = self.curl("-I", f"{self.plain}/moshez").split("ETag: ")[1].split("\n")[0].strip()
        code = self.curl(
            "-o", "/dev/null", "-w", "%{http_code}", "-H", f"If-None-Match: {etag}", f"{self.secure}/moshez"
        )
        self.assertEqual(code, "304")

    def test_old_tls_is_refused(self) -> None:
        """A client that speaks nothing newer than TLS 1.1 gets no connection."""
        old = ["--tls-max", "1.1", "--tlsv1.0", "--ciphers", "DEFAULT:@SECLEVEL=0"]
        error: Any = self.assertRaises(subprocess.CalledProcessError, self.curl, *old, f"{self.secure}/")
        self.assertEqual(error.returncode, 35)  # curl's code for a failed handshake
        self.assertIn("Happy and well", self.curl("--tls-max", "1.2", f"{self.secure}/"))

    def test_xmlrpc(self) -> None:
        """Python's client gets what the tutorial promises, over HTTP and HTTPS."""
        trust = ssl.create_default_context(cafile=self.path("tls.crt"))
        for base in (self.plain, self.secure):
            context = trust if base.startswith("https") else None
            finger: Any
            with xmlrpc.client.ServerProxy(f"{base}/RPC2", context=context) as finger:
                self.assertEqual(finger.getUser("moshez"), "Happy and well")
                self.assertEqual(finger.getUser("nobody"), "No such user")
                self.assertEqual(finger.getUser("evil"), EVIL)
                self.assertEqual(set(finger.getUsers()), {"moshez", "evil"})
                self.assertIn("getRecord", finger.system.listMethods())

    def test_a_set_is_shown(self) -> None:
        """A status that is set is on the page at once."""
        self.set_status("Just now")
        until(lambda: "Just now" in self.curl(f"{self.plain}/"), "the status")

    def test_renewed_certificate(self) -> None:
        """After SIGHUP new connections see the renewed certificate; a broken one changes nothing."""
        for name in ("tls.crt", "tls.key"):
            Path(self.path(name)).unlink()
        Path(self.path("tls.crt")).write_text("broken")
        self.web.process.send_signal(signal.SIGHUP)
        until(lambda: "is no PEM file" in self.web.printed() or "cannot be read" in self.web.printed(), "the complaint")
        Path(self.path("tls.crt")).unlink()
        make_certificate(Path(self.path("tls.crt")), Path(self.path("tls.key")))
        self.assertRaises(subprocess.CalledProcessError, self.curl, f"{self.secure}/")
        self.web.process.send_signal(signal.SIGHUP)
        until(lambda: "The configuration was reloaded" in self.web.printed(), "the reload")
        self.assertIn("Happy and well", self.curl(f"{self.secure}/"))
        for name in ("crt", "key"):
            Path(self.path(f"tls.{name}")).rename(self.path(f"moved.{name}"))
        self.configure(tls={"certificate": "moved.crt", "key": "moved.key"})
        self.web.process.send_signal(signal.SIGHUP)
        until(lambda: self.web.printed().count("The configuration was reloaded") == 2, "the reload")
        self.assertNotIn("at the next restart", self.web.printed())

    def test_store_away(self) -> None:
        """While the store is away pages go on, marked as possibly old; when it is back they are current again."""
        self.store.end(signal.SIGKILL)
        until(lambda: "out of date" in self.curl(f"{self.plain}/moshez"), "the note")
        self.assertIn("Happy and well", self.curl(f"{self.plain}/moshez"))
        self.store = self.start_store()
        until(lambda: "out of date" not in self.curl(f"{self.plain}/moshez"), "current pages")

    def test_store_hangs(self) -> None:
        """A store that answers nothing any more is given up: pages are marked, and nobody waits for it."""
        self.store.process.send_signal(signal.SIGSTOP)
        self.addCleanup(self.store.process.send_signal, signal.SIGCONT)
        until(lambda: "out of date" in self.curl(f"{self.plain}/moshez"), "the note", 20)
        started = time.monotonic()
        for _ in range(5):
            self.assertIn("Happy and well", self.curl(f"{self.plain}/moshez"))
        self.assertLess(time.monotonic() - started, 1.5)
        self.store.process.send_signal(signal.SIGCONT)
        until(lambda: "out of date" not in self.curl(f"{self.plain}/moshez"), "current pages")

    def test_half_closed(self) -> None:
        """A client that closes its side behind the request, as `nc -N` does, gets its page."""
        for path in (b"/", b"/moshez"):
            answer = ask(self.http.getsockname(), b"GET " + path + b" HTTP/1.0\r\n\r\n")
            self.assertIn(b"Happy and well", answer)

    def test_restart_while_asked(self) -> None:
        """Who connects while the service restarts waits a moment, and is answered."""
        self.web.end()
        asking = subprocess.Popen(
            [program("curl"), "-s", "--max-time", "20", f"{self.plain}/moshez"], stdout=subprocess.PIPE, text=True
        )
        fds = {"web": self.http, "web-tls": self.https}
        self.web = self.start("finger-web", "--config", "web.yaml", fds=fds)
        self.assertIn("Happy and well", asking.communicate(timeout=20)[0])

    def test_stop_while_asked(self) -> None:
        """A request whose second half comes when the service is already stopping is answered all the same."""
        with socket.create_connection(self.http.getsockname()) as client:
            client.settimeout(10)
            client.sendall(b"GET /moshez HTTP/1.1\r\n")
            until(lambda: self.curl(f"{self.plain}/moshez"), "another answer, behind which the first half was read")
            self.web.process.send_signal(signal.SIGTERM)
            until(lambda: "Received SIGTERM" in self.web.printed(), "the signal")
            client.sendall(b"Host: x\r\n\r\n")
            answer = b""
            while data := client.recv(65536):
                answer += data
        self.assertIn(b"Connection: close", answer)
        self.assertIn(b"Happy and well", answer)
        self.assertIn(self.web.process.wait(15), {0, -signal.SIGTERM})

    def chromium(self, path: str, *options: str) -> str:
        command = [
            program("chromium"), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            f"--user-data-dir={self.path('chromium')}", *options, f"{self.plain}{path}",
        ]  # fmt: skip
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout

    def test_chromium(self) -> None:
        """A browser shows the list and a page; markup in a status stays text, and no script runs."""
        document = self.chromium("/evil", "--dump-dom")
        self.assertIn("<title>evil - Fingerpost</title>", document)
        self.assertIn("&lt;img src=x onerror=", document)
        self.assertNotIn("owned - ", document)
        self.assertIn("Happy and well", self.chromium("/", "--dump-dom"))
        sizes = {}
        for name, options in (
            ("phone", ["--window-size=400,800"]),
            ("desktop", ["--window-size=1200,800"]),
            ("dark", ["--window-size=1200,800", "--force-dark-mode"]),
        ):
            self.chromium("/", f"--screenshot={self.path(f'{name}.png')}", *options)
            sizes[name] = Path(self.path(f"{name}.png")).read_bytes()
        self.assertEqual(len({*sizes.values()}), 3)

    @contextlib.contextmanager
    def closing_early(self) -> Iterator[None]:
        """A server may end a connection at any moment of what is sent."""
        try:
            yield
        except OSError as error:
            self.assertIn(error.errno, {errno.ECONNRESET, errno.ENOTCONN, errno.EPIPE})

    def test_no_http(self) -> None:
        """Junk, TLS on the plain port and plain HTTP on the TLS port end without a traceback, and pages go on."""
        hello = ssl.create_default_context()
        hello.check_hostname, hello.verify_mode = False, ssl.CERT_NONE
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        with contextlib.suppress(ssl.SSLWantReadError):
            hello.wrap_bio(incoming, outgoing).do_handshake()
        for address in (self.http.getsockname(), self.https.getsockname()):
            for junk in (outgoing.read(), b"\0" * 20_000, b"GET / HTTP/1.1\r\n" + b"x" * 70_000, os.urandom(5000)):
                with self.closing_early():
                    ask(address, junk, seconds=5)
        self.assertIn("Happy and well", self.curl(f"{self.secure}/moshez"))
