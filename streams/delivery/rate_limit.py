"""A rate limit by key: a token bucket with an average rate and a burst."""

from __future__ import annotations

KEYS = 100_000


class RateLimit:
    """Limits each key separately to `per_s` a second on average, and to `burst` at once."""

    def __init__(self, per_s: float, burst: int) -> None:
        self.per_s, self.burst = per_s, burst
        self._full_at: dict[str, float] = {}

    def acquire(self, key: str, now: float, tokens: int = 1) -> float:
        """Take tokens at `now` (seconds); returns 0, or the seconds to wait, in which case no token is taken.

        One token that is left is enough for several: the bucket then lacks the others for a while.

        Of a key only the time is kept at which its bucket is full again (virtual scheduling of GCRA, ITU-T I.371).
        """
        step = 1 / self.per_s
        full_at = max(self._full_at.get(key, now), now)
        wait = full_at + step - now - self.burst * step
        if wait > 1e-9:
            return wait
        if len(self._full_at) >= KEYS:
            self._full_at = {name: moment for name, moment in self._full_at.items() if moment > now}
        self._full_at[key] = full_at + tokens * step
        return 0.0
