"""signet-login: signs a person in to a gateway, lists sign-ins, forgets them.

Messages go to stderr, the list to stdout. Exit codes: 0 fine, 1 it did not work, 2 wrong use,
130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import webbrowser
from collections.abc import Sequence

from .address import gateway_of
from .device import wait_for_consent
from .errors import SignetError, WrongUse
from .gateway import DeviceCode, Gateway
from .store import Credential, Store
from .version import VERSION

EXAMPLES = """\
examples:
  signet-login https://mlflow.example.com
      prints a code, opens the browser, and waits until you have agreed there
  signet-login https://mlflow.example.com --no-browser
      on a machine that you reach by ssh: open the address on any other one
  signet-login --list
  signet-login --logout https://mlflow.example.com

then, for the mlflow client:
  export MLFLOW_TRACKING_URI=https://mlflow.example.com
  export MLFLOW_TRACKING_AUTH=signet

The sign-in is kept in the file that SIGNET_CREDENTIALS names, else in your configuration folder,
readable by you only. With a company certificate authority, set REQUESTS_CA_BUNDLE.
"""
# Nothing to open a page with, or one that would take over the terminal.
DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="signet-login",
        description="Signs you in to a Signet gateway, for MLFLOW_TRACKING_AUTH=signet.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("url", nargs="?", metavar="URL", help="the gateway's address")
    made.add_argument("--no-browser", action="store_true", help="only print the address")
    either = made.add_mutually_exclusive_group()
    either.add_argument("--list", action="store_true", help="where you are signed in")
    either.add_argument("--logout", metavar="URL", help="forget the sign-in at this gateway")
    made.add_argument("--version", action="version", version=f"signet-login {VERSION}")
    return made


def main(words: Sequence[str] | None = None) -> int:
    usage = parser()
    wanted = usage.parse_args(words)
    if (wanted.list or wanted.logout is not None) == (wanted.url is not None):
        usage.error("give the gateway's URL, or --list, or --logout URL")
    if wanted.no_browser and wanted.url is None:
        usage.error("--no-browser belongs to signing in")
    try:
        if wanted.list:
            return show_list(Store())
        if wanted.logout is not None:
            return log_out(Store(), gateway_of(wanted.logout))
        return sign_in(Store(), gateway_of(wanted.url), browser=not wanted.no_browser)
    except KeyboardInterrupt:
        say("\ninterrupted")
        return 130
    except SignetError as error:
        say(f"signet-login: {error}")
        return 2 if isinstance(error, WrongUse) else 1


def sign_in(store: Store, base: str, *, browser: bool) -> int:
    gateway = Gateway(base)
    store.check_usable()  # Better now than after the person has agreed.
    device = gateway.begin()
    address = device.verification_uri
    say(f"To sign in to {base}, open\n\n    {address}\n\nand enter the code\n")
    say(f"    {device.user_code}\n")
    if browser and has_browser():
        open_browser(device)
    progress = Progress()
    try:
        credential = wait_for_consent(gateway, device, waiting=progress)
    finally:
        progress.end()
    with store.renewing(base):
        aside = store.put(base, credential)
    if aside:
        say(f"The file with your sign-ins was damaged; it is kept as {aside}.")
    say(f"Signed in to {base}. For mlflow:\n")
    assign = "set" if os.name == "nt" else "export"
    say(f"    {assign} MLFLOW_TRACKING_URI={base}\n    {assign} MLFLOW_TRACKING_AUTH=signet")
    return 0


def show_list(store: Store) -> int:
    known = store.all()
    if not known:
        say("You are not signed in anywhere.")
    for base, credential in known.items():
        print(f"{base}\t{state_of(credential)}")
    return 0


def state_of(credential: Credential | None) -> str:
    if credential is None:
        return "damaged, sign in again"
    left = credential.expires_at - time.time()
    if credential.refresh_token:
        return "signed in, renewed when needed"
    return f"signed in for {duration(left)}" if left > 0 else "ended, sign in again"


def log_out(store: Store, base: str) -> int:
    if base not in store.all():
        say(f"You were not signed in to {base}.")
        return 0
    with store.renewing(base):
        store.remove(base)
    say(f"Signed out of {base} on this machine.")
    return 0


def has_browser() -> bool:
    if os.environ.get("SSH_CONNECTION"):
        return False
    if sys.platform in ("win32", "darwin"):
        return True
    return any(os.environ.get(name) for name in DISPLAYS)


def open_browser(device: DeviceCode) -> None:
    try:
        opened = webbrowser.open(device.verification_uri_complete or device.verification_uri)
    except (webbrowser.Error, OSError):
        opened = False
    if opened:
        say("Your browser has been asked to open it. Check that it shows the same code.\n")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min" if minutes >= 2 else f"{60 * minutes + rest} s"


class Progress:
    """One line that counts down on a terminal; elsewhere it is said once."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._said = False

    def __call__(self, left: float) -> None:
        if self._terminal:
            text = f"\rWaiting for you to agree there; the code is good for {duration(left)} "
            print(f"{text:<78}", end="", file=sys.stderr, flush=True)
        elif not self._said:
            say(f"Waiting for you to agree there; the code is good for {duration(left)}.")
        self._said = True

    def end(self) -> None:
        if self._terminal and self._said:
            print(f"\r{'':<78}\r", end="", file=sys.stderr, flush=True)


def run() -> None:
    sys.exit(main())


if __name__ == "__main__":
    run()
