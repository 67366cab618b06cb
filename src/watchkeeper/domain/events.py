"""The kinds of timeline events, as the live feed and the API name them."""

from types import MappingProxyType

EVENT_KINDS = MappingProxyType(
    {
        "incident.opened": "An alert opened the incident.",
        "alert.joined": "A further alert was recognised as part of it.",
        "alert.resolved": "The sender says an alert is over.",
        "incident.diagnosed": "The evidence was read and the causes ranked.",
        "incident.reopened": "The situation changed; thinking starts again.",
        "plan.proposed": "A repair was planned.",
        "plan.none": "No repair of the catalogue fits; people decide.",
        "approval.requested": "A person is asked.",
        "approval.granted": "Agreed, by a person or by policy.",
        "approval.rejected": "A person said no.",
        "approval.void": "What was agreed to no longer holds.",
        "change.started": "What was agreed to is carried out.",
        "change.dry_run": "The repair was rendered but, in dry run, not carried out.",
        "change.pull_request": "A pull request was opened.",
        "change.checks": "The pull request's checks reported.",
        "change.merged": "The pull request was merged.",
        "change.deployed": "The rollout is complete.",
        "change.closed": "The pull request was closed without merging.",
        "recovery.measured": "The signals were compared with normal.",
        "change.undone": "The repair was taken back.",
        "incident.resolved": "Recovery is proven, or the alert ended by itself.",
        "incident.escalated": "A person is called.",
        "model.capped": "The language model's allowance is used up; our own words from here on.",
        "person.noted": "A person wrote something.",
        "person.took_over": "A person stopped all automation on the targets.",
        "person.handed_back": "Automation may go on.",
    }
)
"""name -> meaning"""
