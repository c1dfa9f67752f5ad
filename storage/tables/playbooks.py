"""Where customers stand in playbooks, and their moves to other versions."""

from datetime import date, datetime

from sqlalchemy import Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from storage.tables.columns import Utc


class Standing(SQLModel, table=True):
    """One enrolment as her life last wrote it down: which version, and where she stands in it."""

    __tablename__ = "enrolments"
    __table_args__ = (Index("enrolments_open", "playbook", postgresql_where=text("ended_at IS NULL")),)
    external_userid: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    playbook: str
    version: str = Field(description="hash of the published version")
    path: str = Field(description="e.g. nurture.2.then.0, or a phase between steps, e.g. settled")
    moving: str | None = Field(default=None, description="the move that waits for the end of her step")
    since: datetime = Field(sa_type=Utc)
    ended_at: datetime | None = Field(default=None, sa_type=Utc)
    reached: list[str] = Field(
        default_factory=list,
        sa_type=JSONB,
        description="the names of the goals that she has reached",
        sa_column_kwargs={"server_default": "[]"},
    )
    undone: list[str] = Field(
        default_factory=list,
        sa_type=JSONB,
        description="goals that she had reached by an order that was refunded or cancelled",
        sa_column_kwargs={"server_default": "[]"},
    )
    episode: int = Field(
        default=1, description="of her life, in which it began; the re-entry rule looks at it"
    )


class SegmentRun(SQLModel, table=True):
    """How far a playbook's segment has been held against all customers on one day."""

    __tablename__ = "segment_runs"
    playbook: str = Field(primary_key=True)
    version: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    cursor: str = Field(default="", description="the last customer who was looked at")
    found: int = Field(default=0, description="who were told to enter")
    done_at: datetime | None = Field(default=None, sa_type=Utc)


class PlaybookMove(SQLModel, table=True):
    """What was decided about those inside when a playbook got a new version. Nothing of it is forgotten."""

    __tablename__ = "playbook_moves"
    id: str = Field(primary_key=True)
    playbook: str = Field(index=True)
    policy: str = Field(description="stay, next_step or drain")
    to_version: str
    to_number: int
    from_number: int | None = Field(default=None, description="only those of this version")
    store_id: str | None = Field(default=None, description="only this store's customers")
    by: str
    note: str = ""
    began_at: datetime = Field(sa_type=Utc)
    finished_at: datetime | None = Field(default=None, sa_type=Utc)
    undone_by: str | None = None
    undone_note: str = ""
    undo_began_at: datetime | None = Field(default=None, sa_type=Utc)
    undone_at: datetime | None = Field(default=None, sa_type=Utc)


class MovedCustomer(SQLModel, table=True):
    """One customer of a move, written down before she is told."""

    __tablename__ = "playbook_move_customers"
    move_id: str = Field(primary_key=True, foreign_key="playbook_moves.id")
    external_userid: str = Field(primary_key=True)
    from_version: str = Field(description="where an undo leads her back to")
    status: str = Field(default="planned", description="planned → ordered → undone")
    answer: str = Field(default="", description="what her life said")
    at: datetime | None = Field(default=None, sa_type=Utc)
