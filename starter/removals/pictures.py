"""The codes of old groups as pictures to post."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from domain.removal import Removal
from integrations import wecom
from starter.patience import patiently
from starter.posters.printer import Format, Poster, Printer
from starter.posters_command import COLOUR, NOT_IN_NAMES
from starter.progress import each
from starter.runtime import CommandFailed
from storage.tables import OldGroup, Store

AT_ONCE = 4  # pictures fetched
CALL = "扫码进新群"


async def write(
    client: wecom.WeComClient,
    removal: Removal,
    groups: Sequence[OldGroup],
    stores: dict[str, Store],
    out: Path,
) -> int:
    """One PNG for each old group that has a code; how many. Raises CommandFailed."""
    call = f"{CALL}，{removal.benefit}" if removal.benefit else CALL
    with_code = [group for group in groups if group.qr_code]
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            printer = Printer(Path(folder), Format.A6, colour=COLOUR)

            async def draw(group: OldGroup) -> None:
                qr = await patiently(lambda: client.fetch_image(group.qr_code or ""))
                picture = printer.png(Poster(stores[group.store_id].name, call, group.name, qr))
                name = NOT_IN_NAMES.sub("_", f"{group.state}-{group.name}.png")
                (out / name).write_bytes(picture)

            await each(with_code, draw, label="pictures", at_once=AT_ONCE)
    except OSError as error:
        raise CommandFailed(f"{out} cannot be written into: {error.strerror}") from None
    return len(with_code)
