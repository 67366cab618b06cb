"""How people sign in to the console."""

from pydantic import Field, SecretStr

from watchkeeper.domain.severity import Role
from watchkeeper.settings.section import Section


class OidcSettings(Section):
    """An OpenID Connect provider: Entra ID, Google, Okta, Keycloak, Dex, …"""

    issuer: str = Field("", description="Issuer URL as the provider states it; empty: no such login.")
    client_id: str = Field("", description="What the provider calls us.")
    client_secret: SecretStr = Field(SecretStr(""), description="From WATCHKEEPER_LOGIN__OIDC__CLIENT_SECRET.")
    scopes: str = Field("openid profile email", description="What is asked for; add what brings the groups.")
    name_claim: str = Field("email", description="Claim that names a person; `sub` where it is missing.")
    groups_claim: str = Field("groups", description="Claim that lists the person's groups.")
    groups: dict[str, Role] = Field({}, description="Group -> role; of several the one that may most.")
    default_role: Role | None = Field(
        None, description="Role of people in none of these groups; empty: they may not enter."
    )
    label: str = Field("Sign in with your organisation", description="Words on the button.")
    timeout_seconds: float = Field(10, gt=0, description="Longest wait for the provider.")


class LoginSettings(Section):
    """Sessions and where they come from."""

    session_hours: float = Field(12, gt=0, description="A session ends after this.")
    form_key: SecretStr = Field(
        SecretStr(""), description="Key that signs forms; the same on every replica. Empty: random in each process."
    )
    oidc: OidcSettings = OidcSettings()
