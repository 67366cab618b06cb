"""The metrics of a worker are open to whoever shows the token, where one is set."""

import httpx
import pytest

from watchkeeper.app import free_port
from watchkeeper.cli._metrics_port import tell_metrics
from watchkeeper.settings import ServerSettings


@pytest.mark.parametrize(
    ("wanted", "shown", "status"),
    [("", "", 200), ("secret", "", 401), ("secret", "Bearer other", 401), ("secret", "Bearer \xe9", 401), ("secret", "Bearer secret", 200)],
)  # fmt: skip
def test_the_token_opens_it(wanted: str, shown: str, status: int) -> None:
    port = free_port()
    server = tell_metrics(ServerSettings.model_validate({"worker_port": port, "metrics_token": wanted}))
    try:
        headers = [(b"authorization", shown.encode("latin-1"))] if shown else []
        answer = httpx.get(f"http://127.0.0.1:{port}/metrics", headers=headers)
    finally:
        server.shutdown()
        server.server_close()
    assert answer.status_code == status
    assert ("aiops_step_duration_seconds" in answer.text) == (status == 200)
