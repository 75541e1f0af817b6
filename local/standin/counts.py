"""What the stand-in has seen."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field


@dataclass
class Counts:
    received: Counter[str] = field(default_factory=Counter)
    signed: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    sts: Counter[str] = field(default_factory=Counter)
    refusals: deque[dict[str, object]] = field(default_factory=lambda: deque(maxlen=200))
    requests: deque[dict[str, object]] = field(default_factory=lambda: deque(maxlen=2000))

    def as_json(self) -> dict[str, object]:
        return {
            "received": sum(self.received.values()),
            "signed": sum(self.signed.values()),
            "refused": sum(self.refused.values()),
            "received_by_app": dict(self.received),
            "signed_by_app": dict(self.signed),
            "refused_by_reason": dict(self.refused),
            "sts": dict(self.sts),
        }

    def reset(self) -> None:
        for part in (self.received, self.signed, self.refused, self.sts):
            part.clear()
        self.refusals.clear()
        self.requests.clear()
