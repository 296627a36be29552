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
            f"{shown(text)} is not an Ed25519 public key (32 bytes in base64); "
            "make one with: bordertally keygen new.pem"
        )
    if _is_weak(raw):
        raise ValueError(
            f"{shown(text)} is not a safe Ed25519 public key: anybody could sign for it; "
            "make one with: bordertally keygen new.pem"
        )
    return Ed25519PublicKey.from_public_bytes(raw)


_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
_SQRT_OF_MINUS_1 = pow(2, (_P - 1) // 4, _P)


def _is_weak(raw: bytes) -> bool:
    """Whether bytes are no point of edwards25519 (RFC 8032, 5.1.3), or one of small order.

    A signature that holds for every message exists for each point whose eightfold is the neutral element.
    """
    number = int.from_bytes(raw, "little")
    y, sign = number & (1 << 255) - 1, number >> 255
    u, v = (y * y - 1) % _P, (_D * y * y + 1) % _P
    x = u * v**3 * pow(u * v**7, (_P - 5) // 8, _P) % _P
    if (v * x * x - u) % _P:
        x = x * _SQRT_OF_MINUS_1 % _P
    if y >= _P or (v * x * x - u) % _P or (x == 0 and sign):
        return True
    for _ in range(3):  # doubled three times: the eightfold; the sign of x does not matter
        xx, yy, xy = x * x % _P, y * y % _P, x * y % _P
        x, y = 2 * xy * pow(yy - xx, -1, _P) % _P, (yy + xx) * pow(2 - yy + xx, -1, _P) % _P
    return x == 0 and y == 1


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
