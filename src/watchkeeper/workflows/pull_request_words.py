"""What a pull request of ours says. Text from telemetry is fenced or escaped: it may hold markup."""

from watchkeeper.domain.incident import Incident
from watchkeeper.domain.remediation import Plan


def title_of(plan: Plan) -> str:
    """One line, from our own words and Kubernetes names only."""
    return f"{plan.action.replace('_', ' ')}: {plan.target.namespace}/{plan.target.name}"


def body_of(plan: Plan, incident: Incident) -> str:
    """Why, what it touches, how it is checked and undone."""
    checks = "\n".join(f"- {quoted(c.words)}" for c in plan.checks_after)
    fields = "\n".join(f"- `{f.path}`: `{f.before}` → `{f.after}`" for f in plan.fields)
    return f"""Watchkeeper proposes this for incident `{incident.id}` ({incident.severity}, {plan.environment}).

**Why** {quoted(plan.because)}

**What changes**
{fields}

**Blast radius** {quoted(plan.blast_radius.words)} Risk: {plan.risk}.

**It worked when**
{checks}

**Undo** {quoted(plan.undo_words)}

Plan `{plan.id}`, digest `{plan.digest}`. A change to this branch voids its approval.
"""


def quoted(text: str) -> str:
    """Untrusted words without power in Markdown: no links, mentions, markup or line breaks."""
    flat = " ".join(text.split())
    for character in "\\`*_{}[]()<>#+!|~":
        flat = flat.replace(character, f"\\{character}")
    return flat.replace("@", "@\u200b")
