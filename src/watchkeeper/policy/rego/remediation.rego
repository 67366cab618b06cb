# What a repair may be. `deny` forbids it, `ask` calls for a person, `allow` lets the machine act alone.
# docs/reference/policies.md describes `input`; config.yaml's rules come on top of these.
package watchkeeper.remediation

import rego.v1

# Actions the machine may take alone, when evidence, confidence, their record and configuration agree as well.
alone := {"restart", "roll_back", "scale_out", "raise_memory_limit"}

workloads := {"Deployment", "StatefulSet", "DaemonSet"}

# action -> kinds of object it may set fields of
kinds := {
	"restart": workloads,
	"roll_back": {"Deployment"},
	"scale_out": {"Deployment"},
	"raise_memory_limit": workloads,
	"raise_pool_size": workloads,
	"queue_size": workloads,
	"requests_and_limits": workloads,
	"fix_probe": workloads,
	"fix_image": workloads,
	"fix_selector": {"Service"},
	"restore_configuration": workloads | {"ConfigMap"},
	"autoscaler_bounds": {"HorizontalPodAutoscaler"},
	"autoscaling_from_forecast": {"HorizontalPodAutoscaler"},
	"expand_volume": {"PersistentVolumeClaim"},
	"raise_quota": {"ResourceQuota"},
	"renew_certificate": {"Certificate"},
	"network_policy_rule": {"NetworkPolicy"},
	"node_pool": {"NodePool"},
	"cordon_and_drain": {"Node"},
	"recreate_job": {"CronJob", "Job"},
}

clusterwide := {"Node", "NodePool"}

deny contains sprintf("%v is not an action of the catalogue", [input.action]) if not kinds[input.action]

deny contains sprintf("%v is not a kind that %v touches", [input.target.kind, input.action]) if {
	kinds[input.action]
	not input.target.kind in kinds[input.action]
}

deny contains "it would scale to zero" if {
	some field in input.fields
	field.path in {"spec.replicas", "spec.minReplicas", "spec.maxReplicas"}
	field.after < 1
}

deny contains sprintf("%v replicas at once are too many", [field.after]) if {
	some field in input.fields
	field.path in {"spec.replicas", "spec.minReplicas", "spec.maxReplicas"}
	field.after > 50
}

deny contains "it would shrink what it should raise" if {
	input.action in {"scale_out", "autoscaler_bounds", "autoscaling_from_forecast", "node_pool"}
	some field in input.fields
	field.after <= field.before
}

# Each action sets its own fields and no others.
deny contains sprintf("%v does not set %v", [input.action, field.path]) if {
	some field in input.fields
	not regex.match(paths[input.action], field.path)
}

resource := `^spec\.template\.spec\.containers\[name=[^\]]+\]\.resources\.(limits|requests)\.`

variable := `^spec\.template\.spec\.containers\[name=[^\]]+\]\.env\[name=[^\]]+\]\.value$`

image := `^spec\.template\.spec\.containers\[name=[^\]]+\]\.image$`

# What a revision of a Deployment may differ in and be put back alone; never volumes, accounts or security contexts.
revision := `^spec\.template\.spec\.(containers\[name=[^\]]+\]\.(image|command|args|env|envFrom|resources|(readiness|liveness|startup)Probe)([.\[].*)?|(nodeSelector|tolerations|affinity|topologySpreadConstraints)(\..*)?)$`

paths := {
	"restart": `^spec\.template\.metadata\.annotations\["kubectl\.kubernetes\.io/restartedAt"\]$`,
	"roll_back": revision,
	"fix_image": image,
	"scale_out": `^spec\.replicas$`,
	"raise_memory_limit": concat("", [resource, "memory$"]),
	"requests_and_limits": concat("", [resource, "cpu$"]),
	"raise_pool_size": variable,
	"queue_size": variable,
	"restore_configuration": variable,
	"fix_probe": `^spec\.template\.spec\.containers\[name=[^\]]+\]\.(readiness|liveness|startup)Probe\.(httpGet|tcpSocket|grpc)\.port$`,
	"fix_selector": `^spec\.(selector\[|ports\[port=[0-9]+\]\.targetPort$)`,
	"autoscaler_bounds": `^spec\.maxReplicas$`,
	"autoscaling_from_forecast": `^spec\.minReplicas$`,
	"expand_volume": `^spec\.resources\.requests\.storage$`,
	"raise_quota": `^spec\.hard\[`,
	"renew_certificate": `^spec\.renewBefore$`,
	"node_pool": `^resource\.[a-z0-9_]+\.[A-Za-z0-9_-]+\.`,
	"cordon_and_drain": `^spec\.unschedulable$`,
	"network_policy_rule": `^$`,
	"recreate_job": `^$`,
}

deny contains sprintf("%v is a system namespace", [input.target.namespace]) if {
	input.target.namespace in {"kube-system", "kube-public", "kube-node-lease"}
}

named if input.target.name != ""

deny contains "it names no target" if not named

placed if input.target.kind in clusterwide

placed if input.target.namespace != ""

deny contains "it names no namespace" if not placed

ask contains sprintf("%v reaches into what others share", [input.action]) if not input.action in alone

ask contains sprintf("%v pods are touched", [input.pods]) if input.pods > 20

ask contains "a StatefulSet keeps data" if input.target.kind == "StatefulSet"

allow contains sprintf("%v may be done alone", [input.action]) if input.action in alone
