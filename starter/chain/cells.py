"""What people write into cells, as values. Every refusal says what is wrong and what to write."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Annotated

from pydantic import BeforeValidator

from domain import shifts
from domain.geo import Coordinates
from starter.chain.problems import BadCell, wrong
from storage.directory import known_zone

EXAMPLE = "示例"  # how the ids in templates begin
EXACT_DIGITS = 15  # Excel keeps no more of a number
SHOWN_CHARS = 40
AS_TEXT = "format the column as text (设置单元格格式 → 文本), then type it again"
_TRUE = {"1", "true", "yes", "y", "是", "启用", "正常", "营业", "营业中", "开业", "在职", "有效", "active"}
_FALSE = {
    "0",
    "false",
    "no",
    "n",
    "否",
    "停用",
    "禁用",
    "停业",
    "关店",
    "闭店",
    "已关闭",
    "离职",
    "无效",
    "inactive",
}
_SYSTEMS = {
    Coordinates.WGS84: ("wgs84", "gps", "地球坐标", "国际", "wgs1984"),
    Coordinates.GCJ02: (
        "gcj02",
        "高德",
        "腾讯",
        "高德地图",
        "腾讯地图",
        "火星",
        "火星坐标",
        "国测局",
        "微信",
    ),
    Coordinates.BD09: ("bd09", "bd09ll", "百度", "百度地图", "百度坐标"),
}


@dataclass(frozen=True)
class Column:
    """How a field is called in a file, an example of it, and a word of explanation; both in Chinese."""

    title: str
    example: str
    note: str
    aliases: tuple[str, ...] = ()


def clean(value: object) -> str:
    """Text without what nobody sees: zero-width marks, odd spaces, line breaks."""
    text = unicodedata.normalize("NFC", str(value))
    seen = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in seen).split())


def plain(value: object) -> str:
    """Like `clean`, with full-width letters, digits and signs as everybody else writes them."""
    return " ".join(unicodedata.normalize("NFKC", clean(value)).split())


def is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and not clean(value))


def show(value: object) -> str:
    text = str(value)
    return repr(text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]}…")


def _usable(value: object) -> object:
    if isinstance(value, BadCell):
        raise wrong(value.reason, value.remedy)
    return value


def _name(value: object) -> str:
    value = _usable(value)
    if isinstance(value, datetime | date | time):
        raise wrong("was turned into a date", AS_TEXT)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return clean(value)


def _identity(value: object) -> str:
    """An id: numbers only as long as Excel has kept all their digits."""
    value = _usable(value)
    if isinstance(value, datetime | date | time | bool):
        raise wrong("was turned into a date or a truth value", AS_TEXT)
    if isinstance(value, int | float):
        if abs(value) >= 10**EXACT_DIGITS:
            raise wrong(f"is a number of more than {EXACT_DIGITS} digits, whose end is lost", AS_TEXT)
        if not float(value).is_integer():
            raise wrong(f"is the number {value}", AS_TEXT)
        value = int(value)
    text = plain(value)
    if re.fullmatch(r"[+-]?\d+([.]\d+)?[eE][+-]?\d+", text) and "+" in text:
        raise wrong(f"{show(text)} is a number whose digits are lost", AS_TEXT)
    if re.fullmatch(r"\d+[.]0+", text):
        raise wrong(f"{show(text)} was turned into a number", f"write {text.split('.')[0]}, or {AS_TEXT}")
    if text.startswith(EXAMPLE):
        raise wrong("is the example of the template", "delete this line")
    return text


def _pattern(pattern: str, remedy: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        text = _identity(value)
        if not re.fullmatch(pattern, text):
            raise wrong(f"{show(text)} cannot be an id", remedy)
        return text

    return check


def _userid(value: object) -> str:
    """In lower case: WeCom gives them back in either (contract §0.3)."""
    remedy = "copy 账号 from WeCom's 通讯录; it is not the name"
    return _pattern(r"[a-z0-9][a-z0-9_.@\-]{0,63}", remedy)(_identity(value).lower())


def _number(value: object) -> float:
    value = _usable(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    text = plain(value)
    if re.fullmatch(r"-?\d+([.]\d+)?", text):
        return float(text)
    if re.fullmatch(r"-?\d+[.]\d+\s*[,;、 ]\s*-?\d+[.]\d+", text):
        raise wrong(f"{show(text)} are two numbers", "put latitude and longitude into columns of their own")
    raise wrong(f"{show(text)} is no number of degrees", "write decimal degrees, e.g. 39.984154")


def _count(value: object) -> int:
    if number := _whole(value):
        return number
    raise wrong(
        f"{show(plain(value))} is no number of friends a day",
        "write 1 or more; leave it empty for any number",
    )


def _pieces(value: object) -> int:
    if (number := _whole(value)) is not None:
        return number
    raise wrong(f"{show(plain(value))} is no number of vouchers", "write 0 or more")


def _whole(value: object) -> int | None:
    value = _usable(value)
    text = plain(int(value) if isinstance(value, float) and value.is_integer() else value)
    return int(text) if re.fullmatch(r"\d{1,6}", text) else None


def _flag(value: object) -> bool:
    value = _usable(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = plain(value).lower()
    if text in _TRUE | _FALSE:
        return text in _TRUE
    raise wrong(f"{show(text)} is neither yes nor no", "write 是 or 否")


def _system(value: object) -> Coordinates:
    text = re.sub(r"[-_ .()坐标系]", "", plain(_usable(value)).lower())
    for system, names in _SYSTEMS.items():
        if text in {re.sub("[坐标系]", "", name) for name in names}:
            return system
    remedy = "write GCJ-02 (高德, 腾讯), BD-09 (百度) or WGS-84 (GPS)"
    raise wrong(f"{show(plain(value))} is no system of coordinates", remedy)


def _zone(value: object) -> str:
    text = plain(_usable(value))
    try:
        return known_zone({"北京时间": "Asia/Shanghai", "中国": "Asia/Shanghai"}.get(text, text))
    except ValueError:
        raise wrong(f"{show(text)} is no time zone", "write an IANA name, e.g. Asia/Shanghai") from None


def _shifts(value: object) -> list[str]:
    lines = str(_usable(value)).splitlines()
    try:
        return [str(shift) for line in lines for shift in shifts.parse(plain(line))]
    except ValueError as error:
        reason, _, remedy = str(error).rpartition(": ")
        raise wrong(reason, remedy) from None


def _moment(value: object) -> datetime:
    """Local, without a zone: which one it is, only the store knows. A day counts from its beginning."""
    value = _usable(value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, date):
        return datetime.combine(value, time())
    found = re.fullmatch(
        r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T](\d{1,2}):(\d{2})(?::\d{2})?)?", plain(value)
    )
    try:
        if found:
            return datetime(*(int(part or 0) for part in found.groups()))  # type: ignore[arg-type]  # noqa: DTZ001
    except ValueError:
        pass  # a 31 February is no day either
    raise wrong(f"{show(plain(value))} is no day", "write it like 2026-03-01 or 2026-03-01 14:30")


Name = Annotated[str, BeforeValidator(_name)]
StoreId = Annotated[
    str, BeforeValidator(_pattern(r"[\w.:\-]{1,28}", "use letters, digits and . : - _; 28 at most"))
]
UserId = Annotated[str, BeforeValidator(_userid)]
ChatId = Annotated[
    str, BeforeValidator(_pattern(r"[A-Za-z0-9_\-]{1,64}", "copy the chat_id that begins with wr"))
]
Word = Annotated[str, BeforeValidator(lambda value: plain(_name(value)))]
Degrees = Annotated[float, BeforeValidator(_number)]
Count = Annotated[int, BeforeValidator(_count)]
Pieces = Annotated[int, BeforeValidator(_pieces)]
Flag = Annotated[bool, BeforeValidator(_flag)]
System = Annotated[Coordinates, BeforeValidator(_system)]
Zone = Annotated[str, BeforeValidator(_zone)]
Shifts = Annotated[list[str], BeforeValidator(_shifts)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
