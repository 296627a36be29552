"""Reads signing keys from files."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bordertally.streams.errors import BordertallyError


def read_key(file: Path) -> Ed25519PrivateKey:
    """Return the Ed25519 private key in a file. Raises BordertallyError, which never quotes the file's content."""
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except OSError as error:
        raise BordertallyError(f"{file}: {error.strerror}") from None
    except (ValueError, TypeError):
        raise BordertallyError(
            f"{file}: not a private key (PEM, without a password); make one with: bordertally keygen new.pem"
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise BordertallyError(f"{file}: not an Ed25519 key; make one with: bordertally keygen new.pem")
    return key
