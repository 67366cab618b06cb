"""Logs by meaning."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from watchkeeper.api.doorkeeper import TheHouse, Viewer
from watchkeeper.workflows.log_anomalies import log_anomalies
from watchkeeper.workflows.search_logs import LogQuestion, log_templates, search_logs

router = APIRouter(prefix="/api/v1/logs", tags=["logs"])
Words = Annotated[str, Query(max_length=500)]
Name = Annotated[str, Query(max_length=253)]
Moment = Annotated[AwareDatetime | None, Query()]


@router.get("/search")
async def search(
    house: TheHouse, who: Viewer, q: Words, service: Name = "", level: Name = "", namespace: Name = "",
    start: Moment = None, end: Moment = None, limit: int = Query(10, ge=1, le=100),
) -> dict[str, Any]:  # fmt: skip
    """A plain question, answered with statements of the logs: counts, first and last seen, a query that finds the lines."""
    return dict(await search_logs(house, LogQuestion(q, service, level, namespace, start, end, limit)))


@router.get("/templates")
async def templates(
    house: TheHouse, who: Viewer, service: Name = "", level: Name = "", namespace: Name = "",
    start: Moment = None, end: Moment = None, limit: int = Query(100, ge=1, le=1000),
) -> dict[str, Any]:  # fmt: skip
    """Every statement of the span, the most frequent first."""
    return dict(await log_templates(house, LogQuestion("", service, level, namespace, start, end, limit)))


@router.get("/anomalies")
async def anomalies(
    house: TheHouse, who: Viewer, service: Name = "", namespace: Name = "", start: Moment = None, end: Moment = None,
    limit: int = Query(50, ge=1, le=500),
) -> dict[str, Any]:  # fmt: skip
    """New statements, jumps of a rate and vanished heartbeats in the second half of the span, against its first half."""
    return dict(await log_anomalies(house, LogQuestion("", service, "", namespace, start, end, limit)))
