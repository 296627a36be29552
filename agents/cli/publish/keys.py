"""The command `keygen`, and the option for the key that signs reports."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bordertally.agents.terminal.console import err, out
from bordertally.streams.errors import BordertallyError
from bordertally.streams.reports.signatures import shown_key

KeyFile = Annotated[
    Path | None, typer.Option("--key", envvar="BORDERTALLY_KEY_FILE", help="Sign with the private key in this file.")
]


def keygen(
    file: Annotated[Path, typer.Argument(help="The new file for the private key (PEM).")],
) -> None:
    """Make a key pair for signing reports.

    The private key is for the source; the public key belongs in the registry, in the table of that source.
    """
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as written:
            written.write(pem)
    except OSError as error:
        raise BordertallyError(f"{file}: {error.strerror}") from None
    out.print(f'keys = ["{shown_key(key.public_key())}"]', markup=False, highlight=False, soft_wrap=True)
    err.print(f"{file}: the private key; the line above belongs into the registry, below [sources.<id>]", markup=False)
