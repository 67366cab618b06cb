"""What a file on the shelf `console.pages` must define as `PAGE`, and one on `console.forms` as `FORM`."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from watchkeeper.access.tokens import Access, Principal
from watchkeeper.domain.severity import Role
from watchkeeper.workflows.house import House


@dataclass(frozen=True, slots=True)
class Visit:
    """Who looks at what. `query` and `path` hold the address's own parameters, untrusted."""

    house: House
    access: Access
    principal: Principal
    now: datetime
    query: Mapping[str, str] = field(default_factory=dict)
    path: Mapping[str, str] = field(default_factory=dict)

    def may(self, role: Role) -> bool:
        """Does the visitor's role cover it?"""
        return self.principal.role.covers(role)

    def key(self, form: str, subject: str) -> str:
        """What a form must carry to be ours (CSRF)."""
        return self.access.form_key(self.principal, f"{form}\x00{subject}")


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `show` gives the template its values; `title` and `live` among them win over those here."""

    path: str
    """Such as `/incidents/{incident_id}`."""
    title: str
    template: str
    show: Callable[[Visit], Awaitable[Mapping[str, object]]]
    order: int = 0
    """Place in the navigation; 0: not in it."""
    icon: str = ""
    """A symbol of static/icons.svg."""
    live: str = ""
    """`list`: made anew when any incident moves; an incident's id: when that one does."""
    role: Role = Role.VIEWER


@dataclass(frozen=True, slots=True)
class Form:
    """Something a person does: `POST /do/<file name>/<subject>`. `act` gives the path to go to afterwards."""

    role: Role
    act: Callable[[Visit, str, Mapping[str, str]], Awaitable[str]]
