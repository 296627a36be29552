"""Editions: what a revised file changes against the one before, so that only that is sent."""

from __future__ import annotations

from collections.abc import Iterator

from bordertally.streams.imports.parts import ImportClaim, all_claims
from bordertally.streams.imports.tables import Importer


class Edition:
    """A file against the one before it. The counts are of claims.

    `withheld`: claims that are gone from the file but not withdrawn: cells of it could not be read, and may be theirs.
    """

    def __init__(self, previous: Importer, current: Importer) -> None:
        self._previous, self._current = previous, current
        self.unchanged = self.corrected = self.added = 0
        for claim, before in self._compared():
            if before is None:
                self.added += 1
            elif _differs(claim, before):
                self.corrected += 1
            else:
                self.unchanged += 1
        gone = [sure for _, sure in self._gone()]
        self.withdrawn, self.withheld = sum(gone), len(gone) - sum(gone)

    def claims(self) -> Iterator[ImportClaim]:
        """The claims that are new or changed, then the withdrawals of those that are gone.

        A claim that changed while its row names the time of publication that it named before counts as published with
        the edition: of two versions of one time, the order of their report ids would decide.
        """
        for claim, before in self._compared():
            if before is None:
                yield claim
            elif _differs(claim, before):
                anew = claim.published <= before.published
                yield claim._replace(published=self._current.published) if anew else claim
        yield from (claim for claim, sure in self._gone() if sure)

    def _compared(self) -> Iterator[tuple[ImportClaim, ImportClaim | None]]:
        """Every claim of the file with that of the previous one."""
        for claim in all_claims(self._current.series):
            yield claim, _claim_at(self._previous, claim)

    def _gone(self) -> Iterator[tuple[ImportClaim, bool]]:
        """Withdrawals of the claims that the file lacks, and whether it is sure that it lacks them."""
        for claim in all_claims(self._previous.series):
            if _claim_at(self._current, claim) is None:
                series = self._current.series.get(claim.key)
                sure = not self._current.unplaced and (series is None or claim.span not in series.refused)
                yield claim._replace(people=None, published=self._current.published), sure


def _claim_at(edition: Importer, claim: ImportClaim) -> ImportClaim | None:
    """The claim of an edition about the same series and period."""
    series = edition.series.get(claim.key)
    kept = None if series is None else series.claims.get(claim.span)
    if series is None or kept is None:
        return None
    return ImportClaim(claim.key, series.qualifier, series.per, claim.span, kept.people, kept.published)


def _differs(claim: ImportClaim, before: ImportClaim) -> bool:
    return claim._replace(published=before.published) != before
