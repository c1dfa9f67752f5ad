"""Operators' orders."""

from typing import Any

import pytest

from domain import actions, commands, journey
from domain.customer import Command, CommandKind, Move, MovePolicy, Phase
from domain.stages import Stage
from tests.domain.moments import START, after, friend, in_nurture, pinned, send, wait, wait_for


def order(kind: CommandKind, **fields: Any) -> Command:
    return Command(**{"id": f"c/{kind}", "kind": kind, "by": "anna", "reason": "she asked"} | fields)


@pytest.mark.parametrize("kind", [CommandKind.EXIT, CommandKind.OPT_OUT])
@pytest.mark.parametrize("reason", ["", "  "])
def test_what_cannot_be_undone_needs_a_reason(kind: CommandKind, reason: str) -> None:
    assert "needs a reason" in (commands.problem(order(kind, reason=reason)) or "")


def test_a_skip_needs_its_playbook() -> None:
    assert "needs the playbook" in (commands.problem(order(CommandKind.SKIP)) or "")


@pytest.mark.parametrize("kind", list(CommandKind))
def test_a_whole_order_is_well_formed(kind: CommandKind) -> None:
    to = Move(id="m1", policy=MovePolicy.DRAIN, pinned=pinned([wait(1)]))
    assert commands.problem(order(kind, playbook="coffee", move=to)) is None


@pytest.mark.parametrize("kind", list(CommandKind))
def test_only_an_end_withdraws_what_is_on_its_way(kind: CommandKind) -> None:
    assert commands.withdraws(order(kind)) is (kind in (CommandKind.EXIT, CommandKind.OPT_OUT))


def test_pause_and_resume() -> None:
    state, _ = in_nurture(pinned([send()]))
    assert commands.obey(state, order(CommandKind.PAUSE), START).startswith("paused")
    assert state.paused_by == "anna"
    assert isinstance(actions.next_action(state, START), actions.Rest)
    assert commands.obey(state, order(CommandKind.RESUME), START) == "resumed"
    assert isinstance(actions.next_action(state, START), actions.SendTouch)


def test_resuming_who_was_not_paused_says_so() -> None:
    assert commands.obey(friend(), order(CommandKind.RESUME), START) == "she was not paused"


def test_a_skip_says_what_it_skipped() -> None:
    state, enrolment = in_nurture(pinned([wait_for(14, then=[send()]), wait(3)]))
    assert commands.obey(state, order(CommandKind.SKIP, playbook="coffee"), START) == "skipped nurture.0"
    assert enrolment.cursor == [1]
    assert enrolment.due_at == after(3)


def test_skipping_the_last_step_ends_the_phase() -> None:
    state, enrolment = in_nurture(pinned([wait(3)], [send()]))
    commands.obey(state, order(CommandKind.SKIP, playbook="coffee"), START)
    assert enrolment.phase is Phase.SETTLED


def test_between_steps_there_is_nothing_to_skip() -> None:
    state, _ = in_nurture(pinned([], [send()]))
    answer = commands.obey(state, order(CommandKind.SKIP, playbook="coffee"), START)
    assert answer == "coffee is between steps (settled); there is nothing to skip"


def test_what_she_is_not_in_cannot_be_skipped_or_left() -> None:
    state = friend()
    assert commands.obey(state, order(CommandKind.SKIP, playbook="tea"), START) == "she is not in tea"
    assert commands.obey(state, order(CommandKind.EXIT), START) == "she was in no such playbook"
    assert state.stage is Stage.NEW


def test_an_exit_from_one_playbook_leaves_the_other() -> None:
    state, _ = in_nurture(pinned([wait(3)]))
    journey.enrol(state, pinned([wait(3)], name="tea"), START, onboarded=True)
    assert commands.obey(state, order(CommandKind.EXIT, playbook="tea"), START) == "ended: tea"
    assert [e.pinned.playbook for e in state.active] == ["coffee"]
    assert state.stage is Stage.NEW


def test_an_exit_from_all_ends_her_journeys() -> None:
    state, enrolment = in_nurture(pinned([wait(3)]))
    assert commands.obey(state, order(CommandKind.EXIT), after(1)) == "ended: coffee"
    assert (enrolment.ended_reason, state.stage, state.stage_reason) == (
        "she asked",
        Stage.ENDED,
        "she asked",
    )


def test_an_opt_out_is_dated_and_ends_everything() -> None:
    state, enrolment = in_nurture(pinned([wait(3)]))
    commands.obey(state, order(CommandKind.OPT_OUT), after(1))
    assert (state.opted_out_at, state.stage, enrolment.phase) == (after(1), Stage.OPTED_OUT, Phase.ENDED)


@pytest.mark.parametrize("kind", list(CommandKind))
def test_every_order_is_on_record_with_its_answer(kind: CommandKind) -> None:
    state, _ = in_nurture(pinned([wait(3)]))
    answer = commands.obey(state, order(kind, playbook="coffee"), after(1))
    assert state.answered == {f"c/{kind}": answer}
    assert (state.log[-1].what, state.log[-1].reason) == (f"{kind} by anna", "she asked")


def test_the_memory_of_answers_is_bounded() -> None:
    state = friend()
    for number in range(30):
        commands.remember(state, f"c{number}", "yes")
    assert list(state.answered) == [f"c{n}" for n in range(30 - commands.ANSWERS_KEPT, 30)]
