"""Message texts: Liquid, rendered strictly. An unknown variable is an error when the file is checked, never a
gap in a customer's message."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from liquid import Environment, StrictUndefined
from liquid.exceptions import LiquidError

from domain.events import FormName
from domain.links import LONGEST_TOKEN, PATH

TEXT_BYTES = 4000  # the limit of a welcome and of a mass message (contract §4.1, §8.1)
GROUP_WELCOME_BYTES = 3000  # contract §4.2: one page says 3000, another 4000
NICKNAME = "%NICKNAME%"  # WeCom puts in the name of whoever joined

# The longest values that are plausible, to check the limit before anyone is waiting.
_STORE = {"name": "某某路旗舰店（购物中心一层东门）" * 2}
_SHARED = {"store": _STORE, "employee": {"name": "导购" * 16}, "date": "2026年12月31日", "benefit": "惠" * 60}
_LINK = "https://" + "x" * 60 + PATH + "x" * LONGEST_TOKEN
WELCOME_SAMPLE: dict[str, Any] = {
    **_SHARED,
    "forms": {form.value: _LINK for form in FormName},
    "customer": {"nickname": "昵" * 32},
    "group": {"name": "群" * 32},
}
BATCH_SAMPLE: dict[str, Any] = _SHARED
# One template serves all groups of all stores: it can name none of them.
GROUP_WELCOME_SAMPLE: dict[str, Any] = {"nickname": NICKNAME, "benefit": _SHARED["benefit"]}

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


def check(text: str, sample: dict[str, Any], *, limit: int = TEXT_BYTES) -> None:
    """Render with the longest plausible values. Raises TemplateError that says what to do."""
    size = len(render(text, sample).encode())
    if size > limit:
        raise TemplateError(f"may become {size} bytes, WeCom takes {limit}: shorten it")
    if size == 0:
        raise TemplateError("says nothing")
    for path in _environment.from_string(text).global_variable_segments():
        if not _known(path, sample):  # in a branch that these values do not reach
            raise TemplateError(f"{'.'.join(map(str, path))} is undefined")


def _known(path: Sequence[Any], sample: Any) -> bool:
    for part in path:
        if not isinstance(sample, dict):
            break  # a part of a text, such as `store.name.size`
        if part not in sample:
            return False
        sample = sample[part]
    return True


def local_date(day: date) -> str:
    """A date as customers read it."""
    return f"{day.year}年{day.month}月{day.day}日"
