"""The MCP server: what it offers, whose token counts, and that nothing of it approves."""

from typing import Any

import pytest
from mcp import Client

from watchkeeper.domain.errors import NotAllowed
from watchkeeper.mcp import create


async def test_tools_read_and_suggest_and_the_api_decides_who_may() -> None:
    calls: list[tuple[str, str, str, dict[str, Any]]] = []

    def call(method: str, path: str, token: str, options: dict[str, Any]) -> Any:
        calls.append((method, path, token, options))
        if path.endswith("/suggestions"):
            raise NotAllowed("this needs the role responder")
        return {"items": [{"id": "inc-1"}], "diagnosis": {"root_cause": "x"}, "response": "3 lines"}

    async with Client(create(call)) as client:
        names = {t.name for t in (await client.list_tools()).tools}
        assert names == {
            "list_incidents",
            "read_incident",
            "read_diagnosis",
            "search_logs",
            "ask_question",
            "suggest_action",
        }
        assert not any(word in name for name in names for word in ("approve", "reject", "execute", "apply"))
        assert "inc-1" in str(await client.call_tool("list_incidents", {}))
        await client.call_tool("read_incident", {"incident_id": "../plans/p/approve"})
        assert calls[-1][1] == "/api/v1/incidents/..%2Fplans%2Fp%2Fapprove"
        await client.call_tool("search_logs", {"text": 'time"out', "service": "payment"})
        assert calls[-1][3]["json"]["query"] == 'search the logs for "timeout" of payment in the last 15 minutes'
        refused = await client.call_tool("suggest_action", {"incident_id": "inc-1", "action": "restart"})
        assert refused.is_error
        assert "responder" in str(refused)
    assert pytest
