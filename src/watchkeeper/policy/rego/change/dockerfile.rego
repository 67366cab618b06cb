# Dockerfiles: `doc.instructions` are {"word", "text", "line"}, `doc.last_user` is the user the image runs as.
package watchkeeper.change

import rego.v1

about["WK-DOC-001"] := {"title": "base image without a fixed version", "severity": "error", "reason": "The same Dockerfile builds another image tomorrow.", "fix": "Name a version, best with a digest."}

about["WK-DOC-002"] := {"title": "runs as root", "severity": "warning", "reason": "A way out of the container is a way to root.", "fix": "Add USER with a number above 0."}

about["WK-DOC-003"] := {"title": "secret in the image", "severity": "error", "reason": "ENV and ARG stay readable in the image's history.", "fix": "Use a build secret: RUN --mount=type=secret."}

about["WK-DOC-004"] := {"title": "ADD from an address", "severity": "warning", "reason": "What is fetched is not checked.", "fix": "Fetch it with curl and compare its checksum, or use ADD --checksum."}

about["WK-DOC-005"] := {"title": "script piped into a shell", "severity": "warning", "reason": "Whoever owns the server runs code in the build.", "fix": "Fetch a fixed version, compare its checksum, then run it."}

finding contains found("WK-DOC-001", i, step.text, step.text) if {
	some i, doc in input.documents
	some step in doc.instructions
	step.word == "FROM"
	step.unpinned
}

finding contains found("WK-DOC-002", i, doc.last_user, "FROM") if {
	some i, doc in input.documents
	doc.type == "dockerfile"
	doc.last_user in {"", "root", "0", "0:0", "root:root"}
}

finding contains found("WK-DOC-003", i, step.secret, step.secret) if {
	some i, doc in input.documents
	some step in doc.instructions
	step.word in {"ENV", "ARG"}
	step.secret != ""
}

finding contains found("WK-DOC-004", i, step.text, step.text) if {
	some i, doc in input.documents
	some step in doc.instructions
	step.word == "ADD"
	contains(step.text, "://")
	not contains(step.text, "--checksum")
}

finding contains found("WK-DOC-005", i, step.text, step.text) if {
	some i, doc in input.documents
	some step in doc.instructions
	step.word == "RUN"
	step.piped
}
