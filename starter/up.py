"""`journeys up`: the embedded stack, staying up."""

import asyncio
import signal

from starter import stack
from starter.runtime import console


async def until_interrupted(up: stack.Stack) -> None:
    """Return at Ctrl-C or SIGTERM; raise StackError if a part dies before."""
    stop = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    await _first(asyncio.create_task(stop.wait()), asyncio.create_task(up.watch()))


async def stay_up() -> None:
    """Start everything, say where it is, and stay until Ctrl-C or SIGTERM."""
    loop = asyncio.get_running_loop()
    starting = asyncio.current_task()
    assert starting is not None
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, starting.cancel)
    try:
        async with stack.running(lambda line: console.print(f"[dim]{line}[/dim]")) as up:
            port = up.settings.gateway_port
            console.print(f"Temporal UI  {up.ui}\ngateway      http://127.0.0.1:{port}")
            console.print(f"simulators   {up.simulators}/_control/\n\nCtrl-C ends it.")
            await until_interrupted(up)
            console.print("[dim]stopping[/dim]")
    except asyncio.CancelledError:
        console.print("[dim]interrupted while starting; all parts are stopped[/dim]")


async def _first(*tasks: asyncio.Task[object]) -> None:
    done, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in rest:
        task.cancel()
    for task in done:
        task.result()
