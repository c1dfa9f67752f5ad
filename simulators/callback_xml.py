"""Event XML as production sends it (contract §3.3).

One line, text in CDATA, numbers bare; an absent element is not an empty one.
"""

from collections.abc import Mapping, Sequence

Value = str | int | Sequence[str] | None


def event_xml(corp_id: str, created: int, event: str, fields: Mapping[str, Value]) -> str:
    inner = "".join(_element(name, value) for name, value in {"Event": event, **fields}.items())
    return raw_event_xml(corp_id, created, inner)


def raw_event_xml(corp_id: str, created: int, inner: str) -> str:
    return (
        f"<xml>{_element('ToUserName', corp_id)}{_element('FromUserName', 'sys')}"
        f"{_element('CreateTime', created)}{_element('MsgType', 'event')}{inner}</xml>"
    )


def _element(name: str, value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"<{name}>{_cdata(value)}</{name}>"
    if isinstance(value, int):
        return f"<{name}>{value}</{name}>"
    items = "".join(f"<Item>{_cdata(item)}</Item>" for item in value)
    return f"<{name}>{items}</{name}>"


def _cdata(text: str) -> str:
    # "]]>" would end the section early, so it is split over two.
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"
