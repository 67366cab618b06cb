# What a repair may be. `deny` forbids it, `ask` calls for a person, `allow` lets the machine act alone.
# docs/reference/policies.md describes `input`; config.yaml's rules come on top of these.
package watchkeeper.remediation

import rego.v1

# Actions the machine may take alone, when evidence, confidence and configuration agree as well.
alone := {"restart", "roll_back", "scale_out", "raise_memory_limit"}

known := alone | {"raise_pool_size"}

deny contains sprintf("%v is not an action of the catalogue", [input.action]) if not input.action in known

deny contains "it would scale to zero" if {
	some field in input.fields
	field.path == "spec.replicas"
	field.after < 1
}

deny contains sprintf("%v replicas at once are too many", [field.after]) if {
	some field in input.fields
	field.path == "spec.replicas"
	field.after > 50
}

deny contains "it would shrink what it should raise" if {
	input.action == "scale_out"
	some field in input.fields
	field.after <= field.before
}

deny contains sprintf("%v is a system namespace", [input.target.namespace]) if {
	input.target.namespace in {"kube-system", "kube-public", "kube-node-lease"}
}

deny contains sprintf("%v is not a kind that is repaired", [input.target.kind]) if {
	not input.target.kind in {"Deployment", "StatefulSet", "DaemonSet"}
}

deny contains "it names no target" if not input.target.name

ask contains sprintf("%v reaches into what others share", [input.action]) if not input.action in alone

ask contains sprintf("%v pods are touched", [input.pods]) if input.pods > 20

ask contains "a StatefulSet keeps data" if input.target.kind == "StatefulSet"

allow contains sprintf("%v may be done alone", [input.action]) if input.action in alone
