"""Who the simulated corp is, and every limit as a field with the contract's default.

Section numbers are those of the WeCom contract; **[U]** marks what WeCom does not publish.
"""

from typing import Annotated, Literal, Self

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

MEGABYTE = 1024 * 1024
# A century, in the unit that a field's name ends with: beyond it Python's calendar would end.
LONGEST = {"seconds": 3_155_760_000, "hours": 876_600, "days": 36_525}


def _url(text: str) -> str:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise ValueError(str(error)) from error
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError("an address begins with http:// or https:// and names a host")
    return text


Url = Annotated[str, AfterValidator(_url)]


class OtherApp(BaseModel):
    """One more app of the corp. Its callbacks are sealed with the keys of the main app."""

    model_config = ConfigDict(extra="forbid")

    agent_id: int
    secret: str
    callback_url: Url | None = None


class SimulatorConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", validate_assignment=True, allow_inf_nan=False)

    corp_id: str  # corpid
    agent_id: int  # agentid of the main app
    secret: str  # corpsecret of the main app
    callback_token: str  # signs callbacks
    callback_aes_key: str = Field(min_length=43, max_length=43)  # EncodingAESKey
    callback_url: Url | None = None  # None: nobody is called back
    other_apps: tuple[OtherApp, ...] = ()  # each {agent_id, secret, callback_url}
    corp_name: str = "模拟企业"  # the root department's name
    pos_provider: str = "generic"  # whose contract the till's pushes follow
    pos_api_key: str  # bearer key of the till; each provider's own name of it is in its package
    pos_app_id: str = ""  # of our app at the provider
    pos_account: str = ""  # the chain at the provider
    pos_store_keys: str = ""  # keys per store: S001=appId:appKey,S002=…
    pos_push_url: Url | None = None  # where the till's events go
    pos_push_secret: str  # signs them
    pospal_calls_per_day: int = 3000  # of each appId; then it is refused until midnight in China
    seed: int = 1  # of populations that name none

    # Access token and traffic
    token_seconds: int = 7200  # §1.1
    wrong_secrets_per_hour: int = 2000  # §1.1: then the IP is banned for an hour
    calls_per_minute: int = 10_000  # §12: one corp, one API; blocked for as long as the window
    calls_per_hour: int = 150_000  # §12
    ip_calls_per_minute: int = 20_000  # §12: one IP, one API
    ip_calls_per_hour: int = 600_000  # §12
    calls_per_day: dict[str, int] = {}  # per API; WeCom publishes none beside the limits below
    debug_per_minute: int = 5  # §1.1: calls with debug=1
    concurrent_calls: dict[str, int] = {"externalcontact/mark_tag": 5, "externalcontact/remark": 5}  # §12 [U]
    calls_per_pair: int = 1  # §12 [U] writes in flight for one member and customer, before 45035
    mark_tag_seconds: float = 0.02  # [SIM] such a write takes time, or nothing could ever be concurrent

    # Customers
    contacts_per_member: int = 5000  # §6.4 [C] up to 20,000; an employee may have another
    contacts_per_corp: int = 50_000  # §6.4 [C]
    developer_bound: bool = True  # §0.1: a WeChat developer account is bound; else no unionid, and 41057
    unionid_conversion: bool = True  # §6.3 [U] whether a self-built app may convert a unionid
    conversion_pending_id: bool = True  # §6.3 [U] idconvert answers for people who are no customers yet
    batch_of_none_fails: bool = True  # §6.2 [U] get_by_user without a single customer: 84061, or empty
    followers_per_page: int = 500  # §6.1: externalcontact/get has a cursor beyond

    del_follow_user_state: bool = False  # §3.4 [U] State in del_follow_user: seen once, in 2021

    # Acquisition links (获客助手)
    acquisition_links: int = 10_000  # §2.3 41095 [SIM] the number is not published
    acquisition_range: int = 500  # §2.3: members, departments expanded
    acquisition_quota: int = 1000  # [SIM] bought at the start of the world
    acquisition_quota_days: int = 365  # [SIM]
    acquisition_low: int = 20  # §3.7: balance_low below
    acquisition_charged: Literal["add", "first_message"] = "add"  # §2.3 [U]
    acquisition_open_profile: bool = False  # §3.7: open_profile comes in some industries only
    chat_key_seconds: int = 1800  # §2.3

    # Contact ways, join ways, welcomes
    welcome_seconds: float = 20  # §4.1
    welcome_clock: Literal["add", "delivery"] = "add"  # §14.12 [U] or from the event's first delivery on
    send_welcome_seconds: float = 0  # [SIM] so long a welcome takes, while another app gets 41096
    contact_way_users: int = 100  # §2.1
    ways_per_corp: int = 500_000  # §2.1: contact ways and join ways together
    temporary_ways: bool = True  # §2.1: nowadays for the medical industry alone, else 48002 [SIM]
    temporary_ways_per_day: int = 100_000  # §2.1
    mark_source: bool = True  # §2.1 [U] what get_contact_way shows when nothing was given
    join_way_groups: int = 5  # §7.2
    auto_room_owner: Literal["last", "first"] = "last"  # §7.2 [U] whose groups the new room follows
    auto_room_listed: bool = True  # §7.2 [U] the new room shows in the way's chat_id_list
    hand_qr_days: float = 7  # a group's QR exported by hand; those of join ways never expire
    group_welcome_templates: int = 100  # §4.2
    group_welcome_add_bytes: int = 3000  # §4.2 [U] the page of add
    group_welcome_edit_bytes: int = 4000  # §4.2 [U] the page of edit
    group_welcome_interval_seconds: float = 0  # §4.2 [U] who joins meanwhile is greeted together

    # Tags
    corp_tags: int = 10_000  # §5.1 [U] 3000 on older pages
    tags_per_pair: int = 3000  # §5.2
    tags_per_call: int = 3000  # §5.2 [U] of one mark_tag; not published
    console_tag_error: int = 301002  # §5.1 [C] an app edits a tag that is not its own

    # Groups
    qr_join_cap: int = 200  # §7.3 [U]
    group_cap: int = 500  # §7.3 [U]
    group_lag_seconds: float = 0  # §3.5: groupchat/get shows a change this much later
    group_list_members: int = 1000  # §7.1: more members in range need an owner_filter (81017)
    statistics_days: int = 180  # §7.4
    statistics_span_days: int = 30  # §7.4
    statistics_ready_hours: float = 0  # §7.4 [U] so long after midnight yesterday's numbers are there
    quit_scene: Literal["told", "zero", "absent"] = "told"  # §14.16 [U] not every way to leave has one
    mem_change_list: Literal["items", "csv", "absent"] = "items"  # §3.5: both wire forms occur

    # Media
    media_days: float = 3  # §11.2
    image_bytes: int = 10 * MEGABYTE  # §11.2 [U] 2 or 5 MB on older pages
    voice_bytes: int = 2 * MEGABYTE
    video_bytes: int = 10 * MEGABYTE
    file_bytes: int = 20 * MEGABYTE
    uploadimg_bytes: int = 2 * MEGABYTE
    uploadimg_per_day: int = 1000  # §12
    uploadimg_per_month: int = 3000  # §12
    voice_seconds: float = 60
    attachment_bytes: int = 10 * MEGABYTE  # upload_attachment, of every kind
    attachment_video_seconds: float = 30
    attachment_pixels: tuple[int, int] = (1440, 1080)  # of moments, the longer side first [U]
    url_file_bytes: int = 200 * MEGABYTE  # upload_by_url
    url_job_seconds: float = 3  # [SIM]

    # Mass messages
    dispatch_seconds: float = 2  # §13.10: 41063 until then
    mass_cap: Literal["month", "week", "day"] = "month"  # §8.1 rule 3 [U]
    remind_per_24h: int = 3  # §8.2
    mass_sender_decides: bool = True  # §8.1 [U] beside customers; else who chatted last, all the same
    mass_cap_at_creation: bool = False  # §8.1 [U] who is over the cap is in fail_list, or gets status 3
    personal_mass_per_day: int = 1  # §8.1 rule 3: an employee's own sends, per member and customer
    personal_mass_counts: bool = False  # §8.1 [U] an employee's own sends use up the corp's cap

    # Moments
    moments_per_minute: int = 10  # §8.3
    moment_job_seconds: float = 3  # §13.12; the first third of it the job only waits
    moment_job_hours: float = 24  # §8.3: a jobid lives so long
    moment_jobs_running: int = 10  # §1.2 41078 [U]
    moment_dispatch_seconds: float = 0  # §1.2 41079 [U] after the job is done
    moment_senders: int = 100_000  # §8.3
    moment_list_max: int = 20  # §8.3 [U] 100 on the older page
    moment_cap_per_day: int = 3  # §8.3 [U] so many a customer sees, of the corp's
    moment_cap_per_month: int | None = None  # §8.3 [U] 4 by the older rule

    # Handover
    handover_hours: float = 24  # §9
    handovers_per_90_days: int = 2  # §9: of one customer, of one group on-job
    handover_keeps_tags: bool = True  # §9 [U] remark and tags follow the customer
    group_handovers_per_day: int = 300  # §9: of one owner's groups
    group_handover_seconds: float = 0  # [SIM] a resigned owner's group is "in handover" so long
    group_handover_events: bool = False  # §3.1 [U] does the API's own transfer cause change_owner?

    # Sensitive words
    intercept_rules: int = 100  # §10.2
    intercept_event: str | None = None  # §10.2 [U] inner XML of an event at every hit; none is documented

    # Application messages to employees: more than this is dropped silently (§10.1)
    staff_messages_per_minute: int = 30
    staff_messages_per_hour: int = 1000
    staff_messages_per_account: int = 200  # §12: per app and day, times the corp's account limit
    accounts: int = 1000  # [SIM] the corp's account limit
    cards_need_callback: bool = True  # an interactive card of an app without callback URL: 43012
    response_code_hours: float = 72  # §10.1 [U] 24 h by the page of update_template_card
    pressed_code_hours: float = 72  # §10.1 [U] of the code that a press brings
    recall_hours: float = 24  # §10.1

    # The IPs of WeCom's servers (§1.1); an entry may hold a *
    callback_ips: tuple[str, ...] = ("127.0.0.1", "101.226.103.*")
    api_ips: tuple[str, ...] = ("127.0.0.1",)

    # The till as Youzan (its contract's §6)
    youzan_calls_per_second: int = 20  # of the app; one more is 4101
    youzan_read_delay_seconds: float = 0  # 30 at Youzan: an order can be read so long after it changed
    youzan_missing_packs: tuple[str, ...] = ()  # names of APIs, or how they begin, that answer 4204

    # Deliveries (§3.1, §13.8); the till pushes by the same rules
    callback_timeout_seconds: float = 5
    callback_retry_delays: tuple[float, ...] = (0, 5, 10)  # §3.1 [U]

    @model_validator(mode="after")
    def spans_fit_the_calendar(self) -> Self:
        for name in type(self).model_fields:
            longest = LONGEST.get(name.rpartition("_")[2])
            if longest is not None and not 0 <= getattr(self, name) <= longest:
                raise ValueError(f"{name} is from 0 to {longest}")
        return self
