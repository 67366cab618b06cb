"""A fix that a model drafted becomes a pull request for people, if it passes the checks. No plan knows it: nothing of ours merges it."""

from hashlib import sha256
from typing import Any

from watchkeeper.codehosts.port import CodeHost, PullRequest
from watchkeeper.diagnose.second_opinion import Drafted
from watchkeeper.domain.errors import CodeHostError
from watchkeeper.domain.escaping import for_markdown, visible
from watchkeeper.domain.incident import Incident
from watchkeeper.domain.remediation import FileEdit
from watchkeeper.estate.drafts import problems_of
from watchkeeper.workflows.house import House
from watchkeeper.workflows.review_change import broken_by

NOTE = "a suggestion for people; Watchkeeper never applies or merges it"


async def suggest_draft(house: House, incident: Incident, draft: Drafted) -> dict[str, Any]:
    """Facts for the timeline: the draft, what speaks against it, and the pull request where one was opened."""
    facts: dict[str, Any] = {
        "kind": draft.kind,
        "title": draft.title,
        "path": draft.path,
        "text": draft.text,
        "by": house.model.name,
        "note": NOTE,
    }
    host, delivery = house.codehost, house.settings.delivery
    if host is None or not draft.path:
        return {**facts, "problems": ["no repository is configured" if host is None else "it names no file"]}
    try:
        before = await host.read_file(draft.path, delivery.base_branch) or ""
        problems = list(problems_of(draft.kind, draft.path, before, draft.text, delivery.path))
        if not problems:
            edit = FileEdit(draft.path, before, draft.text)
            broken = await broken_by((edit,), house.clock.now().date())
            problems = [f"policy {f.policy}: {f.title}" for f in broken]
        if problems or house.settings.remediation.dry_run:
            return {**facts, "problems": problems or ["dry run: no pull request is opened"]}
        pull = await _proposed(house, host, incident, draft)
    except CodeHostError as error:
        return {**facts, "problems": [f"the repository's host: {error}"]}
    return {**facts, "problems": [], "pull_request": pull.number, "url": pull.url}


async def _proposed(house: House, host: CodeHost, incident: Incident, draft: Drafted) -> PullRequest:
    """Asked twice, the host finds the first one by its branch."""
    digest = sha256(f"{incident.id}\n{draft.path}\n{draft.text}".encode()).hexdigest()
    title = f"Suggestion, not applied: {visible(draft.title)}"
    body = (
        f"A language model ({for_markdown(house.model.name)}) drafted this for incident {for_markdown(incident.id)}: {for_markdown(draft.title)}\n\n"
        f"It rests on the evidence {', '.join(for_markdown(c) for c in draft.cites)} of that incident. It was parsed, held against the published "
        "schemas and the policies for changes, and nothing else: nobody tried it.\n\n"
        "**Read every line.** Watchkeeper neither merges nor applies it, whatever the checks say; close it if it is wrong."
    )
    return await host.propose(
        branch=f"watchkeeper/suggestion-{digest[:12]}", base=house.settings.delivery.base_branch, files={draft.path: draft.text},
        title=title, body=body, message=f"{title}\n\nDrafted by a language model for {incident.id}.",
    )  # fmt: skip
