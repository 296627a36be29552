"""Rate limits: so many a second on average, and some more at once after a quiet time (a token bucket)."""

from __future__ import annotations

KEYS = 100_000


class RateLimit:
    """Limits each key by itself. `per_s` a second; at most `burst` at once. The clock is an argument, in seconds."""

    def __init__(self, per_s: float, burst: int) -> None:
        self.per_s, self.burst = per_s, burst
        self._full_at: dict[str, float] = {}

    def acquire(self, key: str, now: float) -> float:
        """Take one token: 0 if there was one, else the seconds to wait, and no token is taken.

        A key is kept as the moment at which its bucket will be full again (virtual scheduling in GCRA, ITU-T I.371).
        """
        step = 1 / self.per_s
        full_at = max(self._full_at.get(key, now), now)
        wait = full_at + step - now - self.burst * step
        if wait > 1e-9:
            return wait
        if len(self._full_at) >= KEYS:
            self._full_at = {name: moment for name, moment in self._full_at.items() if moment > now}
        self._full_at[key] = full_at + step
        return 0.0
