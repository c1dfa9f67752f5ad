"""A till of your own, connected to wecom-journeys (POS_PROVIDER=generic): both halves of docs/tills.md.

    generic_till.py serve --key KEY [--file till.json]
    generic_till.py push order.paid --id O1 --secret SECRET --url http://127.0.0.1:8080/pos/generic/events

`serve` answers from a JSON file of SAMPLE's shape, or from SAMPLE; the file keeps the coupons that it issues.
`push` tells that something happened. Python 3.11 and nothing else: copy what you need.
"""

import argparse
import hashlib
import hmac
import json
import time
import urllib.request
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

MONEY = {"amount_minor": 4500, "currency": "CNY"}
COFFEE = {"product_id": "P1", "name": "拿铁", "category": "coffee", "quantity": "1", "paid": MONEY}
TIMES = {"paid_at": "2026-03-01T04:00:00Z", "updated_at": "2026-03-01T04:00:00Z"}
ORDER = TIMES | {"order_id": "O1", "store_id": "S001", "member_id": "M1", "status": "paid", "paid": MONEY}
SAMPLE: dict[str, list[dict[str, Any]]] = {
    "stores": [{"store_id": "S001", "name": "人民广场店", "lat": 31.2327, "lng": 121.4752, "crs": "gcj02"}],
    "members": [{"member_id": "M1", "phone": "+8613800138000", "level": "gold"}],
    "products": [{"product_id": "P1", "name": "拿铁", "category": "coffee"}],
    "stock": [{"store_id": "S001", "product_id": "P1", "name": "拿铁", "quantity": "12"}],
    "orders": [ORDER | {"lines": [COFFEE]}],
    "coupons": [],
}
IDS = {"order": "order_id", "coupon": "coupon_id", "member": "member_id"}


class Refused(Exception): ...  # with an HTTP status, and why


class Till:
    def __init__(self, file: Path | None = None) -> None:
        self.file, self.rows = file, json.loads(file.read_text("utf-8") if file else json.dumps(SAMPLE))

    def read(self, path: str, query: dict[str, list[str]]) -> Any:
        kind, _, name = path.strip("/").partition("/")
        if kind not in SAMPLE:
            raise Refused(404, f"there is no {path}")
        rows = self.rows[kind]
        if name:
            found = [row for row in rows if row.get(IDS.get(kind.rstrip("s"))) == unquote(name)]
            if not found:
                raise Refused(404, f"there is no such thing among the {kind}")
            return found[0]
        page = {one: query.pop(one, [""])[0] for one in ("since", "until", "cursor", "limit")}
        found = [row for row in rows if all(row.get(field) in query[field] for field in query)]
        if page["since"]:
            since, until = (datetime.fromisoformat(page[one]) for one in ("since", "until"))
            found = [row for row in found if since <= datetime.fromisoformat(row["updated_at"]) < until]
        start = int(page["cursor"] or 0)
        stop = start + int(page["limit"] or 100)
        return {kind: found[start:stop], "next_cursor": str(stop) if stop < len(found) else None}

    def issue(self, wanted: dict[str, str]) -> Any:
        """The same key gives the same coupon, however often it comes: only so does nobody get two."""
        coupons = self.rows["coupons"]
        for coupon in coupons:
            if coupon["idempotency_key"] == wanted["idempotency_key"]:
                if wanted.items() <= coupon.items():
                    return coupon
                raise Refused(409, "the key was used for another coupon")
        if wanted["member_id"] not in [member["member_id"] for member in self.rows["members"]]:
            raise Refused(404, "there is no such member")
        coupons.append({**wanted, "coupon_id": uuid.uuid4().hex[:12], "status": "issued"})
        if self.file:
            self.file.write_text(json.dumps(self.rows, ensure_ascii=False, indent=1), "utf-8")
        return coupons[-1]


def server(till: Till, key: str, port: int) -> HTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            self.answer(lambda: till.read(url.path, parse_qs(url.query)))

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.answer(lambda: till.issue(json.loads(content)))

        def answer(self, act: Callable[[], Any]) -> None:
            try:
                given = str(self.headers["Authorization"])
                if not hmac.compare_digest(given.encode(), f"Bearer {key}".encode()):
                    raise Refused(401, "the key is wrong")
                status, body = 200, act()
            except Refused as refused:
                status, body = refused.args[0], {"error": {"code": "refused", "message": refused.args[1]}}
            except (KeyError, ValueError) as error:
                status, body = 400, {"error": {"code": "bad_request", "message": repr(error)}}
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

    return HTTPServer(("127.0.0.1", port), Handler)


def signed(url: str, secret: str, body: bytes, now: datetime) -> urllib.request.Request:
    """Signed are the second at which it is sent and the very bytes that are sent."""
    stamp = str(int(now.timestamp()))
    signature = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Till-Timestamp": stamp, "X-Till-Signature": signature}
    return urllib.request.Request(url, body, headers)  # noqa: S310 - the address is the operator's


def push(url: str, secret: str, kind: str, name: str) -> bool:
    """Until it is safe there: one event_id, but signed anew every time."""
    told = {"event_id": uuid.uuid4().hex, "type": kind, IDS[kind.partition(".")[0]]: name}
    for wait in (1, 2, 4, 8, 16):  # seconds; a real till keeps what it could not tell, and goes on
        request = signed(url, secret, json.dumps(told).encode(), datetime.now(UTC))  # noqa: TID251 - its own clock
        try:
            urllib.request.urlopen(request, timeout=10).close()  # noqa: S310
            return True
        except OSError as error:  # of HTTP, or nobody was there
            if getattr(error, "code", 503) < 500:
                raise  # a wrong secret, clock or body: repeating mends nothing
        time.sleep(wait)
    return False


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="answer the pull contract on 127.0.0.1")
    serve.add_argument("--key", required=True, help="POS_API_KEY")
    serve.add_argument("--file", type=Path, help="JSON of SAMPLE's shape; default: SAMPLE")
    serve.add_argument("--port", type=int, default=8090, help="default: 8090")
    tell = commands.add_parser("push", help="tell that something happened")
    tell.add_argument("kind", help="order.paid, order.refunded, coupon.redeemed or member.changed")
    for name, says in (("id", "of what it is about"), ("secret", "POS_WEBHOOK_SECRET"), ("url", "as above")):
        tell.add_argument(f"--{name}", required=True, help=says)
    asked = parser.parse_args(argv)
    if asked.command == "serve":
        server(Till(asked.file), asked.key, asked.port).serve_forever()
    elif not push(asked.url, asked.secret, asked.kind, asked.id):
        parser.exit(1, "nobody took it\n")


if __name__ == "__main__":
    main()
