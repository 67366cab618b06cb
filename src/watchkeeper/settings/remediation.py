"""What may be done without a person, and how it is delivered."""

from pydantic import Field, SecretStr

from watchkeeper.settings.section import Section


class ApproverScope(Section):
    """Who may approve where. Without any entry every approver may approve everything."""

    people: tuple[str, ...] = Field(description="Names of linked people (`watchkeeper people`).")
    cluster: str = Field("*", description="Name of the cluster; * is any.")
    namespace: str = Field("*", description="Namespace; * is any.")
    team: str = Field("*", description="Value of the target's label or annotation `team`; * is any.")


class AutonomyGrant(Section):
    """An action that may act alone without having earned it on this installation. A * is any."""

    action: str = Field(description="Name of the action.")
    namespace: str = Field("*", description="Namespace.")


class HelmValue(Section):
    """Where a field of an object comes from in a Helm values file: charts are not rendered here."""

    target: str = Field(description="namespace/Kind/name of the object.")
    field: str = Field(description="Path in the object, such as spec.replicas.")
    file: str = Field(description="The values file in the repository.")
    path: str = Field(description="Path in that file, such as web.replicaCount.")


class RemediationSettings(Section):
    """What may be done without a person, and how."""

    auto_approve_threshold: float = Field(0.85, ge=0, le=1, description="Least calibrated confidence for acting alone.")
    dry_run: bool = Field(True, description="Render plans, change nothing.")
    require_human_approval: tuple[dict[str, str], ...] = Field(
        ({"severity": "critical"}, {"environment": "production"}),
        description="A person must agree where ANY entry matches; within an entry ALL keys must match. "
        "Keys: severity, environment, namespace, action, service.",
    )
    approval_timeout_minutes: float = Field(30, gt=0, description="No answer by then means no.")
    checks_timeout_minutes: float = Field(30, gt=0, description="Pull request checks must report by then.")
    deploy_timeout_minutes: float = Field(15, gt=0, description="The rollout must be complete by then.")
    verify_after_seconds: float = Field(60, ge=0, description="Wait this long after the rollout before measuring.")
    verify_timeout_minutes: float = Field(15, gt=0, description="Recovery must be proven by then.")
    verify_healthy_seconds: float = Field(60, ge=0, description="Symptoms must stay in band this long.")
    poll_seconds: float = Field(5, gt=0, description="How often a waiting step looks again.")
    max_per_target_per_hour: int = Field(2, ge=0, description="Repairs of one workload in an hour.")
    protected_namespaces: tuple[str, ...] = Field(
        ("kube-system", "watchkeeper"), description="Diagnosed, never repaired."
    )
    policies: str = Field("", description="Folder of Rego files; empty: those shipped.")
    kill_switch: bool = Field(False, description="Stops every action, at once.")
    allowed_actions: tuple[str, ...] = Field((), description="Only these actions are planned; empty: the catalogue.")
    allowed_namespaces: tuple[str, ...] = Field((), description="Only here is anything repaired; empty: everywhere.")
    two_person: tuple[dict[str, str], ...] = Field(
        (), description="Two different people must agree where ANY entry matches; keys as in require_human_approval."
    )
    linked_people_only: bool = Field(
        False, description="Only approvals of linked people count; always so where two_person or approvers ask for it."
    )
    approvers: tuple[ApproverScope, ...] = Field((), description="Who may approve where; empty: every approver.")
    autonomy: tuple[AutonomyGrant, ...] = Field(
        (), description="Actions that may act alone without having earned it here (the demo, a trial cluster)."
    )
    outcomes_to_earn: int = Field(10, ge=1, description="Outcomes after which an action may be allowed to act alone.")
    share_to_earn: float = Field(0.95, ge=0, le=1, description="Share of them that must have been right.")
    self_healing: tuple[dict[str, str], ...] = Field(
        (),
        description="Plans that go to the cluster without a pull request where ANY entry matches and policy lets them run alone.",
    )
    price_cpu_hour: float = Field(0.04, ge=0, description="Price of a core for an hour, in your currency.")
    price_gib_hour: float = Field(0.005, ge=0, description="Price of a GiB of memory for an hour.")
    price_node_hour: float = Field(0.2, ge=0, description="Price of a node for an hour.")
    monthly_cost_per_namespace: float = Field(
        200, ge=0, description="What automatic repairs may add to a namespace's bill within 30 days."
    )
    most_over_people: float = Field(
        2, ge=1, description="Automatic increases stop at this multiple of the value a person last set."
    )
    freeze_windows: tuple[dict[str, str], ...] = Field(
        (), description="Entries with start and end (RFC 3339) in which nothing is changed."
    )


class DeliverySettings(Section):
    """Where repairs are proposed."""

    host: str = Field("github", description="A name on the code host shelf: github, azure_devops, direct.")
    url: str = Field("https://api.github.com", description="API address.")
    repository: str = Field("", description="owner/name of the manifests repository; empty: plans stay suggestions.")
    base_branch: str = Field("main", description="Branch that is deployed.")
    path: str = Field("", description="Folder of the manifests in it; empty: the whole repository.")
    token: SecretStr = Field(SecretStr(""), description="From GITHUB_TOKEN; for Azure DevOps a personal access token.")
    project: str = Field("", description="Azure DevOps: organisation/project of the repository.")
    app_id: str = Field("", description="GitHub App: its id; then no token is needed.")
    installation_id: str = Field("", description="GitHub App: the installation on the repository's owner.")
    private_key: SecretStr = Field(SecretStr(""), description="GitHub App: its private key (PEM).")
    private_key_file: str = Field("", description="GitHub App: file with its private key.")
    namespaces: tuple[str, ...] = Field((), description="Direct: namespaces that are applied to; empty: all.")
    helm_values: tuple[HelmValue, ...] = Field((), description="Where fields come from in Helm values files.")
    timeout_seconds: float = Field(15, gt=0, description="Longest wait for one answer.")
    auto_merge: bool = Field(True, description="Merge when approved and green; else a person merges.")
