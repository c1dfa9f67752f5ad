"""Which playbook somebody enters by an entry code that names none, or by joining a group. Pure."""

from collections.abc import Mapping, Sequence

from domain.playbook import CodeRule


def playbook_of_code(
    rules: Mapping[str, Sequence[CodeRule]], store: str, placement: str, campaign: str | None
) -> str | None:
    """The playbook (of `rules`, by name) whose `enter.codes` matches: the most specific, then by name."""
    code = {"stores": store, "placements": placement, "campaigns": campaign}
    matches = [
        (-len(given), name)
        for name, alternatives in rules.items()
        for rule in alternatives
        if (given := _given(rule)) and all(code[field] in wanted for field, wanted in given.items())
    ]
    return min(matches)[1] if matches else None


def playbook_of_group(kinds: Mapping[str, Sequence[str]], kind: str) -> str | None:
    """The playbook (of `enter.group_join`, by name) that joining a group leads into; the first by name."""
    return min((name for name, entering in kinds.items() if kind in entering), default=None)


def _given(rule: CodeRule) -> dict[str, Sequence[str]]:
    """The fields that the author filled in. A rule without any would take every code, and takes none."""
    return {name: wanted for name in CodeRule.model_fields if (wanted := getattr(rule, name))}
