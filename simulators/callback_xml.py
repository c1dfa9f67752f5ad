"""Event XML as production sends it (contract §3.3).

One line, text in CDATA, numbers bare; an absent element is not an empty one.
"""

from collections.abc import Mapping, Sequence

Value = str | int | Sequence[str] | None


def event_xml(
    corp_id: str,
    created: int,
    event: str,
    fields: Mapping[str, Value],
    *,
    sender: str = "sys",
    inner: str = "",
) -> str:
    """`inner` is XML that follows the fields: what nests deeper than a list."""
    elements = "".join(element(name, value) for name, value in {"Event": event, **fields}.items())
    return raw_event_xml(corp_id, created, elements + inner, sender)


def raw_event_xml(corp_id: str, created: int, inner: str, sender: str = "sys") -> str:
    return (
        f"<xml>{element('ToUserName', corp_id)}{element('FromUserName', sender)}"
        f"{element('CreateTime', created)}{element('MsgType', 'event')}{inner}</xml>"
    )


def element(name: str, value: Value) -> str:
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
