"""Counters of requests by address and status."""

from collections import Counter, defaultdict

from dev.graph_simulator.exchange import JsonObject


class Stats:
    """How often what was asked, and how it was answered."""

    def __init__(self) -> None:
        self.requests: defaultdict[str, Counter[int]] = defaultdict(Counter)
        self.batches = 0
        self.inner_requests = 0
        self.largest_batch = 0
        self.early_after_throttle = 0

    def count(self, template: str, status: int) -> None:
        """One request to `template` was answered with `status` (0 = connection cut)."""
        self.requests[template][status] += 1

    def count_batch(self, size: int) -> None:
        """One `$batch` with `size` inner requests."""
        self.batches += 1
        self.inner_requests += size
        self.largest_batch = max(self.largest_batch, size)

    def as_json(self) -> JsonObject:
        """All counters."""
        by_path = {
            path: {str(status): n for status, n in sorted(counts.items())}
            for path, counts in sorted(self.requests.items())
        }
        return {
            "requests": by_path,
            "total": sum(sum(counts.values()) for counts in self.requests.values()),
            "throttled": sum(counts[429] for counts in self.requests.values()),
            "requestsBeforeRetryAfter": self.early_after_throttle,
            "batches": {
                "count": self.batches,
                "innerRequests": self.inner_requests,
                "largest": self.largest_batch,
            },
        }
