"""Who wrote a report: Ed25519 signatures (RFC 8032) over its bytes, in the Kafka header `signature`, in base64."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bordertally.streams.errors import Reason, RefusedError, shown

HEADER = "signature"

Keys = Mapping[str, Sequence[Ed25519PublicKey]]
"""By source, the keys one of which its reports must be signed with; sources without any need no signature."""


def parse_key(text: str) -> Ed25519PublicKey:
    """A public key out of base64 of its 32 bytes. Raises ValueError."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 32:
        raise ValueError(
            f"{shown(text)} is no Ed25519 public key: 32 bytes in base64, as `bordertally keygen` prints it"
        )
    return Ed25519PublicKey.from_public_bytes(raw)


def shown_key(key: Ed25519PublicKey) -> str:
    """A public key as the registry writes it."""
    return base64.b64encode(key.public_bytes_raw()).decode()


def signature(key: Ed25519PrivateKey, raw: bytes) -> tuple[str, bytes]:
    """The header that a report of these bytes is sent with."""
    return HEADER, base64.b64encode(key.sign(raw))


def check_signature(
    keys: Keys, source: str, raw: bytes, headers: Sequence[tuple[str, bytes | None]], report: str | None = None
) -> None:
    """Raise RefusedError unless a source that has keys has signed these very bytes with one of them."""
    known = keys.get(source)
    if not known:
        return
    given = [value or b"" for name, value in headers if name == HEADER]
    if not given:
        raise RefusedError(
            Reason.UNSIGNED, "source", source, "its reports must carry a signature, the header `signature`", report
        )
    for one in given:
        for key in known:
            if _is_signed(key, one, raw):
                return
    shown_one = given[0][:200].decode("utf-8", "backslashreplace")
    raise RefusedError(
        Reason.BAD_SIGNATURE, HEADER, shown_one, f"no key of source {source!r} has signed these bytes", report
    )


def _is_signed(key: Ed25519PublicKey, text: bytes, raw: bytes) -> bool:
    try:
        key.verify(base64.b64decode(text, validate=True), raw)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
