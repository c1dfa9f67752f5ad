"""The addresses of the pages. What their buttons press is the control API itself."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse

from simulators.page import desk, docs, phone, views
from simulators.page.rendering import FOLDER, page
from simulators.state.refused import Unknown
from simulators.wecom.route import PREFIX
from simulators.world import WorldDep

router = APIRouter(include_in_schema=False)


@router.get("/_control/", response_class=HTMLResponse)
async def overview(world: WorldDep, request: Request) -> Response:
    paths = request.app.openapi()["paths"]
    apis = [path.removeprefix(f"{PREFIX}/") for path in paths if path.startswith(PREFIX)]
    return page(
        "overview.html",
        **views.frame(world),
        **views.overview(world),
        **views.faults(world),
        crowd=views.crowd(world),
        apis=sorted(apis),
    )


@router.get("/_control/phone/{external_userid}", response_class=HTMLResponse)
async def customer_phone(world: WorldDep, external_userid: str) -> Response:
    return page("phone.html", **views.frame(world), **phone.customer_phone(world, external_userid))


@router.get("/_control/desk/{userid}", response_class=HTMLResponse)
async def staff_phone(world: WorldDep, userid: str) -> Response:
    return page("desk.html", **views.frame(world), **desk.staff_phone(world, userid))


@router.get("/_control/pictures/{media_id}")
async def picture(world: WorldDep, media_id: str) -> Response:
    """What was sent stays on the phone, when the media_id has long expired."""
    medium = world.media.ever(media_id)
    if medium is None:
        raise Unknown("picture", media_id)
    return Response(medium.content, media_type=medium.content_type)


@router.get("/_control/docs", response_class=HTMLResponse)
async def documentation(world: WorldDep, request: Request) -> Response:
    return page("docs.html", **views.frame(world), sections=docs.sections(request.app.openapi()))


@router.get("/docs", response_class=RedirectResponse)
async def usual_place() -> str:
    return "/_control/docs"


@router.get("/_control/page.css")
async def style() -> FileResponse:
    return FileResponse(FOLDER / "page.css", media_type="text/css")


@router.get("/_control/page.js")
async def script() -> FileResponse:
    return FileResponse(FOLDER / "page.js", media_type="text/javascript")
