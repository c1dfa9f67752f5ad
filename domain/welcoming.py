"""Which greeting she gets: the first variant whose condition holds, else the greeting itself. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.conditions import holds, words
from domain.facts import Facts
from domain.playbook import Attachment, Condition, CouponStep, LinkKind, Playbook, Route, WelcomeMessage

# Without routes of the author's: the store where she mostly goes, else that whose code she scanned (M11).
EVERYDAY_ROUTES = (Route(), Route(of="scanned_store"))


@dataclass(frozen=True)
class Chosen:
    """What one greeting says; `why` in words when a variant was chosen."""

    text: str
    benefit: str | None
    coupon: CouponStep | None
    attachments: Sequence[Attachment]
    why: str = ""


def chosen(welcome: WelcomeMessage, facts: Facts, tiers: Mapping[str, Condition], now: datetime) -> Chosen:
    """What a variant leaves out is as in the greeting itself."""
    for number, variant in enumerate(welcome.variants):
        if holds(variant.when, facts, tiers, now):
            attachments = welcome.attachments if variant.attachments is None else variant.attachments
            return Chosen(
                variant.text or welcome.text,
                variant.benefit or welcome.benefit,
                variant.coupon or welcome.coupon,
                attachments,
                f"variant {number}: {words(variant.when)}",
            )
    return Chosen(welcome.text, welcome.benefit, welcome.coupon, welcome.attachments)


def routes_of(playbook: Playbook) -> Sequence[Route]:
    """The routes to the group that its greeting invites to; none where it invites to no group."""
    if playbook.link is LinkKind.FRIEND_ONLY or not (playbook.welcome and playbook.welcome.invite_to_group):
        return ()
    return playbook.groups or EVERYDAY_ROUTES


def asks_about_her(playbook: Playbook) -> bool:
    """Whether facts about her decide anything in its greeting."""
    variants = playbook.welcome.variants if playbook.welcome else ()
    return bool(variants) or any(route.when for route in routes_of(playbook))
