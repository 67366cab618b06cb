"""What is remembered: incidents that looked alike, runbooks and post-mortems. Their text is others' writing: shown, never followed."""

from watchkeeper.ask.amounts import plural
from watchkeeper.ask.answer import Answer, Asker
from watchkeeper.ask.question import Question
from watchkeeper.domain.escaping import visible
from watchkeeper.domain.incident import Incident
from watchkeeper.domain.memory import Article
from watchkeeper.workflows.house import House
from watchkeeper.workflows.knowledge import runbooks_for, search_knowledge
from watchkeeper.workflows.remember import similar

_MOST = 3
_EXCERPT = 400


async def recall(house: House, question: Question, asker: Asker) -> Answer:
    """Similar incidents, or articles."""
    if question.detail == "runbook":
        return await _articles(house, question)
    incident = await _incident(house, question)
    if incident is None:
        return Answer("There is no incident on record to compare with: name one by its id.", {"similar": []})
    lines = await similar_lines(house, incident.id)
    head = f"Like {incident.id} ({visible(incident.root_cause or incident.title)}):"
    if not lines:
        head = (
            f"I remember no incident that looked like {incident.id} ({visible(incident.root_cause or incident.title)})."
        )
    return Answer("\n".join([head, *lines]), {"incident": incident.id, "similar": [x.split(" ", 1)[0] for x in lines]})


async def similar_lines(house: House, incident_id: str) -> list[str]:
    """Each past incident with what was tried and whether it worked."""
    out = []
    for one in await similar(house, incident_id, _MOST):
        tried = "; ".join(f"{t.action.replace('_', ' ')} of {t.target}: {t.outcome}" for t in one.past.tried)
        share = ", ".join(one.because[:4])
        out.append(
            visible(
                f"{one.past.id} of {one.past.began:%Y-%m-%d}, {one.similarity:.2f} alike ({share}): {one.past.root_cause or 'cause unknown'}; "
                + (f"tried: {tried}" if tried else "nothing was tried")
                + (f"; {one.past.ending}" if one.past.ending else "")
            )
        )
    return out


async def runbook_lines(house: House, incident_id: str) -> list[str]:
    """The articles that belong to an incident's alerts."""
    async with house.store.transaction() as tx:
        alerts = [s.alert for s in await tx.alerts_of(incident_id)]
    return [_line(a) for a in (await runbooks_for(house, alerts))[:_MOST]]


async def _articles(house: House, question: Question) -> Answer:
    if question.incident:
        lines = await runbook_lines(house, question.incident)
        about = f"the alerts of {question.incident}"
    else:
        words = " ".join((*question.services, question.search)).strip()
        lines = [_line(a) for a, _ in (await search_knowledge(house, words, _MOST) if words else [])]
        about = f"“{visible(words)}”" if words else "nothing in particular: say what it is about"
    if not lines:
        return Answer(f"No runbook or post-mortem that was imported is about {about}.", {"articles": []})
    head = f"{plural(len(lines), 'article')} about {about}:"
    return Answer("\n".join([head, *lines]), {"articles": [x.split(":", 1)[0] for x in lines]})


def _line(article: Article) -> str:
    text = " ".join(article.text.split())
    short = text if len(text) <= _EXCERPT else text[:_EXCERPT] + "…"
    return visible(f"{article.key}: {article.title} ({article.kind}): {short}")


async def _incident(house: House, question: Question) -> Incident | None:
    """The named one; else the newest open one of the service, else the newest of it."""
    if question.incident:
        async with house.store.transaction() as tx:
            return await tx.incident(question.incident)
    found = [
        i for i in (await house.store.list_incidents(limit=50)).items
        if not question.services or {i.service, i.cause_service} & set(question.services)
    ]  # fmt: skip
    return next((i for i in found if i.stage.open), found[0] if found else None)
