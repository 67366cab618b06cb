# Manifests and rendered charts. `input.documents` is described in docs/reference/change-policies.md.
package watchkeeper.change

import rego.v1

about["WK-K8S-001"] := {"title": "privileged container", "severity": "error", "reason": "It owns the node it runs on.", "fix": "Remove privileged: true; add the single capability that is needed."}

about["WK-K8S-002"] := {"title": "host namespaces", "severity": "error", "reason": "The pod sees processes, network or memory of the node.", "fix": "Remove hostNetwork, hostPID and hostIPC."}

about["WK-K8S-003"] := {"title": "image without a fixed version", "severity": "error", "reason": "What runs tomorrow is not what was reviewed, and a roll back cannot name it.", "fix": "Name a version or a digest."}

about["WK-K8S-004"] := {"title": "no memory limit", "severity": "warning", "reason": "A leak takes the node's other pods with it.", "fix": "Set resources.limits.memory."}

about["WK-K8S-005"] := {"title": "no resource requests", "severity": "warning", "reason": "The scheduler places it blindly.", "fix": "Set resources.requests for cpu and memory."}

about["WK-K8S-006"] := {"title": "no readiness probe", "severity": "warning", "reason": "It gets traffic before it can answer, in every release.", "fix": "Add a readinessProbe."}

about["WK-K8S-007"] := {"title": "no liveness probe", "severity": "note", "reason": "A container that hangs stays.", "fix": "Add a livenessProbe, gentler than the readinessProbe."}

about["WK-K8S-008"] := {"title": "may run as root", "severity": "warning", "reason": "A way out of the container is a way to root.", "fix": "Set runAsNonRoot: true in the security context."}

about["WK-K8S-009"] := {"title": "privilege escalation", "severity": "error", "reason": "A process may gain more rights than its parent.", "fix": "Set allowPrivilegeEscalation: false."}

about["WK-K8S-010"] := {"title": "dangerous capability", "severity": "error", "reason": "SYS_ADMIN, NET_ADMIN and ALL are next to root on the node.", "fix": "Drop ALL, add only what is needed."}

about["WK-K8S-011"] := {"title": "folder of the node mounted", "severity": "error", "reason": "hostPath reads and writes the node's files.", "fix": "Use a volume claim, a config map or an emptyDir."}

about["WK-K8S-012"] := {"title": "secret written in plain text", "severity": "error", "reason": "Whoever may read the repository has it.", "fix": "Take it from a Secret by valueFrom, filled by an external store."}

about["WK-K8S-013"] := {"title": "API version that is gone or going", "severity": "error", "reason": "The next cluster upgrade refuses the object.", "fix": "Move to the version named."}

about["WK-K8S-014"] := {"title": "one replica in production", "severity": "warning", "reason": "Every node drain is an outage.", "fix": "Run two or more, or say in a waiver why not."}

about["WK-K8S-015"] := {"title": "service open to the internet", "severity": "warning", "reason": "A LoadBalancer without source ranges answers everybody.", "fix": "Set loadBalancerSourceRanges, or use an Ingress."}

about["WK-K8S-016"] := {"title": "role that may do everything", "severity": "error", "reason": "A rule with * for verbs and resources is cluster-admin by another name.", "fix": "List the verbs and resources that are needed."}

about["WK-K8S-017"] := {"title": "bound to cluster-admin", "severity": "error", "reason": "Whoever gets the token owns the cluster.", "fix": "Bind a role with the rights that are needed."}

about["WK-K8S-018"] := {"title": "scaled to nothing in production", "severity": "error", "reason": "replicas: 0 takes the service away.", "fix": "Undo it, or remove the object on purpose."}

about["WK-K8S-019"] := {"title": "ingress without TLS in production", "severity": "warning", "reason": "Traffic can be read and changed on its way.", "fix": "Add spec.tls."}

finding contains found("WK-K8S-001", i, c.name, "privileged") if {
	some i, doc in input.documents
	some c in doc.containers
	c.securityContext.privileged == true
}

finding contains found("WK-K8S-002", i, field, field) if {
	some i, doc in input.documents
	some field in ["hostNetwork", "hostPID", "hostIPC"]
	doc.pod[field] == true
}

finding contains found("WK-K8S-003", i, c.image, c.image) if {
	some i, doc in input.documents
	some c in doc.containers
	c.unpinned
}

finding contains found("WK-K8S-004", i, c.name, c.name) if {
	some i, doc in input.documents
	some c in doc.containers
	not c.init
	not c.resources.limits.memory
}

finding contains found("WK-K8S-005", i, c.name, c.name) if {
	some i, doc in input.documents
	some c in doc.containers
	not c.init
	not has_requests(c)
}

has_requests(c) if {
	c.resources.requests.cpu
	c.resources.requests.memory
}

finding contains found("WK-K8S-006", i, c.name, c.name) if {
	some i, doc in input.documents
	some c in doc.containers
	serves(i, c)
	not c.readinessProbe
}

finding contains found("WK-K8S-007", i, c.name, c.name) if {
	some i, doc in input.documents
	some c in doc.containers
	serves(i, c)
	not c.livenessProbe
}

