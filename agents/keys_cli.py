"""The command `keygen`, and the key files that reports are signed with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from agents.console import err, out
from streams.errors import BordertallyError
from streams.signatures import shown_key

KeyFile = Annotated[
    Path | None, typer.Option("--key", envvar="BORDERTALLY_KEY_FILE", help="Sign with the private key in this file.")
]


def keygen(
    file: Annotated[Path, typer.Argument(help="Where to write the private key (PEM); it must not exist.")],
) -> None:
    """Make a key pair: the private key for the source, the public key for its entry in the registry."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as written:
            written.write(pem)
    except OSError as error:
        raise BordertallyError(f"{file}: {error.strerror}") from None
    out.print(f'keys = ["{shown_key(key.public_key())}"]', markup=False, highlight=False, soft_wrap=True)
    err.print(f"{file}: the private key; the line above belongs into the registry, below [sources.<id>]", markup=False)


def read_key(file: Path) -> Ed25519PrivateKey:
    """A private key from its file. Raises BordertallyError that says nothing of what is in it."""
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except OSError as error:
        raise BordertallyError(f"{file}: {error.strerror}") from None
    except (ValueError, TypeError):
        raise BordertallyError(
            f"{file}: no private key (PEM, without a password), as `bordertally keygen` makes it"
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise BordertallyError(f"{file}: this is no Ed25519 key; `bordertally keygen` makes one")
    return key
