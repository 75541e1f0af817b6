"""What is asked of a gateway: sign in with a code, renew, exchange a proof of an AWS role.

No redirect is followed, no netrc is read, an answer is at most 1 MiB, and what it says is taken
apart before it is believed or printed.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Callable, NoReturn

import requests

from .address import gateway_of, host_of, is_loopback
from .errors import NotSignet, Refused, Unreachable, WrongUse
from .store import Credential
from .version import VERSION

CLIENT_ID = "signet-cli"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
API = "/signet/api/v1"
LARGEST_ANSWER = 1 << 20
CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 30.0
# RFC 6750: what a bearer token is made of. Nothing else may get into a header.
TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*")
LARGEST_TOKEN = 16384

# As OpenSSL and as urllib3 say it.
ANOTHER_NAME = ("Hostname mismatch", "IP address mismatch", "doesn't match", "doesn\\'t match")
CA_HINT = (
    "If your company has its own certificate authority, name its file of certificates in "
    "REQUESTS_CA_BUNDLE"
)


@dataclass(frozen=True)
class DeviceCode:
    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str | None
    expires_in: float
    interval: float


class Gateway:
    def __init__(self, base: str, clock: Callable[[], float] = time.time) -> None:
        self.base = gateway_of(base)
        self._clock = clock

    def begin(self) -> DeviceCode:
        said = self._post("/device/authorize", form={"client_id": CLIENT_ID})
        complete = said.get("verification_uri_complete")
        return DeviceCode(
            self._text(said, "device_code"),
            self._text(said, "user_code"),
            self._web_address(said, "verification_uri"),
            None if complete is None else self._web_address(said, "verification_uri_complete"),
            self._seconds(said, "expires_in"),
            self._seconds(said, "interval") if "interval" in said else 5.0,
        )

    def poll(self, device_code: str) -> Credential:
        """Raises Refused with the reason, as long as the person has not agreed."""
        form = {
            "grant_type": DEVICE_GRANT,
            "device_code": device_code,
            "client_id": CLIENT_ID,
        }
        return self._credential(self._post("/device/token", form=form))

    def renew(self, refresh_token: str) -> Credential:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
            "client_id": CLIENT_ID,
        }
        return self._credential(self._post("/device/token", form=form))

    def prove_role(self, url: str, headers: Mapping[str, str]) -> Credential:
        said = self._post("/tokens/aws", document={"url": url, "headers": dict(headers)})
        return self._credential(said, longest=3600.0)

    # ---- the exchange ----

    def _post(
        self,
        path: str,
        *,
        form: dict[str, str] | None = None,
        document: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        try:
            with requests.post(
                self.base + API + path,
                data=form,
                json=document,
                headers={"Accept": "application/json", "User-Agent": f"signet-mlflow/{VERSION}"},
                auth=_nothing_added,
                allow_redirects=False,
                stream=True,
                timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
                proxies=self._proxies(),
                verify=os.environ.get("MLFLOW_TRACKING_SERVER_CERT_PATH") or True,
                cert=os.environ.get("MLFLOW_TRACKING_CLIENT_CERT_PATH") or None,
            ) as answer:
                return self._read(path, answer)
        except requests.exceptions.SSLError as error:
            raise Unreachable(self._about_tls(str(error))) from error
        except requests.exceptions.Timeout as error:
            raise Unreachable(f"{self.base} did not answer in time") from error
        except requests.exceptions.ProxyError as error:
            raise Unreachable(f"the proxy does not lead to {self.base}: {_plain(error)}") from error
        except requests.exceptions.RequestException as error:
            raise Unreachable(f"cannot reach {self.base}: {_plain(error)}") from error
        except OSError as error:  # REQUESTS_CA_BUNDLE names no file.
            raise Unreachable(f"cannot reach {self.base}: {_plain(error)}") from error

    def _proxies(self) -> Any:
        """What stays on this machine is shown to no proxy, whatever the environment says."""
        if is_loopback(host_of(self.base)):
            return {"http": None, "https": None, "all": None}
        return None

    def _read(self, path: str, answer: requests.Response) -> dict[str, Any]:
        status = answer.status_code
        until = time.monotonic() + ANSWER_SECONDS
        body = b""
        for piece in answer.iter_content(8192):
            body += piece
            if len(body) > LARGEST_ANSWER:
                self._is_not_signet(path, "its answer is too long")
            if time.monotonic() > until:
                raise Unreachable(f"{self.base} did not answer in time")
        try:
            said = json.loads(body)
        except (ValueError, RecursionError):
            said = None
        if status >= 500 or status == 429:
            raise Unreachable(
                f"{self.base} answered {status}{_because(said)}; try again later",
                _retry_after(answer),
            )
        if not isinstance(said, dict) or (status != 200 and not _is_refusal(answer, said)):
            self._is_not_signet(path, f"the answer was {status}")
        if status == 200:
            return said
        reason = said.get("error") or said.get("error_code") or status
        raise Refused(_shown(reason), f"{self.base} refused with {status}{_because(said)}")

    def _is_not_signet(self, path: str, why: str) -> NoReturn:
        raise NotSignet(
            f"{self.base} does not look like a Signet gateway (POST {API}{path}: {why})"
        )

    def _about_tls(self, text: str) -> str:
        said = f"no secure connection to {self.base}: "
        if "WRONG_VERSION_NUMBER" in text or "record layer failure" in text:
            return f"{said}what listens there does not speak TLS"
        if any(words in text for words in ANOTHER_NAME):
            return f"{said}its certificate is for another name"
        if "certificate has expired" in text:
            return f"{said}its certificate has expired"
        if "CERTIFICATE_VERIFY_FAILED" not in text:
            return said + _shown(text)
        hint = f"{said}its certificate is not trusted here. {CA_HINT}"
        if os.environ.get("SSL_CERT_FILE") and not os.environ.get("REQUESTS_CA_BUNDLE"):
            return f"{hint} as well: SSL_CERT_FILE alone is not read by mlflow and requests"
        return f"{hint} (SSL_CERT_FILE alone is not read by mlflow and requests)"

    # ---- what was answered ----

    def _credential(self, said: dict[str, Any], longest: float = float("inf")) -> Credential:
        if str(said.get("token_type", "Bearer")).lower() != "bearer":
            raise NotSignet(f"{self.base} gave a token that is not a Bearer token")
        token = self._text(said, "access_token")
        if not TOKEN.fullmatch(token) or len(token) > LARGEST_TOKEN:
            raise NotSignet(f"{self.base} gave a token that fits into no header")
        renewal = self._text(said, "refresh_token") if "refresh_token" in said else None
        now = self._clock()
        lifetime = min(self._seconds(said, "expires_in"), longest)
        return Credential(token, now, now + lifetime, renewal)

    def _text(self, said: dict[str, Any], name: str) -> str:
        value = said.get(name)
        if not isinstance(value, str) or not value or not value.isprintable():
            raise NotSignet(f"{self.base} answered without a usable {name}")
        return value

    def _seconds(self, said: dict[str, Any], name: str) -> float:
        value: int | float | None = said.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e10:
            raise NotSignet(f"{self.base} answered without a usable {name}")
        return float(value)

    def _web_address(self, said: dict[str, Any], name: str) -> str:
        address = self._text(said, name)
        try:
            gateway_of(address)
        except WrongUse as error:
            raise NotSignet(
                f"{self.base} sends you to {address}, which is not safe: {error}"
            ) from error
        return address


def _nothing_added(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Instead of the password that a netrc file may have for this host."""
    return request


