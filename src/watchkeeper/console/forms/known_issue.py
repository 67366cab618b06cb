"""Something is broken and accepted until a day; or it is no longer accepted."""

from collections.abc import Mapping
from datetime import timedelta

from watchkeeper.console.page import Form, Visit
from watchkeeper.domain.errors import InvalidInput, NotFound
from watchkeeper.domain.muting import KnownIssue, matchers_of
from watchkeeper.domain.severity import Role, Severity

_LONGEST_DAYS = 366


async def _act(visit: Visit, subject: str, form: Mapping[str, str]) -> str:
    by, now = visit.principal.name, visit.now
    async with visit.house.store.transaction() as tx:
        if form.get("word") == "withdraw":
            if not await tx.drop_known_issue(subject):
                raise NotFound(f"no known issue {subject}")
            await tx.audit(by, "issue.withdrawn", subject, {"door": "console"}, now)
            return "/alerts"
        issue = _issue(visit, form)
        await tx.save_known_issue(issue)
        match = ", ".join(map(str, issue.matchers))
        await tx.audit(by, "issue.accepted", issue.id, {"match": match, "owner": issue.owner, "door": "console"}, now)
    return "/alerts"


def _issue(visit: Visit, form: Mapping[str, str]) -> KnownIssue:
    reason, days = form.get("reason", "").strip()[:500], form.get("days", "")
    if not reason:
        raise InvalidInput("why is it accepted?", field="reason")
    if not days.isdigit() or not 1 <= int(days) <= _LONGEST_DAYS:
        raise InvalidInput(f"for 1 to {_LONGEST_DAYS} days", field="days")
    try:
        matchers, worst = matchers_of(form.get("match", "")), Severity(form.get("worst", "warning"))
    except ValueError as error:
        raise InvalidInput(str(error), field="match") from None
    if not matchers:
        raise InvalidInput("which alerts?", field="match", hint='such as alertname="DiskSlow", namespace="batch"')
    owner = form.get("owner", "").strip()[:200] or visit.principal.name
    return KnownIssue(
        visit.house.ids.new("issue"), matchers, reason, owner, visit.now + timedelta(days=int(days)), worst
    )


FORM = Form(Role.RESPONDER, _act)
