"""What tests ask of the stand-in's control port."""

from __future__ import annotations

import json
import urllib.request
from typing import Any


class StandIn:
    def __init__(self, url: str) -> None:
        self.url = url

    def credentials(self) -> dict[str, str]:
        return self._call("GET", "credentials")

    def counts(self) -> dict[str, Any]:
        """received, signed, refused (numbers), received_by_app, signed_by_app,
        refused_by_reason, sts (calls by action, "issued", "refused")."""
        return self._call("GET", "counts")

    def reset_counts(self) -> None:
        self._call("DELETE", "counts")

    def refusals(self) -> list[dict[str, Any]]:
        """The last 200, each with app, method, target, reason, message, detail."""
        return self._call("GET", "refusals")

    def requests(self) -> list[dict[str, Any]]:
        """The last 2000 as they arrived: app, method, target, headers [[name, value]…]."""
        return self._call("GET", "requests")

    def faults(self, **parts: dict[str, Any]) -> None:
        """faults(sts={"mode": "throttle", "times": 2}, plane={"mode": "hang", "app": "research"});
        standin/faults.py has the list."""
        self._call("POST", "faults", parts)

    def clear_faults(self) -> None:
        self._call("DELETE", "faults")

    def forget_keys(self) -> int:
        """Makes every key that AssumeRole issued invalid; returns how many there were."""
        return self._call("DELETE", "keys")["forgotten"]

    def _call(self, method: str, what: str, body: object = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.url}/_standin/{what}", data=data, method=method)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)