serves(i, c) if {
	not c.init
	input.documents[i].object.kind in {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"}
}

finding contains found("WK-K8S-008", i, c.name, c.name) if {
	some i, doc in input.documents
	some c in doc.containers
	not non_root(input.documents[i].pod, c)
}

non_root(pod, c) if c.securityContext.runAsNonRoot == true

non_root(pod, c) if c.securityContext.runAsUser > 0

non_root(pod, c) if {
	pod.securityContext.runAsNonRoot == true
	not c.securityContext.runAsUser == 0
	not c.securityContext.runAsNonRoot == false
}

non_root(pod, c) if {
	pod.securityContext.runAsUser > 0
	not c.securityContext.runAsUser == 0
}

finding contains found("WK-K8S-009", i, c.name, "allowPrivilegeEscalation") if {
	some i, doc in input.documents
	some c in doc.containers
	c.securityContext.allowPrivilegeEscalation == true
}

finding contains found("WK-K8S-010", i, capability, capability) if {
	some i, doc in input.documents
	some c in doc.containers
	some capability in c.securityContext.capabilities.add
	capability in {"ALL", "SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "SYS_MODULE", "DAC_READ_SEARCH", "NET_RAW"}
}

finding contains found("WK-K8S-011", i, volume.hostPath.path, volume.hostPath.path) if {
	some i, doc in input.documents
	some volume in doc.pod.volumes
	volume.hostPath.path
}

finding contains found("WK-K8S-012", i, name, name) if {
	some i, doc in input.documents
	doc.type == "kubernetes"
	some name in doc.plain_secrets
}

finding contains found("WK-K8S-013", i, sprintf("%v %v, use %v", [doc.object.apiVersion, doc.object.kind, better]), doc.object.apiVersion) if {
	some i, doc in input.documents
	doc.type == "kubernetes"
	better := gone[sprintf("%v/%v", [doc.object.apiVersion, doc.object.kind])]
}

gone := {
	"extensions/v1beta1/Ingress": "networking.k8s.io/v1",
	"networking.k8s.io/v1beta1/Ingress": "networking.k8s.io/v1",
	"networking.k8s.io/v1beta1/IngressClass": "networking.k8s.io/v1",
	"extensions/v1beta1/Deployment": "apps/v1",
	"extensions/v1beta1/DaemonSet": "apps/v1",
	"apps/v1beta1/Deployment": "apps/v1",
	"apps/v1beta2/Deployment": "apps/v1",
	"apps/v1beta1/StatefulSet": "apps/v1",
	"batch/v1beta1/CronJob": "batch/v1",
	"policy/v1beta1/PodDisruptionBudget": "policy/v1",
	"policy/v1beta1/PodSecurityPolicy": "Pod Security Admission",
	"autoscaling/v2beta1/HorizontalPodAutoscaler": "autoscaling/v2",
	"autoscaling/v2beta2/HorizontalPodAutoscaler": "autoscaling/v2",
	"rbac.authorization.k8s.io/v1beta1/Role": "rbac.authorization.k8s.io/v1",
	"rbac.authorization.k8s.io/v1beta1/ClusterRole": "rbac.authorization.k8s.io/v1",
	"rbac.authorization.k8s.io/v1beta1/RoleBinding": "rbac.authorization.k8s.io/v1",
	"rbac.authorization.k8s.io/v1beta1/ClusterRoleBinding": "rbac.authorization.k8s.io/v1",
	"admissionregistration.k8s.io/v1beta1/ValidatingWebhookConfiguration": "admissionregistration.k8s.io/v1",
	"apiextensions.k8s.io/v1beta1/CustomResourceDefinition": "apiextensions.k8s.io/v1",
	"flowcontrol.apiserver.k8s.io/v1beta2/FlowSchema": "flowcontrol.apiserver.k8s.io/v1",
}

finding contains found("WK-K8S-014", i, "replicas: 1", "replicas") if {
	some i, doc in input.documents
	doc.production
	doc.object.kind == "Deployment"
	doc.object.spec.replicas == 1
}

finding contains found("WK-K8S-015", i, "LoadBalancer", "LoadBalancer") if {
	some i, doc in input.documents
	doc.object.kind == "Service"
	doc.object.spec.type == "LoadBalancer"
	not doc.object.spec.loadBalancerSourceRanges
}

finding contains found("WK-K8S-016", i, doc.object.metadata.name, "rules") if {
	some i, doc in input.documents
	doc.object.kind in {"Role", "ClusterRole"}
	some rule in doc.object.rules
	"*" in rule.verbs
	"*" in rule.resources
}

finding contains found("WK-K8S-017", i, "cluster-admin", "cluster-admin") if {
	some i, doc in input.documents
	doc.object.kind in {"RoleBinding", "ClusterRoleBinding"}
	doc.object.roleRef.name == "cluster-admin"
}

finding contains found("WK-K8S-018", i, "replicas: 0", "replicas") if {
	some i, doc in input.documents
	doc.production
	doc.object.kind in {"Deployment", "StatefulSet"}
	doc.object.spec.replicas == 0
}

finding contains found("WK-K8S-019", i, "no tls", "Ingress") if {
	some i, doc in input.documents
	doc.production
	doc.object.kind == "Ingress"
	not doc.object.spec.tls
}
