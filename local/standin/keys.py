"""Which access keys exist, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Key:
    access_key: str
    secret_key: str
    token: str | None
    expires: datetime | None
    role: str | None


class Keys:
    """The keys of the one user of the account and those that AssumeRole issued."""

    def __init__(self) -> None:
        self._by_id: dict[str, Key] = {}

    def add(self, key: Key) -> None:
        self._by_id[key.access_key] = key

    def find(self, access_key: str) -> Key | None:
        return self._by_id.get(access_key)

    def forget_temporary(self) -> int:
        """Revokes everything AssumeRole issued so far. Returns how many keys that were."""
        issued = [name for name, key in self._by_id.items() if key.token]
        for name in issued:
            del self._by_id[name]
        return len(issued)
