"""A worker answers no HTTP but this: its metrics, for whoever may scrape them."""

import hmac
import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

from watchkeeper.observe import REGISTRY
from watchkeeper.settings import ServerSettings


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """No line for each scrape."""


def tell_metrics(server: ServerSettings) -> WSGIServer:
    """On `server.worker_port`, in a thread; `server.metrics_token` closes it as it closes the api's."""
    metrics, wanted = make_wsgi_app(REGISTRY), server.metrics_token.get_secret_value()

    def app(environment: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        said = str(environment.get("HTTP_AUTHORIZATION", "")).removeprefix("Bearer ").strip()
        if wanted and not hmac.compare_digest(said.encode(), wanted.encode()):
            start("401 Unauthorized", [("Content-Type", "text/plain"), ("WWW-Authenticate", "Bearer")])
            return [b"the metrics token is wrong or missing\n"]
        body: Iterable[bytes] = metrics(environment, start)
        return body

    made = make_server(server.host, server.worker_port, app, _Server, _Quiet)
    threading.Thread(target=made.serve_forever, daemon=True, name="metrics").start()
    return made
