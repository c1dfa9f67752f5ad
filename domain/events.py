"""What happens to a customer or a group: small facts with ids, never bodies."""

from enum import StrEnum

from pydantic import Field

from domain.shape import Shape, UtcTime


class EventKind(StrEnum):
    """Facts that steer a customer's life. Chinese: the words of WeCom's own documentation."""

    FRIEND_HALF_ADDED = "friend_half_added"  # 免验证添加: she added the employee, who has not confirmed yet
    FRIEND_ADDED = "friend_added"  # 添加企业客户
    AUDIT_APPROVED = "audit_approved"  # 客户同意会话存档: brings a new welcome code
    FRIEND_LEFT = "friend_left"  # 客户删除员工
    FRIEND_REMOVED = "friend_removed"  # 员工删除客户
    WELCOME_SETTLED = "welcome_settled"  # the Welcome workflow knows what became of the greeting
    GROUP_JOINED = "group_joined"  # 进群
    GROUP_LEFT = "group_left"  # 退群, or the group was dismissed
    ORDER_PAID = "order_paid"
    ORDER_REFUNDED = "order_refunded"  # in part or whole
    ORDER_UNDONE = "order_undone"  # wholly refunded, or cancelled
    COUPON_REDEEMED = "coupon_redeemed"
    COUPON_EXPIRED = "coupon_expired"
    FORM_ANSWERED = "form_answered"  # she filled in a form of ours; the row keeps what she said
    PROFILE_CHANGED = "profile_changed"  # 编辑企业客户: an employee changed her remark or her tags
    TOUCH_SETTLED = "touch_settled"  # a touch that her playbook waits for has an outcome
    ENROLLED = "enrolled"  # an operator puts her into a playbook
    WAKE = "wake"  # a parked life has something due


class FormName(StrEnum):
    """短表单: what she can be asked by a signed link."""

    BIRTHDAY = "birthday"  # 生日
    DUE_DATE = "due_date"  # 预产期
    CHILD_BIRTHDAY = "child_birthday"  # 宝宝生日
    FEEDBACK = "feedback"  # 反馈


class Promised(Shape):
    """A coupon that a greeting promises: the till's template, and what messages call it."""

    template: str
    name: str


class Event(Shape):
    """One fact about one customer. `id` is unique for ever: a fact seen twice is one fact."""

    id: str
    kind: EventKind
    at: UtcTime = Field(description="when it happened, by the clock of the system that reports it")
    userid: str | None = None
    state: str | None = Field(None, description="渠道参数 of the entry code")
    has_code: bool = Field(False, description="the callback carried a welcome code")
    chat_id: str | None = None
    order_id: str | None = None
    coupon_id: str | None = None
    touch_key: str | None = None
    outcome: str | None = None
    reason: str | None = None
    playbook: str | None = Field(None, description="that this makes her enter, if its re-entry rule lets her")
    coupon: Promised | None = Field(None, description="of a greeting: to be credited to her account")
    form: str | None = Field(None, description="which form she answered")
    answer_id: int | None = Field(None, description="the row of her answer; its content never travels")


class CardTap(Shape):
    """An employee tapped a button of a to-do's card."""

    id: str
    at: UtcTime
    attempt: int = Field(1, description="which of the to-do's cards")
    key: str = Field(description="of the button")


class GroupChange(Shape):
    """A group changed. It says that, not how: the group is read once per burst."""

    id: str
    at: UtcTime
    member_version: str | None = None
    dismissed: bool = False
