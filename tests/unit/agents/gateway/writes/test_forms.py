from __future__ import annotations

import pytest

from bordertally.agents.gateway.writes.forms import form_parts
from bordertally.agents.runtime.problems import ProblemError

TYPE = "multipart/form-data; boundary=line"


def form(*parts: tuple[str, bytes], last: bytes = b"--line--\r\n") -> bytes:
    head = b'--line\r\nContent-Disposition: form-data; name="%s"; filename="x"\r\nContent-Type: text/csv\r\n\r\n%s\r\n'
    return b"".join(head % (name.encode(), content) for name, content in parts) + last


def test_the_bytes_of_every_part_are_kept() -> None:
    content = b"a\r\n\r\n--li\x00\xff\n\rb--line"
    assert form_parts(form(("file", content), ("previous", b"")), TYPE) == {"file": content, "previous": b""}
    assert form_parts(form(("a", b"1")), 'multipart/form-data; Boundary="line"') == {"a": b"1"}


@pytest.mark.parametrize(
    ("raw", "kind", "why"),
    [
        (form(("a", b"1")), "multipart/form-data", "name the boundary of the form"),
        (form(("a", b"1"), last=b""), TYPE, "the form ends without its last boundary"),
        (b"", TYPE, "the form ends without its last boundary"),
        (form(("a", b"1"), ("a", b"2")), TYPE, "two parts of this name"),
        (b"--line\r\nContent-Type: x\r\n\r\n1\r\n--line--", TYPE, "a part of the form has no name"),
    ],
)
def test_what_is_no_form_says_why(raw: bytes, kind: str, why: str) -> None:
    with pytest.raises(ProblemError) as caught:
        form_parts(raw, kind)
    assert (caught.value.problem.status, why in (caught.value.problem.detail or "")) == (400, True)
