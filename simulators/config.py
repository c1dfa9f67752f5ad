"""Who the simulated corp is, and every limit as a field with the contract's default.

Section numbers are those of the WeCom contract; **[U]** marks what WeCom does not publish.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

MEGABYTE = 1024 * 1024


class SimulatorConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    corp_id: str
    agent_id: int
    secret: str
    callback_token: str
    callback_aes_key: str = Field(min_length=43, max_length=43)
    callback_url: str | None = None
    pos_api_key: str
    pos_push_url: str | None = None
    pos_push_secret: str

    # Access token and traffic
    token_seconds: int = 7200  # §1.1
    wrong_secrets_per_hour: int = 2000  # §1.1: then the IP is banned for an hour
    calls_per_minute: int = 10_000  # §12: one corp, one API; blocked for 60 s after that
    concurrent_calls: dict[str, int] = {"externalcontact/mark_tag": 5}  # §12 [U]
    mark_tag_seconds: float = 0.02  # [SIM] a write takes time, or nothing could ever be concurrent

    # Contact ways, join ways, welcomes
    welcome_seconds: float = 20  # §4.1
    contact_way_users: int = 100  # §2.1
    ways_per_corp: int = 500_000  # §2.1: contact ways and join ways together
    join_way_groups: int = 5  # §7.2

    # Tags
    corp_tags: int = 10_000  # §5.1 [U] 3000 on older pages
    tags_per_pair: int = 3000  # §5.2

    # Groups
    qr_join_cap: int = 200  # §7.3 [U]
    group_cap: int = 500  # §7.3 [U]
    group_lag_seconds: float = 0  # §3.5: groupchat/get shows a change this much later
    mem_change_list: Literal["items", "csv", "absent"] = "items"  # §3.5: both wire forms occur

    # Media
    media_days: float = 3  # §11.2
    image_bytes: int = 10 * MEGABYTE  # §11.2 [U] 2 or 5 MB on older pages
    voice_bytes: int = 2 * MEGABYTE
    video_bytes: int = 10 * MEGABYTE
    file_bytes: int = 20 * MEGABYTE
    uploadimg_bytes: int = 2 * MEGABYTE
    uploadimg_per_day: int = 1000  # §12

    # Mass messages
    dispatch_seconds: float = 2  # §13.10: 41063 until then
    mass_cap: Literal["month", "week", "day"] = "month"  # §8.1 rule 3 [U]
    remind_per_24h: int = 3  # §8.2

    # Application messages to employees: more than this is dropped silently (§10.1)
    staff_messages_per_minute: int = 30
    staff_messages_per_hour: int = 1000

    # Deliveries (§3.1, §13.8); the till pushes by the same rules
    callback_timeout_seconds: float = 5
    callback_retry_delays: tuple[float, ...] = (0, 5, 10)  # §3.1 [U]
