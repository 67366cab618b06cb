"""What may be done without a person, and how it is delivered."""

from pydantic import Field, SecretStr

from watchkeeper.settings.section import Section


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
    freeze_windows: tuple[dict[str, str], ...] = Field(
        (), description="Entries with start and end (RFC 3339) in which nothing is changed."
    )


class DeliverySettings(Section):
    """Where repairs are proposed."""

    host: str = Field("github", description="A name on the code host shelf.")
    url: str = Field("https://api.github.com", description="API address.")
    repository: str = Field("", description="owner/name of the manifests repository; empty: plans stay suggestions.")
    base_branch: str = Field("main", description="Branch that is deployed.")
    path: str = Field("", description="Folder of the manifests in it; empty: the whole repository.")
    token: SecretStr = Field(SecretStr(""), description="From GITHUB_TOKEN.")
    timeout_seconds: float = Field(15, gt=0, description="Longest wait for one answer.")
    auto_merge: bool = Field(True, description="Merge when approved and green; else a person merges.")
