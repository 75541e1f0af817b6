"""A stand-in for the application that people sign in to: it answers everything with a word, and
keeps the logout tokens that it is sent."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs


class Application:
    """`tokens` are logout tokens as they came; they are answered with `status`."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        self.status = 200
        application = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(200, b"the application")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                application.tokens += parse_qs(body)["logout_token"]
                self._answer(application.status, b"")

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "text/plain")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        url = f"http://127.0.0.1:{self._server.server_port}"
        self.callback = f"{url}/signet/callback/corp"
        self.goodbye = f"{url}/app"
        self.logout_url = f"{url}/signet/backchannel-logout/corp"
        threading.Thread(target=self._server.serve_forever, args=[0.05], daemon=True).start()

    def forget(self) -> None:
        self.tokens.clear()
        self.status = 200

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
