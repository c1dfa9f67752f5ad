"""Ports of a stack's own, so that tests run beside anything else."""

import socket

SETTINGS = ("TEMPORAL_PORT", "TEMPORAL_UI_PORT", "GATEWAY_PORT", "SIMULATORS_PORT")


def free_ports() -> dict[str, str]:
    """One free port for each setting; all are held while they are chosen, so none is given twice."""
    sockets = [socket.socket() for _ in SETTINGS]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return {name: str(s.getsockname()[1]) for name, s in zip(SETTINGS, sockets, strict=True)}
    finally:
        for each in sockets:
            each.close()
