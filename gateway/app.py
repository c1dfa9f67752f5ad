"""The gateway as a FastAPI app: verify, decrypt, parse, store once, signal, answer."""

import logging
from dataclasses import dataclass

from fastapi import FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse, PlainTextResponse
from temporalio.client import Client
from temporalio.service import RPCError

from activities.courier import RPC_TIMEOUT, Parcel
from gateway import translate
from gateway.bodies import TooLarge, read_body
from gateway.intake import Intake, TryAgain
from gateway.metrics import Metrics
from gateway.pages.forms import form_routes
from gateway.pages.scan import scan_routes
from gateway.pages.tasks import task_routes
from gateway.staff import note_staff
from integrations import pos, wecom
from settings import Clock
from storage.database import Database
from storage.member_keys import MemberKeys

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Doors:
    """Everything that the gateway needs of the outside."""

    crypto: wecom.CallbackCrypto
    till: pos.PosPort
    keys: MemberKeys
    intake: Intake
    database: Database
    temporal: Client
    clock: Clock
    callback_max_age_seconds: int
    link_key: bytes  # signs the links of forms and of lists of tasks


def create_app(doors: Doors) -> FastAPI:
    """The app. Business errors never become 5xx: those ask the sender to repeat."""
    app = FastAPI(title="wecom-journeys gateway", docs_url=None, redoc_url=None)
    metrics = Metrics()
    _wecom_door(app, doors, metrics)
    _till_door(app, doors, metrics)
    _health(app, doors, metrics)
    app.include_router(scan_routes(doors.database, doors.clock))
    app.include_router(task_routes(doors.database, doors.clock, doors.link_key, metrics))
    app.include_router(form_routes(doors.database, doors.intake, doors.clock, doors.link_key, metrics))
    return app


def _wecom_door(app: FastAPI, doors: Doors, metrics: Metrics) -> None:
    @app.get("/wecom/callback")
    async def verify_address(request: Request) -> Response:
        """WeCom checks the address when an admin saves it: answer with the decrypted echo."""
        try:
            return PlainTextResponse(wecom.open_echo(doors.crypto, request.query_params, doors.clock()))
        except wecom.CallbackRejected as error:
            return _refused(metrics, "wecom", error)

    @app.post("/wecom/callback")
    async def callback(request: Request) -> Response:
        """One event. 200 once it is safe; anything else makes WeCom send it again."""
        with metrics.seconds.labels("wecom").time():
            try:
                xml = wecom.open_callback(
                    doors.crypto,
                    await read_body(request),
                    request.query_params,
                    doors.clock(),
                    max_age_seconds=doors.callback_max_age_seconds,
                )
                event = wecom.parse_event(xml)
            except (TooLarge, wecom.CallbackRejected, wecom.MalformedEvent) as error:
                return _refused(metrics, "wecom", error)
            if isinstance(event, wecom.StaffEvent):
                try:
                    await note_staff(doors.database, event)
                except (SQLAlchemyError, OSError):
                    return _try_again(metrics, "wecom")
            fact_id = translate.digest(xml)
            subject, parcel = translate.wecom_fact(event, fact_id)
            return await _take(doors, metrics, "wecom", fact_id, subject, parcel)


def _till_door(app: FastAPI, doors: Doors, metrics: Metrics) -> None:
    @app.post("/pos/{provider}/events")
    async def push(provider: str, request: Request) -> Response:
        """One push of a till: kept, and acknowledged in its own words. What it is of is read afterwards."""
        if provider != doors.till.provider:
            return PlainTextResponse(f"no such till here: {provider}", status_code=404)
        with metrics.seconds.labels("pos").time():
            try:
                body = await read_body(request)
                told = pos.Push(
                    url=str(request.url), headers=request.headers, query=request.query_params, body=body
                )
                events = doors.till.open_push(told, doors.clock())
            except (TooLarge, pos.WebhookRejected) as error:
                return _refused(metrics, "pos", error)
            sealed, now = doors.keys.seal("push", body) if doors.keys.known else None, doors.clock()
            hints = [translate.till_hint(event, sealed, now) for event in events]
            try:
                new = await doors.intake.take_hints(hints)
            except TryAgain:
                return _try_again(metrics, "pos")
            for result, number in (("new", new), ("repeated", len(hints) - new)):
                if number:
                    metrics.facts.labels("pos", result).inc(number)
            ack = doors.till.ack(told)
            return Response(ack.body, ack.status, media_type=ack.content_type)


def _health(app: FastAPI, doors: Doors, metrics: Metrics) -> None:
    @app.get("/healthz")
    async def alive() -> Response:
        return PlainTextResponse("ok")

    @app.get("/readyz")
    async def ready() -> Response:
        """Whether PostgreSQL and Temporal answer; says which does not."""
        problems = []
        try:
            async with doors.database.transaction() as session:
                await session.exec(text("SELECT 1"))  # type: ignore[call-overload]
        except (SQLAlchemyError, OSError):
            problems.append("PostgreSQL does not answer: check DATABASE_URL")
        try:
            await doors.temporal.service_client.check_health(timeout=RPC_TIMEOUT)
        except RPCError:
            problems.append("Temporal does not answer: check TEMPORAL_ADDRESS")
        return JSONResponse({"ready": not problems, "problems": problems}, 503 if problems else 200)

    @app.get("/metrics")
    async def figures() -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)


async def _take(
    doors: Doors,
    metrics: Metrics,
    door: str,
    fact_id: str,
    subject: str | None,
    parcel: Parcel,
) -> Response:
    try:
        new = await doors.intake.take(door, fact_id, subject, parcel)
    except TryAgain:
        return _try_again(metrics, door)
    metrics.facts.labels(door, "new" if new else "repeated").inc()
    return PlainTextResponse("success")


def _try_again(metrics: Metrics, door: str) -> Response:
    metrics.facts.labels(door, "try_again").inc()
    return PlainTextResponse("try again", status_code=503)


def _refused(metrics: Metrics, door: str, error: Exception) -> Response:
    """Not authentic, or not understandable. The reason goes to the log, not to a stranger."""
    metrics.facts.labels(door, "refused").inc()
    log.warning("%s refused: %s: %s", door, type(error).__name__, error)
    return PlainTextResponse(type(error).__name__, status_code=_status_of(error))


def _status_of(error: Exception) -> int:
    match error:
        case TooLarge():
            return 413
        case wecom.BadPayload() | wecom.MalformedEvent():
            return 400
        case _:
            return 403
