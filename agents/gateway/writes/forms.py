"""Forms: the parts of a multipart body (RFC 7578) by name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bordertally.agents.runtime.problems import ProblemError

FORM = "multipart/form-data"
_BOUNDARY = re.compile(r'(?i);\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))')
_NAME = re.compile(rb'(?i)^content-disposition:[^\r\n]*;\s*name="([^"\r\n]*)"', re.MULTILINE)


def form_parts(raw: bytes, content_type: str) -> dict[str, bytes]:
    """The contents of the parts of a form by name. `content_type`: the header, which names the boundary.

    Raises ProblemError (400) for a body that is no form, or has two parts of one name.
    """
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        raise ProblemError(400, "name the boundary of the form", field="Content-Type", value=content_type)
    parts: dict[str, bytes] = {}
    for name, content in _parts(raw, (boundary[1] or boundary[2]).encode()):
        if name in parts:
            raise ProblemError(400, "the form has two parts of this name", field="name", value=name)
        parts[name] = content
    return parts


def _parts(raw: bytes, boundary: bytes) -> Iterator[tuple[str, bytes]]:
    _, *sections = (b"\r\n" + raw).split(b"\r\n--" + boundary)
    if not sections or not sections[-1].startswith(b"--"):
        raise ProblemError(400, "the form ends without its last boundary; is the body complete?")
    for section in sections[:-1]:
        head, _, content = section.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if name is None:
            raise ProblemError(400, "a part of the form has no name")
        yield name[1].decode("utf-8", "replace"), content
