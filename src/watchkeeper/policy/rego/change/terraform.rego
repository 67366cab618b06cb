# Terraform: HCL as `doc.resources` {"type", "name", "body"}, plans as `doc.changes` {"address", "type", "actions", "after"}.
package watchkeeper.change

import rego.v1

about["WK-TF-001"] := {"title": "bucket open to everybody", "severity": "error", "reason": "Whoever finds it reads it.", "fix": "Remove the public ACL; block public access."}

about["WK-TF-002"] := {"title": "ingress from the whole internet", "severity": "error", "reason": "0.0.0.0/0 lets everybody try the door.", "fix": "Name the networks that need it."}

about["WK-TF-003"] := {"title": "secret written in plain text", "severity": "error", "reason": "It stands in the repository and in the state.", "fix": "Read it from a secret store."}

about["WK-TF-004"] := {"title": "destroys in production", "severity": "error", "reason": "What is destroyed does not come back by a revert.", "fix": "Take it out of the plan, or get the word of its owner as a waiver."}

about["WK-TF-005"] := {"title": "replaces in production", "severity": "error", "reason": "A replacement is a destroy first: data and addresses go.", "fix": "Change it in place, or use create_before_destroy and move the data."}

about["WK-TF-006"] := {"title": "disk or database without encryption", "severity": "warning", "reason": "A copied disk can be read.", "fix": "Switch encryption on."}

about["WK-TF-007"] := {"title": "database reachable from the internet", "severity": "error", "reason": "It is attacked within minutes.", "fix": "Set publicly_accessible = false."}

about["WK-TF-008"] := {"title": "rights to do everything", "severity": "error", "reason": "Action * on resource * is the whole account.", "fix": "List the actions and resources that are needed."}

about["WK-TF-009"] := {"title": "provider or module without a version", "severity": "warning", "reason": "The next init brings another one.", "fix": "Pin a version or a ref."}

about["WK-TF-010"] := {"title": "deletion protection is off", "severity": "warning", "reason": "One wrong plan removes the database.", "fix": "Set deletion_protection = true."}

resources contains {"i": i, "type": r.type, "name": r.name, "body": r.body} if {
	some i, doc in input.documents
	some r in doc.resources
}

resources contains {"i": i, "type": c.type, "name": c.address, "body": c.after} if {
	some i, doc in input.documents
	some c in doc.changes
	is_object(c.after)
}

finding contains found("WK-TF-001", r.i, r.name, r.body.acl) if {
	some r in resources
	r.body.acl in {"public-read", "public-read-write", "website"}
}

finding contains found("WK-TF-001", r.i, r.name, "allUsers") if {
	some r in resources
	startswith(r.type, "google_storage_bucket_iam")
	r.body.member in {"allUsers", "allAuthenticatedUsers"}
}

finding contains found("WK-TF-001", r.i, r.name, "container_access_type") if {
	some r in resources
	r.body.container_access_type in {"blob", "container"}
}

finding contains found("WK-TF-002", r.i, r.name, "0.0.0.0/0") if {
	some r in resources
	some rule in r.body.ingress
	some cidr in rule.cidr_blocks
	cidr in {"0.0.0.0/0", "::/0"}
	not web(rule)
}

finding contains found("WK-TF-002", r.i, r.name, "0.0.0.0/0") if {
	some r in resources
	r.body.type == "ingress"
	some cidr in r.body.cidr_blocks
	cidr in {"0.0.0.0/0", "::/0"}
	not web(r.body)
}

finding contains found("WK-TF-002", r.i, r.name, "source_address_prefix") if {
	some r in resources
	r.body.direction == "Inbound"
	r.body.access == "Allow"
	r.body.source_address_prefix in {"*", "0.0.0.0/0", "Internet"}
}

finding contains found("WK-TF-002", r.i, r.name, "source_ranges") if {
	some r in resources
	r.type == "google_compute_firewall"
	"0.0.0.0/0" in r.body.source_ranges
}

web(rule) if {
	rule.from_port == rule.to_port
	rule.from_port in {80, 443}
}

finding contains found("WK-TF-003", i, name, name) if {
	some i, doc in input.documents
	doc.type in {"terraform", "terraform_plan"}
	some name in doc.plain_secrets
}

finding contains found("WK-TF-004", i, c.address, c.address) if {
	some i, doc in input.documents
	doc.production
	some c in doc.changes
	c.actions == ["delete"]
}

finding contains found("WK-TF-005", i, c.address, c.address) if {
	some i, doc in input.documents
	doc.production
	some c in doc.changes
	"delete" in c.actions
	"create" in c.actions
}

finding contains found("WK-TF-006", r.i, r.name, "encrypted") if {
	some r in resources
	r.type in {"aws_ebs_volume", "aws_efs_file_system"}
	not r.body.encrypted == true
}

finding contains found("WK-TF-006", r.i, r.name, "storage_encrypted") if {
	some r in resources
	r.type in {"aws_db_instance", "aws_rds_cluster"}
	not r.body.storage_encrypted == true
}

finding contains found("WK-TF-007", r.i, r.name, "publicly_accessible") if {
	some r in resources
	r.body.publicly_accessible == true
}

finding contains found("WK-TF-007", r.i, r.name, "public_network_access_enabled") if {
	some r in resources
	contains(r.type, "sql")
	r.body.public_network_access_enabled == true
}

finding contains found("WK-TF-008", r.i, r.name, "Action") if {
	some r in resources
	r.body.all_rights == true
}

finding contains found("WK-TF-009", i, name, name) if {
	some i, doc in input.documents
	some name in doc.unpinned
}

finding contains found("WK-TF-010", r.i, r.name, "deletion_protection") if {
	some r in resources
	r.type in {"aws_db_instance", "aws_rds_cluster", "google_sql_database_instance"}
	input.documents[r.i].production
	not r.body.deletion_protection == true
}
