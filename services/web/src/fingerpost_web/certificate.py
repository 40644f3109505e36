"""A self-signed certificate for trying HTTPS out on this machine."""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fingerpost.errors import FingerpostError

__all__ = ["make_certificate"]

_LASTS = timedelta(days=397)  # browsers take nothing that lasts longer


def make_certificate(certificate: Path, key: Path) -> None:
    """Write a certificate for this machine's names, and its key, which only its owner can read."""
    private = ec.generate_private_key(ec.SECP256R1())
    names = dict.fromkeys(["localhost", socket.gethostname()])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Fingerpost on this machine")])
    alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in names if name.isascii()]
    alternatives += [x509.IPAddress(ip_address(address)) for address in ("127.0.0.1", "::1")]
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, private.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _LASTS)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        _write(key, pem, 0o600)
        _write(certificate, made.public_bytes(serialization.Encoding.PEM), 0o644)
    except OSError as error:
        raise FingerpostError(f"tls: {error.filename} cannot be written: {error.strerror}") from error


def _write(path: Path, content: bytes, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
