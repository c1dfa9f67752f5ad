"""Mother and baby: the city's group, stages that move by themselves, knowledge before promotions."""

from domain.playbook import ContentClass
from domain.touches import TouchStatus
from tests.playbooks.stories.conftest import Lives
from tests.playbooks.stories.living import somebody

BOOK = "mother-baby"


def test_M55_she_joins_the_group_of_the_city_in_which_the_store_is(lives: Lives) -> None:
    """The store where she scans has no mothers' group of its own: the city has one."""
    stores = [
        {"store": "BJ1", "name": "朝阳店", "city": "北京"},
        {"store": "SH1", "name": "徐汇店", "city": "上海"},
        {"store": "SH2", "name": "静安店", "city": "上海"},
    ]
    groups = [
        {"kind": "city", "store": "BJ1", "name": "北京妈妈群"},
        {"kind": "city", "store": "SH1", "name": "上海妈妈群"},
        {"store": "SH2", "name": "静安店群"},
    ]
    town = {"stores": stores, "groups": groups}
    she = lives(BOOK, somebody(comes={"store": "SH2", "placement": "shelf"}, town=town), days=1)
    assert she.greeting.why == "with the QR of 上海妈妈群"
    assert she.facts.city == "上海"


def test_M56_the_greeting_asks_for_the_due_date_and_for_the_childs_birthday(lives: Lives) -> None:
    she = lives(BOOK, "new_mother")
    assert she.greeting.text.count("(a link of her own)") == 2
    assert she.facts.answered == {"due_date", "child_birthday"}


def test_M56_the_stage_moves_by_itself_on_the_due_date(lives: Lives) -> None:
    """Nothing happens on that day but the day itself; she has told nothing of the birth yet."""
    she = lives(BOOK, "new_mother")
    assert she.logged("life stage 孕期") == [(4, "Fri 10:00")], "the first days were over"
    assert she.logged("life stage 0-3 月") == [(60, "Fri 00:00")]
    assert not [line for line in she.diary.lines if line.kind == "she" and she.diary.day(line.at) == 60]


def test_M56_the_tag_in_wecom_is_always_that_of_her_stage(lives: Lives) -> None:
    she = lives(BOOK, "new_mother")
    assert she.tagged("tag 阶段-孕期 put on") == [4]
    assert she.tagged("tag 阶段-孕期 taken off") == she.tagged("tag 阶段-0到3月 put on") == [60]
    assert she.tagged("tag 阶段-0到3月 taken off") == she.tagged("tag 阶段-4到6月 put on") == [154]
    assert [row.tag for row in she.tags if row.present and row.tag.startswith("阶段")] == ["阶段-4到6月"]


def test_M56_milestones_are_counted_from_the_birthday_once_she_has_told_it(lives: Lives) -> None:
    """Due on day 60, born on day 62, told on day 70: a month later is day 93, not 91."""
    she = lives(BOOK, "new_mother")
    assert she.days("宝宝满月啦") == [93]
    assert she.days("宝宝两个月了") == [123]
    assert she.logged("life stage 4-6 月")[0][0] == 154


def test_M56_nobody_is_congratulated_on_a_child_of_whom_we_do_not_know(lives: Lives) -> None:
    she = lives(BOOK, "new_mother")
    assert she.days("预产期到了，祝您一切顺利") == [65]
    assert not she.days("恭喜您")


def test_M56_what_belongs_to_a_day_that_is_over_is_left_out(lives: Lives) -> None:
    """She came two months before the date: what is said three months before is not said late."""
    she = lives(BOOK, "new_mother")
    assert not she.days("进入孕晚期了")
    assert she.days("离预产期还有四周") == [32]


def test_M56_without_a_date_she_is_asked_once_and_stays_before_it(lives: Lives) -> None:
    she = lives(BOOK, "hoping")
    assert len(she.days("填上预产期或宝宝生日")) == 1
    assert she.has("阶段-备孕")
    assert [len(she.days(words)) for words in ("叶酸", "孕前检查", "待产包整套", "纸尿裤")] == [1, 1, 0, 0]


def test_M59_two_pieces_of_knowledge_go_before_each_promotion(lives: Lives) -> None:
    kinds = [touch.kind for touch in lives(BOOK, "new_mother").sent() if touch.kind != ContentClass.GENERAL]
    assert kinds.count(ContentClass.DISCOUNT) == 2
    since = 0
    for kind in kinds:
        assert kind != ContentClass.DISCOUNT or since >= 2
        since = since + 1 if kind == ContentClass.KNOWLEDGE else 0


def test_M59_a_promotion_before_its_knowledge_is_refused_with_the_reason(lives: Lives) -> None:
    """She comes late in her pregnancy: there was time for one piece only."""
    joins = {"after": "invitation", "delay": "5m", "join": True}
    late = {"answer": {"form": "due_date", "in_days": 35}, "day": 1}
    she = lives(BOOK, somebody(comes={"placement": "shelf"}, does=[joins, late]), days=20)
    (promotion,) = [touch for touch in she.touches if touch.kind == ContentClass.DISCOUNT]
    assert promotion.status == TouchStatus.REFUSED
    assert promotion.rule == "mix"
    assert not she.days("待产包整套")
