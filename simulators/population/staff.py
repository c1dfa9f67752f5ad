"""Employees see their mass tasks (群发) and moments (朋友圈) in their client, and tap them or not."""

from datetime import datetime
from itertools import islice

from simulators.population import chance
from simulators.population.door import Door
from simulators.population.story import Due, Story, What
from simulators.state.refused import Refused
from simulators.world import World


def notice(story: Story, world: World) -> None:
    """Each makes up their mind once, when the task is new."""
    for task in islice(world.mass.all.values(), story.tasks_seen, None):
        story.tasks_seen += 1
        occasion = f"task {story.tasks_seen}"
        if not task.personal:
            staff = [part.userid for part in task.parts.values()]
            _decide(story, "confirm_task", task.msgid, task.created_at, staff, occasion)
    for moment in islice(world.moments.all.values(), story.moments_seen, None):
        story.moments_seen += 1
        occasion = f"moment {story.moments_seen}"
        if not moment.personal:
            staff = [part.userid for part in moment.parts.values()]
            _decide(story, "publish_moment", moment.moment_id, moment.created_at, staff, occasion)


def _decide(
    story: Story, what: What, task: str, created_at: datetime, staff: list[str], occasion: str
) -> None:
    plan = story.plan
    probability = plan.confirms_tasks if what == "confirm_task" else plan.publishes_moments
    for userid in staff:
        delay = chance.reaction(story, probability, f"{occasion} of {userid}")
        if delay is not None:
            story.expect(max(created_at, story.now) + delay, what, task=task, userid=userid)


async def tap(story: Story, door: Door, due: Due) -> None:
    paths: dict[What, str] = {"confirm_task": "tasks/confirm", "publish_moment": "moments/publish"}
    key = "msgid" if due.what == "confirm_task" else "moment_id"
    try:
        await door.do(paths[due.what], **{key: due.task, "userid": due.userid})
        detail = ""
    except Refused as error:  # cancelled meanwhile, or tapped by hand
        detail = f"refused: {error.reason}"
    story.tell(due.userid or "", due.what, detail)
