"""Adds the token to requests for gateways that one is signed in to, and to no others."""

from __future__ import annotations

from typing import Any

import requests
from requests.auth import AuthBase
from requests.utils import rewind_body

from .address import base_of, gateway_of, is_safe
from .errors import SignInNeeded, WrongUse
from .tokens import Tokens


class SignetAuth(AuthBase):
    """For `requests`: `requests.get(url, auth=SignetAuth())`.

    A redirect to another host takes no token along: requests removes the header, and this is not
    asked again. When the gateway refuses a token with 401, another one is fetched and the request
    sent once more, if its body can be read again.
    """

    def __init__(self, tokens: Tokens | None = None) -> None:
        self._tokens = tokens or Tokens()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        url = request.url or ""
        base = base_of(url)
        if not is_safe(base):
            gateway_of(url)  # Raises, and says why.
        has_other = "Authorization" in request.headers
        token = self._tokens.current(base, roles=not has_other)
        if token is not None:
            request.headers["Authorization"] = f"Bearer {token}"
            request.register_hook("response", _Again(self._tokens, base, token))
        elif not has_other:
            request.register_hook("response", _Explanation(base))
        return request


class _Again:
    """Answers a 401 with another token, at most once per answer."""

    def __init__(self, tokens: Tokens, base: str, token: str) -> None:
        self._tokens = tokens
        self._base = base
        self._token = token

    def __call__(self, answer: requests.Response, **options: Any) -> requests.Response:
        request = answer.request
        sent = request.headers.get("Authorization") == f"Bearer {self._token}"
        # Redirected requests bring this hook along, to wherever they go.
        if answer.status_code != 401 or not sent or not _goes_to(request, self._base):
            return answer
        token = self._tokens.instead_of(self._base, self._token)
        if token is None or token == self._token:
            _raise_if_refused(answer, self._base, f"{self._base} no longer accepts your sign-in")
            return answer
        if not _rewound(request):
            return answer
        _ = answer.content  # Read to its end, the connection can be used again.
        answer.close()
        again = request.copy()
        again.headers["Authorization"] = f"Bearer {token}"
        second: requests.Response = answer.connection.send(again, **options)  # type: ignore[attr-defined]
        second.history.append(answer)
        second.request = again
        if second.status_code == 401:
            _raise_if_refused(second, self._base, f"{self._base} no longer accepts your sign-in")
        return second


class _Explanation:
    """Says what to do, where a gateway wants a sign-in and there is none."""

    def __init__(self, base: str) -> None:
        self._base = base

    def __call__(self, answer: requests.Response, **_: Any) -> requests.Response:
        if answer.status_code == 401 and _goes_to(answer.request, self._base):
            _raise_if_refused(answer, self._base, f"you are not signed in to {self._base}")
        return answer


def _goes_to(request: requests.PreparedRequest, base: str) -> bool:
    try:
        return base_of(request.url or "") == base
    except WrongUse:
        return False


def _raise_if_refused(answer: requests.Response, base: str, why: str) -> None:
    if answer.headers.get("x-signet-refusal") == "unauthenticated":
        raise SignInNeeded(base, why)


def _rewound(request: requests.PreparedRequest) -> bool:
    if request.body is None or isinstance(request.body, (str, bytes)):
        return True
    if not isinstance(getattr(request, "_body_position", None), int):
        return False
    rewind_body(request)
    return True
