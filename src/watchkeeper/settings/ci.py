"""CI systems whose failed runs are reviewed."""

from pydantic import Field, SecretStr

from watchkeeper.settings.section import Section

_SECRET = SecretStr("")


class GithubActionsSettings(Section):
    """GitHub Actions. On where a webhook secret is set."""

    url: str = Field("https://api.github.com", description="API address.")
    token: SecretStr = Field(
        _SECRET, description="Actions read, checks and pull requests write; empty: delivery.token."
    )
    webhook_secret: SecretStr = Field(_SECRET, description="Secret the webhook signs with; empty: the door is shut.")
    timeout_seconds: float = Field(30, gt=0, description="Longest wait for one answer.")


class AzurePipelinesSettings(Section):
    """Azure DevOps Pipelines. On where a webhook secret is set."""

    url: str = Field("", description="Address of the organisation, such as https://dev.azure.com/acme.")
    project: str = Field("", description="Project of the pipelines.")
    token: SecretStr = Field(
        _SECRET, description="Personal access token: Build read, Code read and status, pull request threads."
    )
    webhook_secret: SecretStr = Field(
        _SECRET, description="Value of the header X-Watchkeeper-Secret; empty: the door is shut."
    )
    timeout_seconds: float = Field(30, gt=0, description="Longest wait for one answer.")


class JenkinsSettings(Section):
    """Jenkins. On where a webhook token is set."""

    url: str = Field("", description="Address of the controller.")
    user: str = Field("", description="User of the API token.")
    token: SecretStr = Field(_SECRET, description="API token of the user.")
    repository: str = Field(
        "", description="owner/name on GitHub whose pull requests its PR-<n> jobs build; empty: no comments."
    )
    webhook_token: SecretStr = Field(_SECRET, description="Token of the notification; empty: the door is shut.")
    timeout_seconds: float = Field(30, gt=0, description="Longest wait for one answer.")


class CiSettings(Section):
    """Failed runs: where they are read, and what counts as a deploy."""

    github_actions: GithubActionsSettings = GithubActionsSettings()
    azure_pipelines: AzurePipelinesSettings = AzurePipelinesSettings()
    jenkins: JenkinsSettings = JenkinsSettings()
    poll_seconds: float = Field(5, gt=0, description="How often runs that were announced are looked at.")
    comment: bool = Field(True, description="Write the review to the pull request and as a check.")
    deploy_words: tuple[str, ...] = Field(
        ("deploy", "release", "rollout"), description="A run whose name holds one of these words is a deploy."
    )
    services: dict[str, str] = Field({}, description="Repository or job to the service it builds; else its last part.")
    environment: str = Field("", description="Environment label of incidents that failed deploys open.")