def _retry_after(answer: requests.Response) -> float | None:
    """Of a gateway's 503. A date, which proxies write, counts as nothing."""
    text = answer.headers.get("Retry-After", "")
    known = answer.status_code == 503 and re.fullmatch(r"[0-9]{1,6}", text)
    return float(text) if known else None


def _is_refusal(answer: requests.Response, said: dict[str, Any]) -> bool:
    if "x-signet-refusal" in answer.headers:
        return True
    reason = said.get("error") or said.get("error_code")
    # 404 and 405 are what other servers say to an address that they do not know.
    return 400 <= answer.status_code <= 403 and isinstance(reason, str)


def _because(said: Any) -> str:
    if not isinstance(said, dict):
        return ""
    why = said.get("error_description") or said.get("message") or said.get("error")
    return f": {_shown(why)}" if isinstance(why, str) else ""


def _shown(value: Any) -> str:
    """Fit for a terminal: no control characters, not a page of it."""
    return "".join(letter if letter.isprintable() else " " for letter in str(value))[:300]


def _plain(error: BaseException) -> str:
    """The innermost reason that says anything, without urllib3's wrapping."""
    reason: Any = error
    while inner := getattr(reason, "reason", None) or next(
        (arg for arg in getattr(reason, "args", ()) if isinstance(arg, BaseException)), None
    ):
        if not isinstance(inner, BaseException):
            break
        reason = inner
    return _shown(reason).rpartition(">: ")[2]
