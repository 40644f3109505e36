"""Secrets from systemd credentials and files."""

from __future__ import annotations

from pathlib import Path
from tempfile import mkdtemp

from fingerpost.errors import FingerpostError
from fingerpost.ops.credentials import located, secret
from twisted.trial.unittest import SynchronousTestCase


class CredentialTests(SynchronousTestCase):
    """`credential:NAME` and paths."""

    def setUp(self) -> None:
        self.folder = Path(mkdtemp())
        (self.folder / "irc.password").write_text("s3cret\n")

    def test_a_credential(self) -> None:
        """`credential:NAME` is what systemd passed under that name, without the newline at its end."""
        environ = {"CREDENTIALS_DIRECTORY": str(self.folder)}
        self.assertEqual(secret("credential:irc.password", environ), "s3cret")
        self.assertEqual(located("credential:tls.key", environ), self.folder / "tls.key")

    def test_a_file(self) -> None:
        """Anything else is a path."""
        self.assertEqual(secret(str(self.folder / "irc.password"), {}), "s3cret")

    def test_what_is_missing(self) -> None:
        """Without credentials, or without the file, the sentence says what to look at, and never what is inside."""
        for reference, environ, words in (
            ("credential:tls.key", {}, "LoadCredential=tls.key:"),
            ("credential:tls.key", {"CREDENTIALS_DIRECTORY": str(self.folder)}, "No such file"),
            ("/nosuch/file", {}, "'/nosuch/file' cannot be read: No such file"),
        ):
            error = self.assertRaises(FingerpostError, secret, reference, environ)
            self.assertIn(words, str(error))
