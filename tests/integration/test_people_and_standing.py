"""Who may agree, who took over, what was earned: with a real database and the real steps."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from integration.night import Night, night
from integration.test_delivery_faults import plan as made_plan
from tests_support import ALERT, INCIDENT, NOW
from watchkeeper.domain.errors import Conflict, InvalidInput, NotAllowed
from watchkeeper.domain.incident import Stage
from watchkeeper.domain.people import Person, PersonKind
from watchkeeper.domain.remediation import AutoApproved, Check, Decision, NeedsApproval, Plan, Verdict
from watchkeeper.domain.severity import Role
from watchkeeper.remediate.shadow import Deed, Word, compared
from watchkeeper.remediate.standing import Outcome, narrow, standing
from watchkeeper.settings import RemediationSettings
from watchkeeper.store.port import PlanState, StoredToken
from watchkeeper.store.ports.standing import OutcomeRecord
from watchkeeper.testing import ManualClock
from watchkeeper.workflows.background import judged
from watchkeeper.workflows.decide import decide
from watchkeeper.workflows.jobs.propose_removals import JOB as REMOVALS
from watchkeeper.workflows.outcomes import close_shadows, keep_shadow
from watchkeeper.workflows.scorecard import allow, scorecard
from watchkeeper.workflows.take_over import hand_back, take_over


def plan(**changes: Any) -> Plan:
    checks = (
        Check("ready", {}, "ready"),
        Check("symptom", {"expression": "vector(1) > 2", "labels": {}}, "it would not fire"),
    )
    return replace(made_plan(), checks_after=checks, **changes).sealed()


@asynccontextmanager
async def parked(
    database_url: str,
    verdict: Verdict | None = None,
    stage: Stage = Stage.AWAITING_APPROVAL,
    made: Plan | None = None,
    **rules: Any,
) -> AsyncIterator[Night]:
    """An incident that waits for a word on its plan."""
    made = made or plan()
    async with night(database_url, made, ManualClock(NOW), **rules) as here:
        async with here.store.transaction() as tx:
            await tx.create_incident(replace(INCIDENT, stage=stage, environment="staging"))
            await tx.add_alert(ALERT, INCIDENT.id, "first")
            await tx.save_plan(made, verdict or NeedsApproval(("why",)))
            for person in (
                Person("ann", Role.APPROVER), Person("bob", Role.ADMIN), Person("deploy-bot", Role.APPROVER, PersonKind.BOT),
                Person("guest", Role.APPROVER, PersonKind.GUEST), Person("ci", Role.ADMIN, PersonKind.SERVICE), Person("vic", Role.VIEWER),
            ):  # fmt: skip
                await tx.save_person(person)
                await tx.link("slack", f"U-{person.name}", person.name)
            await tx.link("token", "ann-laptop", "ann")
        yield here


async def say(
    here: Night, by: str, door: str = "slack", decision: Decision = Decision.APPROVED, role: Role = Role.APPROVER
) -> PlanState:
    digest = (await here.record()).plan.digest
    return (
        await decide(here.house, "plan-1", digest=digest, decision=decision, by=by, role=role, door=door, reason="")
    ).state


TWO = NeedsApproval(("why",), people=2)


async def test_two_people_are_two_people_at_whatever_door(database_url: str) -> None:
    async with parked(database_url, TWO) as here:
        assert await say(here, "U-ann") is PlanState.PROPOSED
        assert await say(here, "U-ann") is PlanState.PROPOSED
        with pytest.raises(NotAllowed, match="ann already agreed, by slack"):
            await say(here, "ann-laptop", "api")
        for nobody, words in (
            ("U-deploy-bot", "is a bot"), ("U-guest", "is a guest"), ("U-ci", "is a service"), ("U-stranger", "not linked"), ("U-vic", "has not the role"),
        ):  # fmt: skip
            with pytest.raises(NotAllowed, match=words):
                await say(here, nobody)
        assert (await here.step()).stage is Stage.AWAITING_APPROVAL
        assert await say(here, "U-bob") is PlanState.APPROVED
        assert await say(here, "U-bob") is PlanState.APPROVED
        done = await here.step(8)
        assert done.stage is Stage.RESOLVED, await here.words()
        assert here.host.merges == 1


async def test_one_rejection_ends_it_and_nobody_can_approve_over_it(database_url: str) -> None:
    async with parked(database_url, TWO) as here:
        await say(here, "U-ann")
        assert await say(here, "U-bob", decision=Decision.REJECTED) is PlanState.REJECTED
        with pytest.raises(Conflict):
            await say(here, "U-ann")
        assert (await here.step()).stage is Stage.ESCALATED
        assert here.host.pulls == {}


@pytest.mark.parametrize("how", ["demoted", "inactive", "unlinked", "token"])
async def test_who_lost_the_role_since_the_word_was_given_did_not_give_it(database_url: str, how: str) -> None:
    async with parked(database_url) as here:
        token = StoredToken("t1", "U-ann" if how == "token" else "other", Role.APPROVER, NOW, None)
        async with here.store.transaction() as tx:
            await tx.save_token(token, "hash")
        await say(here, "U-ann")
        await here.step()
        async with here.store.transaction() as tx:
            if how == "unlinked":
                await tx.unlink("slack", "U-ann")
            elif how == "token":
                await tx.save_token(replace(token, revoked=True), "hash")
            else:
                await tx.save_person(
                    Person("ann", Role.VIEWER if how == "demoted" else Role.APPROVER, active=how != "inactive")
                )
        assert (await here.step()).stage is Stage.ESCALATED
        assert here.host.pulls == {}, await here.words()


async def test_approvers_are_scoped_by_namespace_and_team(database_url: str) -> None:
    scopes = [{"people": ["ann"], "namespace": "other"}, {"people": ["bob"], "team": "shop"}]
    async with parked(database_url, approvers=scopes) as here:
        with pytest.raises(NotAllowed, match="may not approve in"):
            await say(here, "U-ann")
        assert await say(here, "U-bob") is PlanState.APPROVED


async def test_a_button_pressed_twice_acts_once(database_url: str) -> None:
    async with parked(database_url) as here:
        assert {await say(here, "U-ann") for _ in range(3)} == {PlanState.APPROVED}
        await here.step(8)
        for _ in range(2):
            await say(here, "U-ann")
        await here.step(2)
        assert here.host.merges == 1
        async with here.store.transaction() as tx:
            assert len(await tx.approvals_of("plan-1")) == 1


async def test_a_person_takes_over_and_nothing_moves_until_it_is_handed_back(database_url: str) -> None:
    async with parked(database_url) as here:
        await say(here, "U-ann")
        await here.step(2)
        assert len(here.host.pulls) == 1
        held = await take_over(here.house, INCIDENT.id, by="ann", door="cli", minutes=30, reason="mine")
        assert "shop/Deployment/checkout" in held.targets
        assert (await here.step(3)).stage is Stage.ESCALATED
        assert here.host.merges == 0
        assert "ann took it over" in here.host.closed[0]
        fresh = replace(plan(), id="plan-2", incident_id="inc-9")
        assert "ann took it over" in str(await judged(here.house, fresh.sealed()))
        assert await hand_back(here.house, INCIDENT.id, by="ann", door="cli") == 1
        assert "took it over" not in str(await judged(here.house, fresh.sealed()))
        assert (await here.store.verify_audit())[0]


async def test_a_takeover_ends_by_itself_and_its_time_is_checked(database_url: str) -> None:
    async with parked(database_url) as here:
        for minutes in (0, -1, 1e9):
            with pytest.raises(InvalidInput):
                await take_over(here.house, INCIDENT.id, by="ann", door="api", minutes=minutes)
        await take_over(here.house, INCIDENT.id, by="ann", door="api", minutes=5)
        here.clock.advance(minutes=6)
        assert "took it over" not in str(await judged(here.house, replace(plan(), incident_id="inc-9").sealed()))


ALONE = AutoApproved(("policy",))


async def test_what_runs_alone_must_have_earned_it_when_it_is_used(database_url: str) -> None:
    async with parked(database_url, ALONE, Stage.APPLYING) as here:
        async with here.store.transaction() as tx:
            await tx.set_plan("plan-1", PlanState.APPROVED)
        assert (await here.step()).stage is Stage.ESCALATED
        assert "has not earned it" in await here.words()
        assert here.host.pulls == {}


async def earn(here: Night, words: list[str]) -> None:
    async with here.store.transaction() as tx:
        for n, word in enumerate(words):
            await tx.add_outcome(
                OutcomeRecord(
                    f"old-{n}", f"p-{n}", "scale_out", "shop", word, "", 3.0, NOW - timedelta(days=1, minutes=-n)
                )
            )


async def test_autonomy_is_earned_allowed_and_lost(database_url: str) -> None:
    async with parked(database_url, ALONE, Stage.APPLYING, require_human_approval=()) as here:
        fresh = replace(plan(), incident_id="inc-9", id="plan-9").sealed()
        with pytest.raises(Conflict, match="has not earned it"):
            await allow(here.house, "scale_out", "shop", by="root")
        await earn(here, ["agreed"] * 9 + ["helped"])
        assert isinstance(await judged(here.house, fresh), NeedsApproval)
        with pytest.raises(InvalidInput):
            await allow(here.house, "raise_pool_size", "shop", by="root")
        await allow(here.house, "scale_out", "shop", by="root")
        async with here.store.transaction() as tx:
            await tx.set_plan("plan-1", PlanState.VOID)
        assert isinstance(await judged(here.house, fresh), AutoApproved)
        async with here.store.transaction() as tx:
            await tx.add_outcome(
                OutcomeRecord(
                    "bad", "p-bad", "scale_out", "shop", "harmed", "", 0.0, here.clock.now() + timedelta(seconds=1)
                )
            )
        assert isinstance(await judged(here.house, fresh), NeedsApproval)
        [row] = [r for r in await scorecard(here.house) if r["action"] == "scale_out"]
        assert (row["agreed"], row["helped"], row["harmed"], row["minutes"]) == (9, 1, 1, 30.0)


@pytest.mark.parametrize(
    ("words", "granted", "may"),
    [
        (["agreed"] * 10, True, True), (["agreed"] * 10, False, False), (["agreed"] * 9, True, False), (["agreed"] * 18 + ["differed"] * 2, True, False),
        (["agreed"] * 19 + ["differed"], True, True), (["abstained"] * 20, True, False), (["harmed"] + ["agreed"] * 10, True, True), (["agreed"] * 30 + ["harmed"], True, False),
    ],
)  # fmt: skip
def test_what_a_standing_says(words: list[str], granted: bool, may: bool) -> None:
    outcomes = [Outcome(Word(w), NOW + timedelta(minutes=n)) for n, w in enumerate(words)]
    found = standing(
        "restart", "shop", outcomes, NOW + timedelta(minutes=20) if granted else None, RemediationSettings()
    )
    assert found.may is may, found.because
    assert isinstance(narrow(ALONE, found), AutoApproved if may else NeedsApproval)
    assert narrow(TWO, found) is TWO


async def test_the_shadow_is_compared_with_what_people_did(database_url: str) -> None:
    async with parked(database_url) as here:
        async with here.store.transaction() as tx:
            incident = await tx.incident(INCIDENT.id)
            await keep_shadow(here.house, tx, incident, plan())
        assert await close_shadows(here.house) == 0
        here.live.overrides["spec.replicas"] = 4
        here.clock.advance(minutes=7)
        async with here.store.transaction() as tx:
            await tx.save_incident(replace(incident, stage=Stage.RESOLVED, resolved_at=here.clock.now()))
        assert await close_shadows(here.house) == 1
        async with here.store.transaction() as tx:
            [outcome] = await tx.outcomes()
        assert (outcome.word, outcome.action, outcome.minutes) == ("agreed", "scale_out", 7.0)
        assert await close_shadows(here.house) == 0


def test_words_of_the_scorecard() -> None:
    up, down = Deed("spec.replicas", 2, 5), Deed("spec.replicas", 2, 1)
    assert compared(plan(), (up,))[0] is Word.AGREED
    assert compared(plan(), (down,))[0] is Word.HARMED
    assert compared(plan(), (Deed("spec.template.x", 1, 2),))[0] is Word.DIFFERED
    assert compared(plan(), ())[0] is Word.DIFFERED
    assert compared(None, (up,))[0] is Word.ABSTAINED


async def test_a_mitigation_proposes_its_own_removal_once(database_url: str) -> None:
    made = plan(lasts_until=NOW + timedelta(hours=24))
    async with parked(database_url, made=made) as here:
        await say(here, "U-ann")
        assert (await here.step(8)).stage is Stage.RESOLVED, await here.words()
        await REMOVALS.run(here.house)
        assert len(here.host.pulls) == 1
        here.clock.advance(hours=25)
        for _ in range(2):
            await REMOVALS.run(here.house)
        assert len(here.host.pulls) == 2
        assert here.host.merges == 1
        [removal] = [files for branch, (_, files) in here.host.pulls.items() if "undo" in branch]
        assert removal == {e.path: e.before for e in made.edits}


async def test_increases_stop_at_twice_what_a_person_set_however_many_steps_they_take(database_url: str) -> None:
    earned = {"require_human_approval": (), "autonomy": [{"action": "*"}]}
    async with parked(database_url, **earned) as here:
        async with here.store.transaction() as tx:
            await tx.set_plan("plan-1", PlanState.SUCCEEDED, {"merge_sha": "m", "pull_request": 1})
        first, second = plan().fields[0], replace(plan().fields[0], before=3, after=5)
        assert (first.before, first.after) == (2, 3)
        more = replace(
            plan(), id="plan-2", incident_id="inc-9", fields=(second,), created_at=NOW + timedelta(hours=2)
        ).sealed()
        here.clock.advance(hours=2)
        said = await judged(here.house, more)
        assert isinstance(said, NeedsApproval)
        assert "more than 2 times the 2 a person last set" in str(said.because)
        fewer = replace(more, fields=(replace(second, after=4),)).sealed()
        assert isinstance(await judged(here.house, fewer), AutoApproved)
