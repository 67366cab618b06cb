"""Plain questions, answered from what is measured and remembered; about an incident, with its service in mind."""

from collections.abc import Mapping

from markupsafe import Markup

from watchkeeper.ask.parse import EXAMPLES
from watchkeeper.console.page import Page, Visit
from watchkeeper.domain.errors import WatchkeeperError
from watchkeeper.domain.severity import Role
from watchkeeper.workflows.answer import answer


async def _show(visit: Visit) -> Mapping[str, object]:
    words, subject = visit.query.get("q", "").strip()[:2000], visit.query.get("incident", "")
    values: dict[str, object] = {
        "words": words,
        "said": None,
        "picture": "",
        "wrong": "",
        "examples": EXAMPLES,
        "about": None,
    }
    if subject:
        async with visit.house.store.transaction() as tx:
            about = await tx.incident(subject)
        values |= {"about": about, "examples": _of_an_incident(about.cause_service or about.service, subject)}
    if not words:
        return values
    try:
        said = await answer(visit.house, words, values["about"].service if subject else "", visit.query.get("zone", ""))  # type: ignore[attr-defined]
    except WatchkeeperError as error:
        return {**values, "wrong": f"{error}. {error.hint}".strip()}
    # Drawn by ask.picture, which escapes every name and writes attributes alone.
    return {**values, "said": said, "picture": Markup(said.picture)}  # noqa: S704


def _of_an_incident(service: str, incident_id: str) -> tuple[str, ...]:
    return (
        f"why did {incident_id} happen?", f"is {service} healthy?", f"errors of {service} in the last hour",
        f"what changed in {service} today?", f"who calls {service}?",
    )  # fmt: skip


PAGE = Page("/ask", "Ask", "ask.html", _show, order=75, icon="ask", role=Role.RESPONDER)
