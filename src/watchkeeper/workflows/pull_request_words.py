"""What a pull request of ours says. Text from telemetry is fenced or escaped: it may hold markup."""

from watchkeeper.domain.escaping import for_markdown_line
from watchkeeper.domain.incident import Incident
from watchkeeper.domain.remediation import Plan


def title_of(plan: Plan) -> str:
    """One line, from our own words and Kubernetes names only."""
    return f"{plan.action.replace('_', ' ')}: {plan.target.namespace}/{plan.target.name}"


def body_of(plan: Plan, incident: Incident) -> str:
    """Why, what it touches, how it is checked and undone."""
    checks = "\n".join(f"- {for_markdown_line(c.words)}" for c in plan.checks_after)
    fields = "\n".join(f"- `{f.path}`: `{f.before}` → `{f.after}`" for f in plan.fields)
    return f"""Watchkeeper proposes this for incident `{incident.id}` ({incident.severity}, {plan.environment}).

**Why** {for_markdown_line(plan.because)}

**What changes**
{fields}

**Blast radius** {for_markdown_line(plan.blast_radius.words)} Risk: {plan.risk}.

**It worked when**
{checks}

**Undo** {for_markdown_line(plan.undo_words)}

Plan `{plan.id}`, digest `{plan.digest}`. A change to this branch voids its approval.
"""
