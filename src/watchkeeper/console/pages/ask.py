"""Plain questions, answered from what is measured and remembered. Those about an incident are asked on its page."""

from collections.abc import Mapping

from markupsafe import Markup

from watchkeeper.ask.parse import EXAMPLES
from watchkeeper.console.page import Page, Visit
from watchkeeper.domain.errors import WatchkeeperError
from watchkeeper.domain.severity import Role
from watchkeeper.workflows.answer import answer
from watchkeeper.workflows.converse import LONGEST


async def _show(visit: Visit) -> Mapping[str, object]:
    words = visit.query.get("q", "").strip()[:LONGEST]
    values = {"words": words, "said": None, "picture": "", "wrong": "", "examples": EXAMPLES}
    if not words:
        return values
    try:
        said = await answer(visit.house, words, "", visit.query.get("zone", ""))
    except WatchkeeperError as error:
        return {**values, "wrong": f"{error}. {error.hint}".strip()}
    # Drawn by ask.picture, which escapes every name and writes attributes alone.
    return {**values, "said": said, "picture": Markup(said.picture)}  # noqa: S704


PAGE = Page("/ask", "Ask", "ask.html", _show, order=75, icon="ask", role=Role.RESPONDER)
