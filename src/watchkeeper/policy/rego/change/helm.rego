# Values of charts that could not be rendered: `doc.values` is the file, `doc.images` the images in it.
package watchkeeper.change

import rego.v1

about["WK-HELM-001"] := {"title": "image without a fixed version in the values", "severity": "error", "reason": "What runs tomorrow is not what was reviewed.", "fix": "Set the tag to a version."}

about["WK-HELM-002"] := {"title": "secret written in plain text in the values", "severity": "error", "reason": "Whoever may read the repository has it.", "fix": "Use existingSecret."}

about["WK-HELM-003"] := {"title": "chart dependency without a fixed version", "severity": "warning", "reason": "The next build takes another chart.", "fix": "Pin the version in Chart.yaml."}

finding contains found("WK-HELM-001", i, image.name, image.name) if {
	some i, doc in input.documents
	doc.type == "helm_values"
	some image in doc.images
	image.unpinned
}

finding contains found("WK-HELM-002", i, name, name) if {
	some i, doc in input.documents
	doc.type == "helm_values"
	some name in doc.plain_secrets
}

finding contains found("WK-HELM-003", i, d.name, d.name) if {
	some i, doc in input.documents
	doc.type == "helm_chart"
	some d in doc.dependencies
	d.unpinned
}
