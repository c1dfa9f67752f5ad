"""Message texts: Liquid, rendered strictly. An unknown variable is an error when the file is checked, never a
gap in a customer's message."""

import difflib
import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from liquid import Environment, StrictUndefined
from liquid.exceptions import LiquidError

from domain.events import FormName
from domain.links import LONGEST_TOKEN, PATH
from domain.todos import NAME_CHARS
from playbooks.longest import longest

TEXT_BYTES = 4000  # the limit of a welcome and of a mass message (contract §4.1, §8.1)
GROUP_WELCOME_BYTES = 3000  # contract §4.2: one page says 3000, another 4000
MOMENTS_CHARACTERS = 2000  # contract §8.3
NICKNAME = "%NICKNAME%"  # WeCom puts in the name of whoever joined

# The longest values that are plausible, to check the limit before anyone is waiting.
_STORE = {"name": "某某路旗舰店（购物中心一层东门）" * 2}
_SHARED = {"store": _STORE, "employee": {"name": "导购" * 16}, "date": "2026年12月31日", "benefit": "惠" * 60}
_LINK = "https://" + "x" * 60 + PATH + "x" * LONGEST_TOKEN
WELCOME_SAMPLE: dict[str, Any] = {
    **_SHARED,
    "store": {**_STORE, "wifi": "密码" * 16},
    "forms": {form.value: _LINK for form in FormName},
    "customer": {"nickname": "昵" * 32},
    "group": {"name": "群" * 32},
}
BATCH_SAMPLE: dict[str, Any] = _SHARED
# What an employee reads about one customer, in her own card; longer names are cut there.
STAFF_SAMPLE: dict[str, Any] = {
    "customer": {"nickname": "昵" * NAME_CHARS},
    "store": {"name": "店" * NAME_CHARS},
    "employee": {"name": "员" * NAME_CHARS},
    "date": _SHARED["date"],
    "benefit": "惠" * 30,
}
# One template serves all groups of all stores: it can name none of them.
GROUP_WELCOME_SAMPLE: dict[str, Any] = {"nickname": NICKNAME, "benefit": _SHARED["benefit"]}

ANY_STORE = "任意门店"  # where a coupon that holds no store's voucher can be used
_COUPON_STORE = re.compile(r"\{\{-?\s*coupon\.store\s*-?\}\}")

_environment = Environment(undefined=StrictUndefined)


class TemplateError(ValueError):
    """A text that cannot be rendered; says which variable or which limit."""


def render(text: str, values: dict[str, Any]) -> str:
    """The text with its variables filled in. Raises TemplateError."""
    try:
        return _environment.from_string(text).render(**values).strip()
    except LiquidError as error:
        raise TemplateError(str(error.message)) from None


def group_welcome(text: str, benefit: str | None) -> str:
    """The text of a group welcome template, with WeCom's own placeholder for the nickname."""
    return render(text, {"nickname": NICKNAME, "benefit": benefit or ""})


def check(
    text: str, sample: dict[str, Any], *, limit: int = TEXT_BYTES, characters: int | None = None
) -> None:
    """Render with the longest plausible values. Raises TemplateError that says what to do."""
    for path in _variables(text):
        if not _known(path, sample):  # also in a branch that these values do not reach
            raise TemplateError(_not_defined(".".join(map(str, path)), sample))
    rendered = render(text, sample)
    if "{%" in text:
        rendered = max(rendered, longest(_environment.from_string(text), sample), key=len)
    size = len(rendered.encode())
    if size > limit:
        raise TemplateError(f"may become {size} bytes, WeCom takes {limit}: shorten it")
    if characters is not None and len(rendered) > characters:
        raise TemplateError(f"may become {len(rendered)} characters, {characters} fit: shorten it")
    if size == 0:
        raise TemplateError("says nothing")


def names_coupon_store(text: str) -> bool:
    return _COUPON_STORE.search(text) is not None


def with_coupon_store(text: str, store: str = _STORE["name"]) -> str:
    """Where her coupon can be used (M62) is said before the text is batched with others that say the same.

    It stays a template of all that a task shares. The default is the longest plausible name.
    """
    return _COUPON_STORE.sub(lambda _: store, text)


def uses(text: str, *name: str) -> bool:
    """Whether a text speaks of a variable: `uses(text, "store", "wifi")`."""
    return any(tuple(path[: len(name)]) == name for path in _variables(text))


def _variables(text: str) -> list[Sequence[Any]]:
    try:
        return list(_environment.from_string(text).global_variable_segments())
    except LiquidError as error:
        for opens, closes in (("{{", "}}"), ("{%", "%}")):
            if text.count(opens) != text.count(closes):
                raise TemplateError(f"a `{opens}` has no `{closes}`: write {opens} … {closes}") from None
        raise TemplateError(f"cannot be read: {error.message}") from None


def _known(path: Sequence[Any], sample: Any) -> bool:
    for part in path:
        if not isinstance(sample, dict):
            break  # a part of a text, such as `store.name.size`
        if part not in sample:
            return False
        sample = sample[part]
    return True


def _not_defined(name: str, sample: dict[str, Any]) -> str:
    """Why a name cannot be used here, and which was perhaps meant."""
    known = _names(sample)
    if name in _names(WELCOME_SAMPLE) and name != "benefit":
        return f"{name!r} is not known here: only a greeting can say it, and a to-do her name"
    close = difflib.get_close_matches(name, known, n=1) or [n for n in known if n.startswith(f"{name}.")][:1]
    meant = f"; did you mean {close[0]!r}?" if close else f"; there is: {', '.join(known)}"
    return f"{name!r} is not known here{meant}"


def _names(sample: dict[str, Any]) -> list[str]:
    """The names that a text may use, dotted."""
    return [
        f"{name}.{part}" if part else name
        for name, value in sample.items()
        for part in (value if isinstance(value, dict) else [""])
    ]


def check_batch(text: str, benefit: str | None, whose: str, *, characters: int | None = None) -> None:
    """`check` of what many are told; `whose` has the field `benefit`, or lacks it. Raises TemplateError."""
    sample = {k: v for k, v in BATCH_SAMPLE.items() if k != "benefit" or benefit is not None}
    try:
        check(text, sample, characters=characters)
    except TemplateError as error:
        if benefit is None and str(error).startswith("'benefit'"):
            raise TemplateError(f"{whose} has no `benefit` to put in: add the field") from None
        raise


def batch_values(store: str | None, employee: str | None, day: date, benefit: str | None) -> dict[str, Any]:
    """What a message may name that all its recipients share: by whom, of which store, on which day there."""
    return {
        "store": {"name": store or "本店"},
        "employee": {"name": employee or ""},
        "date": local_date(day),
        "benefit": benefit or "",
    }


def local_date(day: date) -> str:
    """A date as customers read it."""
    return f"{day.year}年{day.month}月{day.day}日"
