"""Control bodies refuse unknown fields: a misspelt button must not be pressed in silence."""

from pydantic import BaseModel, ConfigDict


class ControlModel(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Done(BaseModel):
    ok: bool = True
