"""Messages in chat and the buttons on them."""

from datetime import datetime

from watchkeeper.store.ports.chat import ButtonOf, Said
from watchkeeper.store.statements.connection import Statements


class ChatStatements(Statements):
    """Implements `store.ports.chat.ChatRecords`."""

    async def said_in_chat(self, platform: str, incident_id: str) -> Said | None:
        """The message, if there is one."""
        row = await self._row(
            "select platform, incident_id, place, message, digest from chat_messages where platform = :platform and incident_id = :incident",
            platform=platform, incident=incident_id,
        )  # fmt: skip
        return Said(**row) if row else None

    async def claim_chat(self, platform: str, incident_id: str, by: str, at: datetime, until: datetime) -> bool:
        """A claim that ended is anybody's."""
        row = await self._row(
            "insert into chat_claims (platform, incident_id, by, until) values (:platform, :incident, :by, :until) "
            "on conflict (platform, incident_id) do update set by = excluded.by, until = excluded.until "
            "where chat_claims.until <= :at or chat_claims.by = excluded.by returning by",
            platform=platform, incident=incident_id, by=by, at=at, until=until,
        )  # fmt: skip
        return row is not None

    async def drop_chat_claim(self, platform: str, incident_id: str, by: str) -> None:
        """Only one's own."""
        await self._do(
            "delete from chat_claims where platform = :platform and incident_id = :incident and by = :by",
            platform=platform,
            incident=incident_id,
            by=by,
        )

    async def note_said(self, said: Said, at: datetime) -> None:
        """It says this now."""
        await self._do(
            "insert into chat_messages (platform, incident_id, place, message, digest, at) values (:platform, :incident, :place, :message, :digest, :at) "
            "on conflict (platform, incident_id) do update set place = excluded.place, message = excluded.message, digest = excluded.digest, at = excluded.at",
            platform=said.platform, incident=said.incident_id, place=said.place, message=said.message, digest=said.digest, at=at,
        )  # fmt: skip

    async def button_for(self, button: ButtonOf, at: datetime) -> ButtonOf:
        """The first one of a plan and digest stays."""
        await self._do(
            "insert into chat_buttons (id, plan_id, incident_id, digest, at) values (:id, :plan, :incident, :digest, :at) on conflict (plan_id, digest) do nothing",
            id=button.id, plan=button.plan_id, incident=button.incident_id, digest=button.digest, at=at,
        )  # fmt: skip
        row = await self._row(
            "select id, plan_id, incident_id, digest from chat_buttons where plan_id = :plan and digest = :digest",
            plan=button.plan_id,
            digest=button.digest,
        )
        assert row is not None
        return ButtonOf(**row)

    async def button(self, button_id: str) -> ButtonOf | None:
        """What it stands for."""
        row = await self._row("select id, plan_id, incident_id, digest from chat_buttons where id = :id", id=button_id)
        return ButtonOf(**row) if row else None
