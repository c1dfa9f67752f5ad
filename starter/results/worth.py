"""What may be said of a control group: one line per measure, the default one first."""

from datetime import datetime
from typing import Any

from domain import lift
from domain.conditions import FEN
from domain.lift import Arm, Lift


def lines(treated: Arm, held_out: Arm) -> list[dict[str, Any]]:
    """Repeat purchase is what counts (M23); how many messages were sent is no measure."""
    people, held = treated.people, held_out.people
    again = lift.of_shares(treated.repeaters, people, held_out.repeaters, held)
    bought = lift.of_shares(treated.buyers, people, held_out.buyers, held)
    spent = lift.of_spend(treated, held_out)
    return [
        _line("bought again", again, people, held, "points"),
        _line("bought", bought, people, held, "points"),
        _line("yuan a person", spent, people, held, "yuan a person", 1 / FEN),
    ]


def _line(
    measure: str, found: Lift, people: int, held: int, unit: str, scale: float = lift.POINTS
) -> dict[str, Any]:
    return {
        "measure": measure,
        "treated_people": people,
        "treated": round(found.treated * scale, 2),
        "held_out_people": held,
        "held_out": round(found.held_out * scale, 2),
        "difference": round(found.difference * scale, 2),
        "low": round(found.between.low * scale, 2),
        "high": round(found.between.high * scale, 2),
        "significant": found.significant,
        "says": lift.verdict(found, people, held, unit, scale),
    }


def still_open(counted_until: datetime) -> str:
    """What to know while orders still count."""
    return f"orders count until {counted_until:%Y-%m-%d %H:%M}Z: these numbers are not the last ones"
