"""The provider that MLFLOW_TRACKING_AUTH=signet names.

It does not inherit from mlflow's base class: these two methods are all that mlflow asks for, in
every version, and the package works without mlflow.
"""

from __future__ import annotations

from .auth import SignetAuth


class SignetAuthProvider:
    def __init__(self) -> None:
        # One for all requests of this process: it remembers AWS tokens and failures.
        self._auth = SignetAuth()

    def get_name(self) -> str:
        return "signet"

    def get_auth(self) -> SignetAuth:
        return self._auth
