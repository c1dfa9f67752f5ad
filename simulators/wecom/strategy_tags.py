"""Strategy tags (规则组标签), contract §5.3: usable only by the app that made the rule group."""

from simulators.errors import WeComFault
from simulators.state.tags import Strategy
from simulators.wecom.route import Answer, ok, wecom_router
from simulators.wecom.tags import EditTag, NewTags, TagFilter, added, delete, edit, listed
from simulators.world import World, WorldDep

router = wecom_router()


class StrategyTagFilter(TagFilter):
    strategy_id: int | None = None


class AddStrategyTag(NewTags):
    strategy_id: int


@router.post("/externalcontact/get_strategy_tag_list")
async def get_strategy_tag_list(world: WorldDep, body: StrategyTagFilter) -> Answer:
    own = _own(world)
    if body.strategy_id is not None:
        own = [_require(world, body.strategy_id)]
    return ok(tag_group=[group for one in own for group in listed(world, body, one.strategy_id)])


@router.post("/externalcontact/add_strategy_tag")
async def add_strategy_tag(world: WorldDep, body: AddStrategyTag) -> Answer:
    strategy = _require(world, body.strategy_id)
    return ok(tag_group=added(world, body, strategy.strategy_id))


@router.post("/externalcontact/edit_strategy_tag")
async def edit_strategy_tag(world: WorldDep, body: EditTag) -> Answer:
    edit(world, body, strategic=True)
    return ok()


@router.post("/externalcontact/del_strategy_tag")
async def del_strategy_tag(world: WorldDep, body: TagFilter) -> Answer:
    delete(world, body, strategic=True)
    return ok()


def _own(world: World) -> list[Strategy]:
    app = world.org.caller.agent_id
    return [strategy for strategy in world.tags.strategies.values() if strategy.app == app]


def _require(world: World, strategy_id: int) -> Strategy:
    """[SIM] the errcodes: unknown, or of another app."""
    if strategy_id not in world.tags.strategies:
        raise WeComFault(40058, "strategy_id")
    strategy = world.tags.strategies[strategy_id]
    if strategy.app != world.org.caller.agent_id:
        raise WeComFault(world.config.console_tag_error, "not created by this app")
    return strategy
