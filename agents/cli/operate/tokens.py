"""The command `token`."""

from __future__ import annotations

import secrets

from bordertally.agents.terminal.console import AsJson, out, print_json
from bordertally.streams.delivery.tokens import digest_of


def token(as_json: AsJson = False) -> None:
    """Make an access token for the gateway, and its digest.

    Give the token to the client; put its digest in the settings or the registry.
    """
    made = secrets.token_urlsafe(32)
    digest = digest_of(made)
    if as_json:
        print_json({"token": made, "digest": digest})
        return
    for line in (
        f"token   {made}",
        f"digest  {digest}",
        "",
        "The token is shown once and kept nowhere. The digest goes to one of",
        f'  a source, to report:  tokens = ["{digest}"]   in its table of the registry',
        f"  a reader:             BORDERTALLY_READ_TOKENS={digest}",
        f"  an administrator:     BORDERTALLY_ADMIN_TOKENS={digest}",
    ):
        out.print(line, markup=False, highlight=False, soft_wrap=True)
