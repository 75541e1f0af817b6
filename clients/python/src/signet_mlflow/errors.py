"""What can go wrong. The message of each is meant for the person at the keyboard."""

from __future__ import annotations


class SignetError(Exception):
    """Anything that ends in a message instead of a traceback."""


class WrongUse(SignetError):
    """The address or an option cannot be meant."""


class Unreachable(SignetError):
    """No answer, or none that could be waited for; trying again may help.

    `retry_after` is in how many seconds the gateway itself would have it tried again; None if it
    does not say.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NotSignet(SignetError):
    """Something answered, but not the way a Signet gateway does."""


class Refused(SignetError):
    """The gateway understood and said no. `reason` is its OAuth error or its error code."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class SignInNeeded(SignetError):
    """Only a person can go on: there is no usable credential for this gateway."""

    def __init__(self, base: str, why: str) -> None:
        super().__init__(f"{why}: run `signet-login {base}`")
        self.base = base


class StoreError(SignetError):
    """The file with the credentials is in a state that must not be passed over."""
