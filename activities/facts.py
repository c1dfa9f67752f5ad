"""What is known of a customer when a playbook has to decide. Facts stay here; the history gets the answer."""

from dataclasses import replace

from temporalio import activity

from domain import deciding
from domain.places import combined
from domain.policy import Policy
from domain.questions import Answer
from domain.step_messages import LookUp
from settings import Clock
from storage import exposures
from storage.database import Database
from storage.facts import facts_of


class Facts:
    """Answers the interpreter's questions."""

    def __init__(self, database: Database, policy: Policy, clock: Clock) -> None:
        self._database, self._policy, self._clock = database, policy, clock

    @activity.defn
    async def look_up(self, what: LookUp) -> Answer:
        """Which way, until when, and why. Her arm of a split is on record before anything follows from it."""
        now, she = self._clock(), what.external_userid
        enrolments = {she: (what.playbook, what.enrolment)} if self._asks_of_outcomes(what) else None
        async with self._database.transaction() as session:
            found = await facts_of(session, [she], now, enrolments=enrolments)
            facts = replace(found[she], stage=what.stage, life_stage=what.life_stage)
            answer = deciding.answer(what.question, facts, self._policy.tiers, now, since=what.since)
            if split := what.question.split:
                assert answer.chosen is not None
                arm = await exposures.expose(
                    session,
                    she,
                    split.name,
                    answer.chosen,
                    arms=split.shares,
                    playbook=what.playbook,
                    now=now,
                )
                answer = deciding.in_arm(split, arm).model_copy(update={"tier": answer.tier})
        return answer

    def _asks_of_outcomes(self, what: LookUp) -> bool:
        """Few conditions do; the others are spared the statements."""
        asked = [*filter(None, what.question.cases or ()), *self._policy.tiers.values()]
        return any(part.outcome for condition in asked for _, part in combined((), condition))
