"""企业标签 on the pairs of an employee and a customer. What employees did by hand is kept (M24)."""

from collections.abc import Mapping
from dataclasses import replace

from temporalio import activity

from activities.failures import not_yet, translated
from activities.tag_ids import TagIds
from domain import tagging
from domain.messages import Tagged, TagPair
from domain.policy import Policy
from domain.step_messages import ApplyRules, ChangeTags, ReadTags
from domain.tagging import Decision, Key, Truth
from integrations import wecom
from settings import Clock
from storage import customer_tags
from storage.customer_tags import Rows
from storage.database import Database
from storage.facts import facts_of

TAG_GROUP = "来源门店"  # every tag that an entry code gives is in this group of the corp
CORP_TAG = 1
NO_FRIEND = "no employee of ours is her friend"
NO_RELATION = "not a friend, or not confirmed yet"
_NO_RELATION = {84061, 40096, 60111}
_NO_SUCH_TAG = 40068


class Tagging:
    """Whatever it does may be repeated: marking twice is harmless (contract §5.2), and rows follow WeCom."""

    def __init__(self, database: Database, client: wecom.WeComClient, policy: Policy, clock: Clock) -> None:
        self._database, self._client, self._policy, self._clock = database, client, policy, clock
        self._ids = TagIds(database, client)

    @activity.defn
    async def mark_tags(self, what: TagPair) -> Tagged:
        """Mark where she came from, without a look at what is there."""
        keys = [(TAG_GROUP, name) for name in what.tags]
        if not keys:
            return Tagged(tagged=True, reason="nothing to tag")
        async with self._database.transaction() as session:
            known = await customer_tags.of_pair(
                session, what.userid, what.external_userid, TAG_GROUP, what.tags
            )
        decision = tagging.at_entry(known, keys)
        with translated():
            if decision.add and not await self._mark(what.userid, what.external_userid, known, decision):
                return Tagged(tagged=False, reason=NO_RELATION)
        kept = tagging.words(Decision(kept=decision.kept))  # what was set needs no words: it is the rule
        return Tagged(tagged=bool(decision.add), reason=kept)

    @activity.defn
    async def change_tags(self, what: ChangeTags) -> Tagged:
        """A `tag` step, at every employee who is her friend."""
        step = what.tags
        wanted: dict[Key, bool] = {(step.group, name): False for name in step.remove or []}
        wanted |= {(step.group, name): True for name in step.add or []}
        async with self._database.transaction() as session:
            friends = await customer_tags.of_friends(session, what.external_userid)
        if not friends:
            return Tagged(tagged=False, reason=NO_FRIEND)
        with translated():
            return await self._change(what.external_userid, friends, wanted)

    @activity.defn
    async def apply_rules(self, what: ApplyRules) -> Tagged:
        """Tags as the rules want them now. WeCom is asked only when something is to be changed."""
        now, she = self._clock(), what.external_userid
        asked = {she: (what.playbook, what.enrolment)}
        async with self._database.transaction() as session:
            friends = await customer_tags.of_friends(session, she)
            facts = (await facts_of(session, [she], now, enrolments=asked)).get(she)
        if facts is None:
            return Tagged(tagged=True)
        facts = replace(facts, stage=what.stage, life_stage=what.life_stage)
        wanted = tagging.by_rules(what.rules, facts, self._policy.tiers, now)
        if all(tagging.settled(rows, wanted) for rows in friends.values()):
            return Tagged(tagged=True)
        with translated():
            return await self._change(she, friends, wanted)

    @activity.defn
    async def read_tags(self, what: ReadTags) -> Tagged:
        """An employee edited her profile; `tagged`: tags are changed. Their names stay in PostgreSQL."""
        async with self._database.transaction() as session:
            friends = await customer_tags.of_friends(session, what.external_userid)
        if not friends:
            return Tagged(tagged=False)
        with translated():
            found = await self._look(what.external_userid, friends, {})
        changed = sum(
            row.present is not (key in friends[userid] and friends[userid][key].present)
            for userid, rows in found.items()
            for key, row in rows.items()
        )
        return Tagged(tagged=changed > 0, reason=f"tags changed by hand: {changed}" if changed else "")

    async def _change(
        self, external_userid: str, friends: Mapping[str, Rows], wanted: Mapping[Key, bool]
    ) -> Tagged:
        found = await self._look(external_userid, friends, await self._ids.known(wanted))
        told: dict[str, str] = dict.fromkeys(friends, NO_RELATION)
        changed = False
        for userid, rows in found.items():
            decision = tagging.decide(rows, wanted)
            if not (decision.add or decision.remove):
                told[userid] = tagging.words(decision)
                continue
            await self._write(external_userid, {userid: tagging.claimed(decision, rows, self._clock())})
            if await self._mark(userid, external_userid, rows, decision):
                told[userid], changed = tagging.words(decision), True
        return Tagged(tagged=changed or not any(told.values()), reason=_in_words(told))

    async def _look(
        self, external_userid: str, friends: Mapping[str, Rows], ids: Mapping[Key, str]
    ) -> dict[str, Rows]:
        """What is known after a look at WeCom, for every pair that it has; written down."""
        try:
            detail = await self._client.get_external_contact(external_userid)
        except wecom.WeComError as error:
            if error.errcode in _NO_RELATION:
                return {}
            raise
        now = self._clock()
        truths = {
            pair.userid: Truth(_there(pair, friends[pair.userid], ids), pair.createtime)
            for pair in detail.follow_user
            if pair.userid in friends
        }
        gone = {u: {k: friends[u][k] for k in tagging.gone(friends[u], t.there)} for u, t in truths.items()}
        lost = {row.tag_id for rows in gone.values() for row in rows.values() if row.tag_id}
        deleted = await self._ids.deleted(sorted(lost))
        found = {}
        for userid, truth in truths.items():
            vanished = frozenset(key for key, row in gone[userid].items() if row.tag_id in deleted)
            found[userid] = tagging.seen(friends[userid], replace(truth, deleted=vanished), now)
        await self._write(
            external_userid,
            {
                userid: {key: row for key, row in rows.items() if friends[userid].get(key) != row}
                for userid, rows in found.items()
            },
        )
        return found

    async def _mark(self, userid: str, external_userid: str, rows: Rows, decision: Decision) -> bool:
        """One call for the pair, then its rows. False when WeCom knows no such friendship."""
        ids = await self._ids.of(decision.add)
        ids |= {key: rows[key].tag_id or "" for key in decision.remove}
        try:
            await self._client.mark_tag(
                userid,
                external_userid,
                add=[ids[key] for key in decision.add],
                remove=[ids[key] for key in decision.remove],
            )
        except wecom.WeComError as error:
            if error.errcode in _NO_RELATION:
                return False
            if error.errcode == _NO_SUCH_TAG:  # somebody deleted the tag in the console: make it again
                await self._ids.forget([*decision.add, *decision.remove])
                raise not_yet("a tag is gone and will be made again") from None
            raise
        await self._write(external_userid, {userid: tagging.done(decision, rows, ids, self._clock())})
        return True

    async def _write(self, external_userid: str, pairs: Mapping[str, Rows]) -> None:
        async with self._database.transaction() as session:
            for userid, rows in pairs.items():
                await customer_tags.write(session, userid, external_userid, rows)


def _there(pair: wecom.FollowUser, rows: Rows, ids: Mapping[Key, str]) -> dict[Key, str]:
    """The corp tags of a pair under the names by which we know them, although they may be renamed."""
    ours = {row.tag_id: key for key, row in rows.items()} | {tag_id: key for key, tag_id in ids.items()}
    return {
        ours.get(tag.tag_id, (tag.group_name, tag.tag_name)): tag.tag_id
        for tag in pair.tags
        if tag.type == CORP_TAG and tag.tag_id
    }


def _in_words(told: Mapping[str, str]) -> str:
    """Once for all employees when it is the same for each."""
    words = dict.fromkeys(filter(None, told.values()))
    if len(words) == 1 and all(told.values()):
        return next(iter(words))
    return "; ".join(f"{userid}: {text}" for userid, text in told.items() if text)
