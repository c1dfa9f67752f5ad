"""Every deploy is replayed first: the stored histories, and a mutant that must fail."""

from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from domain import addresses
from domain.messages import GroupStart, RefreshedGroup
from worker import JOURNEY_WORKFLOWS
from workflows.group_lifecycle import GroupLifecycle
from workflows.plugin import plugin
from workflows.welcome import Welcome

pytestmark = pytest.mark.anyio

HISTORIES = sorted((Path(__file__).parent.parent / "histories").glob("*.json"))
ADVICE = """The workflow no longer does what this history recorded: a running customer would get stuck.
Before the first release: `make histories` and a CHANGELOG line. After it: guard the change with
workflow.patched("<year-month>-<what>")."""


def _history(path: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(path.stem, path.read_text(encoding="utf-8"))


def _type(path: Path) -> str:
    started = _history(path).events[0].workflow_execution_started_event_attributes
    return started.workflow_type.name


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_a_stored_history_replays(path: Path) -> None:
    replayer = Replayer(workflows=[*JOURNEY_WORKFLOWS, Welcome], plugins=[plugin()])
    result = await replayer.replay_workflow(_history(path), raise_on_replay_failure=False)
    assert result.replay_failure is None, f"{result.replay_failure}\n{ADVICE}"


def test_every_workflow_has_a_stored_history() -> None:
    names = {workflow._Definition.must_from_class(each).name for each in [*JOURNEY_WORKFLOWS, Welcome]}
    assert {_type(path) for path in HISTORIES} == names


@workflow.defn(name=addresses.GROUP_LIFECYCLE)
class Mutant(GroupLifecycle):
    """Sleeps before it reads: the kind of change that a review overlooks."""

    @workflow.init
    def __init__(self, start: GroupStart) -> None:
        super().__init__(start)

    async def refresh(self, chat_id: str) -> RefreshedGroup:
        await workflow.sleep(1)
        return await super().refresh(chat_id)

    @workflow.run
    async def run(self, start: GroupStart) -> RefreshedGroup:
        return await super().run(start)


async def test_a_mutant_does_not_replay() -> None:
    [path, *_] = [p for p in HISTORIES if _type(p) == addresses.GROUP_LIFECYCLE]
    replayer = Replayer(workflows=[Mutant], plugins=[plugin()])
    result = await replayer.replay_workflow(_history(path), raise_on_replay_failure=False)
    assert isinstance(result.replay_failure, workflow.NondeterminismError)
