"""Where secrets come from: a systemd credential (`credential:NAME`) or a file, never the command line.

systemd.exec(5), `LoadCredential=`: the service finds a copy that only it can read in $CREDENTIALS_DIRECTORY.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fingerpost.errors import FingerpostError

__all__ = ["located", "secret"]

_PREFIX = "credential:"


def located(reference: str, environ: Mapping[str, str]) -> Path:
    """The file that `credential:NAME` or a path stands for; raises `FingerpostError`."""
    if not reference.startswith(_PREFIX):
        return Path(reference)
    name = reference.removeprefix(_PREFIX)
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        raise FingerpostError(
            f"'{reference}': no credentials were passed; does the unit say LoadCredential={name}:/path?"
        )
    return Path(folder) / name


def secret(reference: str, environ: Mapping[str, str]) -> str:
    """The text of a credential or a file, without the newline at its end; raises `FingerpostError`."""
    path = located(reference, environ)
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise FingerpostError(f"'{reference}' cannot be read: {reason}") from error
