"""What operators' orders mean for one life."""

from datetime import datetime

from domain import journey, life, steps
from domain.customer import Command, CommandKind, CustomerState, Move, Phase

ANSWERS_KEPT = 20


def problem(command: Command) -> str | None:
    """What is wrong with an order whatever her state; None when it is well-formed."""
    if command.kind in (CommandKind.EXIT, CommandKind.OPT_OUT) and not command.reason.strip():
        return f"{command.kind} needs a reason: it is what `explain` will show"
    if command.kind is CommandKind.SKIP and not command.playbook:
        return "skip needs the playbook whose current step is to be skipped"
    if command.kind is CommandKind.MOVE and command.move is None:
        return "move needs the version to go over to"
    return None


def withdraws(command: Command) -> bool:
    """Whether messages that are on their way must be stopped first."""
    return command.kind in (CommandKind.EXIT, CommandKind.OPT_OUT)


def obey(state: CustomerState, command: Command, now: datetime) -> str:
    """Change the state as ordered; returns the answer for the operator."""
    match command.kind:
        case CommandKind.PAUSE:
            state.paused_by = command.by
            for enrolment in state.active:
                enrolment.may_send = False  # the exits are looked at once more before a message goes
            answer = "paused: nothing is planned for her until `resume`"
        case CommandKind.RESUME:
            answer = "resumed" if state.paused_by else "she was not paused"
            state.paused_by = None
        case CommandKind.SKIP:
            answer = _skip(state, command.playbook or "", now)
        case CommandKind.EXIT:
            ended = life.exit_journeys(state, command.playbook, command.reason, now)
            answer = f"ended: {', '.join(ended)}" if ended else "she was in no such playbook"
        case CommandKind.OPT_OUT:
            life.opt_out(state, command.by, now)
            answer = "opted out: nothing that a playbook plans reaches her any more"
        case CommandKind.MOVE:
            answer = _move(state, command.move, now)
    journey.note(state, now, f"{command.kind} by {command.by}", command.reason or answer)
    remember(state, command.id, answer)
    return answer


def remember(state: CustomerState, command_id: str, answer: str) -> None:
    state.answered[command_id] = answer
    while len(state.answered) > ANSWERS_KEPT:
        del state.answered[next(iter(state.answered))]


def _move(state: CustomerState, to: Move | None, now: datetime) -> str:
    name = to.pinned.playbook if to else ""
    enrolment = state.enrolments.get(name)
    if to is None or enrolment is None or enrolment.phase is Phase.ENDED:
        return f"is not in {name} any more"
    return journey.move(state, enrolment, to, now)


def _skip(state: CustomerState, playbook: str, now: datetime) -> str:
    enrolment = state.enrolments.get(playbook)
    if enrolment is None or enrolment.phase is Phase.ENDED:
        return f"she is not in {playbook}"
    if steps.current(enrolment) is None:
        return f"{playbook} is between steps ({enrolment.phase}); there is nothing to skip"
    skipped = steps.path(enrolment)
    journey.step_on(state, enrolment, now)
    return f"skipped {skipped}"
