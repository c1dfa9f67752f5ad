"""The forms of a page, filled in and sent as its script does it."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from tests.simulators.sim import Sim


@dataclass
class Form:
    """`fields`: name → (value as it stands in the page, data-type)."""

    post: str
    method: str
    fields: dict[str, tuple[str, str]] = field(default_factory=dict)
    actor: list[str] = field(default_factory=list)  # fields that the played customer fills
    button: str = ""

    def body(self, actor: str = "", **typed: Any) -> dict[str, Any]:
        body: dict[str, Any] = {}
        for name, (value, kind) in self.fields.items():
            if name in self.actor:
                body[name] = actor
            elif kind == "boolean":
                body[name] = value == "checked"
            elif value != "":
                body[name] = float(value) if kind == "number" else value
        return body | typed


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.addresses: list[str] = []
        self._form: Form | None = None
        self._select: str | None = None
        self._in_button = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.addresses += [given[name] for name in ("src", "href") if name in given]
        if tag == "form":
            self._form = Form(given.get("data-post", ""), given.get("data-method", "POST"))
            self.forms.append(self._form)
        elif self._form is not None:
            self._inside(self._form, tag, given)

    def _inside(self, form: Form, tag: str, given: dict[str, str]) -> None:
        if tag in ("input", "select") and "name" in given:
            value = given.get("value", "")
            if given.get("type") == "checkbox":
                value = "checked" if "checked" in given else ""
            form.fields[given["name"]] = (value, given.get("data-type", ""))
            self._select = given["name"] if tag == "select" else None
            if "data-actor" in given:
                form.actor.append(given["name"])
        elif tag == "option" and self._select and not form.fields[self._select][0]:
            form.fields[self._select] = (given.get("value", ""), "")
        self._in_button = tag == "button"

    def handle_data(self, data: str) -> None:
        if self._in_button and self._form is not None:
            self._form.button += data

    def handle_endtag(self, tag: str) -> None:
        self._in_button = False
        if tag == "form":
            self._form = None


@dataclass
class Page:
    sim: Sim
    text: str
    headers: dict[str, str]
    forms: list[Form]
    addresses: list[str]

    def form(self, post: str, button: str) -> Form:
        (found,) = [one for one in self.forms if one.post == post and one.button.strip() == button]
        return found

    async def press(self, form: Form, actor: str = "", **typed: Any) -> Any:
        address = f"/_control/{form.post}"
        body = form.body(actor, **typed) if form.method == "POST" else None
        answer = await self.sim.http.request(form.method, address, json=body)
        assert answer.is_success, answer.text
        return answer.json()


async def opened(sim: Sim, address: str) -> Page:
    answer = await sim.http.get(address)
    assert answer.status_code == 200, answer.text
    reader = _Reader()
    reader.feed(answer.text)
    return Page(sim, answer.text, dict(answer.headers), reader.forms, reader.addresses)
