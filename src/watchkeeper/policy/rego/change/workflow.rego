# GitHub workflow files: `doc.steps` are {"uses", "run", "job"}, `doc.triggers` a list of names.
package watchkeeper.change

import rego.v1

about["WK-GHA-001"] := {"title": "action without a fixed version", "severity": "error", "reason": "A branch name runs whatever is pushed to it, with your secrets.", "fix": "Name a version tag, best a commit."}

about["WK-GHA-002"] := {"title": "pull_request_target checks out the pull request", "severity": "error", "reason": "A stranger's code runs with write permission and secrets.", "fix": "Use pull_request, or do not check out the head."}

about["WK-GHA-003"] := {"title": "text of a stranger in a shell", "severity": "error", "reason": "A title or branch name becomes a command.", "fix": "Hand it over by env: and quote the variable."}

about["WK-GHA-004"] := {"title": "permissions are not limited", "severity": "warning", "reason": "The token may do whatever the repository's default allows.", "fix": "Set permissions: at the top, contents: read."}

about["WK-GHA-005"] := {"title": "write to everything", "severity": "error", "reason": "write-all hands the whole repository to every step.", "fix": "List the permissions that are needed."}

about["WK-GHA-006"] := {"title": "secret written in plain text", "severity": "error", "reason": "Whoever may read the repository has it.", "fix": "Use secrets.NAME."}

about["WK-GHA-007"] := {"title": "job without a time limit", "severity": "note", "reason": "A step that hangs is paid for six hours.", "fix": "Set timeout-minutes."}

finding contains found("WK-GHA-001", i, step.uses, step.uses) if {
	some i, doc in input.documents
	some step in doc.steps
	step.unpinned
}

finding contains found("WK-GHA-002", i, "pull_request_target", "pull_request_target") if {
	some i, doc in input.documents
	doc.type == "workflow"
	some trigger in doc.triggers
	trigger in {"pull_request_target", "workflow_run"}
	some step in doc.steps
	step.checks_out_head
}

finding contains found("WK-GHA-003", i, step.injected, step.injected) if {
	some i, doc in input.documents
	some step in doc.steps
	step.injected != ""
}

finding contains found("WK-GHA-004", i, "no permissions", "jobs") if {
	some i, doc in input.documents
	doc.type == "workflow"
	not doc.limited
}

finding contains found("WK-GHA-005", i, "write-all", "write-all") if {
	some i, doc in input.documents
	doc.type == "workflow"
	doc.write_all
}

finding contains found("WK-GHA-006", i, name, name) if {
	some i, doc in input.documents
	doc.type == "workflow"
	some name in doc.plain_secrets
}

finding contains found("WK-GHA-007", i, job, job) if {
	some i, doc in input.documents
	some job in doc.jobs_without_limit
}
