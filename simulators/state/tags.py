"""Corp tags (企业标签) in their groups (contract §5.1)."""

from dataclasses import dataclass, field
from datetime import datetime

from simulators import ids
from simulators.clock import Clock
from simulators.config import SimulatorConfig
from simulators.errors import WeComFault


@dataclass
class Tag:
    tag_id: str
    group_id: str
    name: str
    order: int
    created_at: datetime
    deleted: bool = False


@dataclass
class TagGroup:
    group_id: str
    name: str
    order: int
    created_at: datetime
    tags: list[Tag] = field(default_factory=list)
    deleted: bool = False

    def named(self, name: str) -> Tag | None:
        return next((tag for tag in self.tags if tag.name == name and not tag.deleted), None)


class Tags:
    def __init__(self, config: SimulatorConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self.groups: dict[str, TagGroup] = {}
        self._tags: dict[str, Tag] = {}
        self.pairs_in_flight: set[tuple[str, str]] = set()

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

    def group_of(self, tag: Tag) -> TagGroup:
        return self.groups[tag.group_id]

    def known(self, tag_id: str) -> Tag | None:
        """Deleted ones too: get_corp_tag_list shows those when asked by id."""
        return self._tags.get(tag_id)

    def group_named(self, name: str) -> TagGroup | None:
        return next(
            (group for group in self.groups.values() if group.name == name and not group.deleted), None
        )

    def add_group(self, name: str, order: int) -> TagGroup:
        group = TagGroup(ids.tag_id(), name, order, self._clock())
        self.groups[group.group_id] = group
        return group

    def check_room(self, wanted: int) -> None:
        if sum(not tag.deleted for tag in self._tags.values()) + wanted > self._config.corp_tags:
            raise WeComFault(40126)

    def add(self, group: TagGroup, name: str, order: int) -> Tag:
        tag = Tag(ids.tag_id(), group.group_id, name, order, self._clock())
        group.tags.append(tag)
        self._tags[tag.tag_id] = tag
        return tag

    def delete(self, tag: Tag) -> None:
        """Deleting the last tag deletes its group."""
        tag.deleted = True
        group = self.group_of(tag)
        group.deleted = all(other.deleted for other in group.tags)
