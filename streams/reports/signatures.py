"""Signatures: Ed25519 (RFC 8032) over the bytes of a report, in base64, in the Kafka header `signature`."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bordertally.streams.errors import Reason, RefusedError, shown

HEADER = "signature"

Keys = Mapping[str, Sequence[Ed25519PublicKey]]
"""Public keys by source. Reports of a source with keys must be signed with one of them."""


def parse_key(text: str) -> Ed25519PublicKey:
    """The public key whose 32 bytes a text holds in base64. Raises ValueError."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 32:
        raise ValueError(
            f"{shown(text)} is not an Ed25519 public key (32 bytes in base64, as `bordertally keygen` prints them)"
        )
    return Ed25519PublicKey.from_public_bytes(raw)


def shown_key(key: Ed25519PublicKey) -> str:
    """A public key in base64, as the registry holds it."""
    return base64.b64encode(key.public_bytes_raw()).decode()


def signature(key: Ed25519PrivateKey, raw: bytes) -> tuple[str, bytes]:
    """The header, name and value, that signs a report of these bytes."""
    return HEADER, base64.b64encode(key.sign(raw))


def check_signature(
    keys: Keys, source: str, raw: bytes, headers: Sequence[tuple[str, bytes | None]], report: str | None = None
) -> None:
    """Raise RefusedError unless the source has no keys, or the headers sign these bytes with one of its keys."""
    known = keys.get(source)
    if not known:
        return
    given = [value or b"" for name, value in headers if name == HEADER]
    if not given:
        raise RefusedError(
            Reason.UNSIGNED,
            "source",
            source,
            "reports of this source must be signed: the Kafka header `signature` is missing",
            report,
        )
    if any(_is_signed(key, text, raw) for text in given for key in known):
        return
    first = given[0][:200].decode("utf-8", "backslashreplace")
    raise RefusedError(
        Reason.BAD_SIGNATURE, HEADER, first, f"this signs other bytes, or not with a key of source {source!r}", report
    )


def _is_signed(key: Ed25519PublicKey, text: bytes, raw: bytes) -> bool:
    try:
        key.verify(base64.b64decode(text, validate=True), raw)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
