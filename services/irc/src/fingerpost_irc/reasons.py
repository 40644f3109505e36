"""Why a network can't be reached, in words that an operator can act on."""

from __future__ import annotations

from typing import Any

from OpenSSL.SSL import Error
from service_identity import VerificationError

__all__ = ["reason_of"]


def reason_of(failure: Any, server: str) -> str:
    """The reason for a connection that could not be made, or was lost."""
    if failure.check(VerificationError):
        return f"its certificate is not for the name {server}"
    if failure.check(Error):
        words = _words(failure.value)
        if "certificate verify failed" in words:
            return "its certificate is signed by no authority that is trusted here (see the key `ca`), or has expired"
        return f"TLS does not work with it; is that its port for TLS? ({words or 'no reason given'})"
    return str(failure.getErrorMessage())


def _words(error: Error) -> str:
    """What OpenSSL says: a list of library, function and reason, or the number and text of a system call's error."""
    queue = error.args[0] if error.args else ()
    if isinstance(queue, list):
        return ", ".join(reason for _, _, reason in queue)
    return " ".join(map(str, error.args))
