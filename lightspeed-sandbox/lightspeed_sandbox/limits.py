"""The leaky bucket and the burst windows of one account and client.

Source: page "Rate limits", rules in force since 2026-03-17 (section 2 of the API reference).
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from decimal import Decimal

from lightspeed_sandbox.errors import ApiError

_FIRST_SIZE, _FURTHER_SIZE = 90.0, 10.0
_FIRST_RATE, _FURTHER_RATE = 1.0, 0.5
_TOO_MANY = 429


def bucket_size(registers: int) -> float:
    """Drips that the bucket of a subscription holds."""
    return _FIRST_SIZE + _FURTHER_SIZE * (registers - 1)


def drip_rate(registers: int) -> float:
    """Drips a second that leak out of the bucket of a subscription."""
    return _FIRST_RATE + _FURTHER_RATE * (registers - 1)


class Limits:
    """Charges requests and refuses those that come too fast.

    Args:
        size: Drips that the bucket holds.
        rate: Drips that leak out each second.
        scale: How many times faster than real the limits run.
        clock: Seconds on a clock that never goes back.
    """

    def __init__(
        self, size: float, rate: float, scale: float = 1.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start with an empty bucket."""
        self.size = size
        # Headers tell the truth in real seconds, so that clients need not know of the scale.
        self.rate = rate * scale
        self.burst = math.ceil(size / 4)
        self._window_length = 1.0 / scale
        self._clock = clock
        self._level = 0.0
        self._leaked_at = clock()
        self._window = -1
        self._in_window = 0
        self._lock = threading.Lock()

    @property
    def level(self) -> float:
        """Drips in the bucket now."""
        with self._lock:
            return self._leak()

    def charge(self, cost: Decimal) -> dict[str, str]:
        """Let a request through, or refuse it; the headers say where the limits stand.

        Raises:
            ApiError: Too many requests in this second, or the bucket is full.
        """
        with self._lock:
            self._count()
            if self._in_window > self.burst:
                raise self._refusal("api-burst-limiter", "burst rate limit exceeded", self._window_length, cost)
            level = self._leak()
            # The first request over the brim still passes.
            if level >= self.size:
                wait = (level - self.size) / self.rate
                raise self._refusal("api-leaky-bucket", "Rate Limit Exceeded", wait, cost)
            self._level = level + float(cost)
            return self._headers(cost)

    def refusal(self) -> ApiError:
        """What is answered to a request that finds the bucket full, whether it is or not."""
        with self._lock:
            return self._refusal("api-leaky-bucket", "Rate Limit Exceeded", 1.0, Decimal(0))

    def empty(self) -> None:
        """Forget all requests."""
        with self._lock:
            self._level = 0.0
            self._in_window = 0

    def _leak(self) -> float:
        now = self._clock()
        self._level = max(0.0, self._level - (now - self._leaked_at) * self.rate)
        self._leaked_at = now
        return self._level

    def _count(self) -> None:
        window = math.floor(self._clock() / self._window_length)
        if window != self._window:
            self._window, self._in_window = window, 0
        self._in_window += 1

    def _headers(self, cost: Decimal) -> dict[str, str]:
        return {
            "X-LS-API-Bucket-Level": f"{_number(self._level)}/{_number(self.size)}",
            "X-LS-API-Burst-Level": f"{self._in_window}/{self.burst}",
            "X-LS-API-Drip-Rate": _number(self.rate),
            "X-LS-API-Request-Cost": _number(float(cost)),
        }

    def _refusal(self, kind: str, message: str, wait: float, cost: Decimal) -> ApiError:
        headers = self._headers(cost) | {
            "Retry-After": str(max(1, math.ceil(wait))),
            "X-LS-API-RateLimit-Type": kind,
        }
        return ApiError(_TOO_MANY, message, "RateLimitException", headers)


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.12f}".rstrip("0").rstrip(".")
