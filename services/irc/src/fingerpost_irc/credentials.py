"""The secrets and certificates that a network's configuration refers to, read once, before anything is connected."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from attrs import field, frozen
from fingerpost.errors import FingerpostError
from fingerpost.ops.credentials import located, secret
from OpenSSL.crypto import Error
from twisted.internet.ssl import Certificate

from fingerpost_irc.configuration import Network

__all__ = ["Credentials"]

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n?", re.DOTALL)
_NO_KEY = re.compile(r"[\x00-\x20\x7f,]")
_NO_PASSWORD = re.compile(r"[\x00\r\n]")


@frozen(kw_only=True)
class Credentials:
    """The password, the channels' keys by name, and the certificates of own authorities (PEM)."""

    password: str | None = field(default=None, repr=False)
    keys: Mapping[str, str] = field(factory=dict, repr=False)
    authorities: tuple[str, ...] = ()

    @classmethod
    def read(cls, network: Network, environ: Mapping[str, str]) -> Credentials:
        """What the keys `password`, `ca` and the channels' `key` stand for; raises `FingerpostError`."""
        where = f"network {network.name}"
        return cls(
            password=network.password and _secret(f"{where}: password", network.password, environ, _NO_PASSWORD),
            keys={
                channel.name: _secret(f"{where}: key of {channel.name}", channel.key, environ, _NO_KEY)
                for channel in network.channels
                if channel.key
            },
            authorities=_authorities(f"{where}: ca", network.ca, environ) if network.ca else (),
        )


def _secret(what: str, reference: str, environ: Mapping[str, str], wrong: re.Pattern[str]) -> str:
    try:
        found = secret(reference, environ)
    except FingerpostError as error:
        raise FingerpostError(f"{what}: {error}") from error
    if not found or wrong.search(found):
        raise FingerpostError(f"{what}: '{reference}' is empty, or has a character in it that IRC has no room for")
    return found


def _authorities(what: str, reference: str, environ: Mapping[str, str]) -> tuple[str, ...]:
    try:
        path: Path = located(reference, environ)
        found = tuple(_CERTIFICATE.findall(path.read_text(encoding="utf-8")))
        for each in found:
            Certificate.loadPEM(each.encode())
    except FingerpostError as error:
        raise FingerpostError(f"{what}: {error}") from error
    except OSError as error:
        raise FingerpostError(f"{what}: '{reference}' cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, Error):
        found = ()
    if not found:
        raise FingerpostError(f"{what}: '{reference}' holds no certificate in PEM form")
    return found
