"""What the forms say to a customer."""

from dataclasses import dataclass

from domain.events import FormName


@dataclass(frozen=True)
class Words:
    """The texts of one form."""

    title: str
    text: str
    privacy: str
    thanks: str


WORDS = {
    FormName.BIRTHDAY: Words(
        title="您的生日是哪一天？",
        text="告诉我们，生日那天为您送上一份心意。",
        privacy="只用于生日关怀，不会给别人看。想更改或删除，随时告诉导购。",
        thanks="您的生日已经记下了，到时候见！",
    ),
    FormName.DUE_DATE: Words(
        title="宝宝什么时候出生？",
        text="告诉我们预产期，我们按您的阶段提供提醒和服务。",
        privacy="这是您的敏感个人信息，只在您同意后保存，只用于上面说的用途。想撤回同意或删除，随时告诉导购。",
        thanks="预产期已经记下了，祝您和宝宝一切顺利！",
    ),
    FormName.CHILD_BIRTHDAY: Words(
        title="宝宝的生日是哪一天？",
        text="告诉我们，我们按宝宝的月龄提供提醒和服务。",
        privacy="这是您和宝宝的敏感个人信息，只在您同意后保存，只用于上面说的用途。想撤回同意或删除，随时告诉导购。",
        thanks="宝宝的生日已经记下了，祝宝宝健康成长！",
    ),
    FormName.FEEDBACK: Words(
        title="这次体验怎么样？",
        text="您的话会直接交给门店。",
        privacy="只用于改进服务，不会公开。",
        thanks="您的反馈已经交给门店，我们会认真看。",
    ),
}
# In the order in which they stand on the screen: the first that is wrong gets the focus.
ON_SCREEN = {
    FormName.BIRTHDAY: ("month", "day", "year"),
    FormName.DUE_DATE: ("due_date", "agreed"),
    FormName.CHILD_BIRTHDAY: ("child_birthday", "agreed"),
    FormName.FEEDBACK: ("rating", "text"),
}
RATINGS = [
    {"value": 5, "text": "非常满意"},
    {"value": 4, "text": "满意"},
    {"value": 3, "text": "一般"},
    {"value": 2, "text": "不满意"},
    {"value": 1, "text": "非常不满意"},
]
