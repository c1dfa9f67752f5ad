"""Corp tags (企业标签) and strategy tags (规则组标签) in their groups (contract §5.1, §5.3)."""

from dataclasses import dataclass, field
from datetime import datetime

from simulators import ids
from simulators.clock import Clock
from simulators.config import SimulatorConfig
from simulators.errors import WeComFault
from simulators.state.refused import Unknown


@dataclass
class Tag:
    tag_id: str
    group_id: str
    name: str
    order: int
    created_at: datetime
    deleted: bool = False
    app: int | None = None  # None: made in the console


@dataclass
class TagGroup:
    group_id: str
    name: str
    order: int
    created_at: datetime
    tags: list[Tag] = field(default_factory=list)
    deleted: bool = False
    app: int | None = None
    strategy_id: int | None = None  # of a strategy group only

    def named(self, name: str) -> Tag | None:
        return next((tag for tag in self.tags if tag.name == name and not tag.deleted), None)


@dataclass
class Strategy:
    """A rule group (规则组) of the console; its tags are for the app that made it."""

    strategy_id: int
    name: str
    app: int


class Tags:
    def __init__(self, config: SimulatorConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self.groups: dict[str, TagGroup] = {}
        self._tags: dict[str, Tag] = {}
        self.strategies: dict[int, Strategy] = {}

    def get(self, tag_id: str) -> Tag:
        tag = self._tags.get(tag_id)
        if tag is None or tag.deleted:
            raise WeComFault(40068)
        return tag

    def group(self, group_id: str) -> TagGroup:
        group = self.groups.get(group_id)
        if group is None or group.deleted:
            raise WeComFault(40068)
        return group

    def item(self, id_: str) -> Tag | TagGroup:
        """A tag or a group, whichever has this id."""
        return self.group(id_) if id_ in self.groups else self.get(id_)

    def group_of(self, tag: Tag) -> TagGroup:
        return self.groups[tag.group_id]

    def known(self, tag_id: str) -> Tag | None:
        """Deleted ones too: get_corp_tag_list shows those when asked by id."""
        return self._tags.get(tag_id)

    def living(self, strategy_id: int | None = None) -> list[TagGroup]:
        """The groups of the corp, or of one strategy; a larger order comes first (§5.1)."""
        found = [one for one in self.groups.values() if not one.deleted and one.strategy_id == strategy_id]
        return sorted(found, key=lambda group: -group.order)

    def group_named(self, name: str, strategy_id: int | None = None) -> TagGroup | None:
        return next((group for group in self.living(strategy_id) if group.name == name), None)

    def strategy(self, strategy_id: int) -> Strategy:
        if strategy_id not in self.strategies:
            raise Unknown("strategy", str(strategy_id))
        return self.strategies[strategy_id]

    def add_strategy(self, name: str, app: int) -> Strategy:
        strategy = Strategy(len(self.strategies) + 1, name, app)
        self.strategies[strategy.strategy_id] = strategy
        return strategy

    def add_group(
        self, name: str, order: int, *, app: int | None = None, strategy_id: int | None = None
    ) -> TagGroup:
        group_id = ids.tag_id() if strategy_id is None else ids.strategy_tag_id()
        group = TagGroup(group_id, name, order, self._clock(), app=app, strategy_id=strategy_id)
        self.groups[group.group_id] = group
        return group

    def check_room(self, wanted: int) -> None:
        """Corp tags and strategy tags share one quota (§5.3)."""
        if sum(not tag.deleted for tag in self._tags.values()) + wanted > self._config.corp_tags:
            raise WeComFault(40126)

    def add(self, group: TagGroup, name: str, order: int, *, app: int | None = None) -> Tag:
        tag_id = ids.tag_id() if group.strategy_id is None else ids.strategy_tag_id()
        tag = Tag(tag_id, group.group_id, name, order, self._clock(), app=app)
        group.tags.append(tag)
        self._tags[tag.tag_id] = tag
        return tag

    def change(self, item: Tag | TagGroup, name: str | None, order: int | None) -> None:
        """A group keeps its name to itself in the corp or strategy, a tag in its group."""
        if isinstance(item, TagGroup):
            namesake: Tag | TagGroup | None = self.group_named(name or "", item.strategy_id)
        else:
            namesake = self.group_of(item).named(name or "")
        if namesake is not None and namesake is not item:
            raise WeComFault(40071)
        item.name = name or item.name
        item.order = item.order if order is None else order

    def delete(self, tag: Tag) -> None:
        """Deleting the last tag deletes its group."""
        tag.deleted = True
        group = self.group_of(tag)
        group.deleted = all(other.deleted for other in group.tags)
