"""The table of contract §1.2, typed a second time by hand: code, class, what the action must speak of, and
where waiting helps, the seconds between which the contract wants the next try."""

from __future__ import annotations

from dataclasses import dataclass

# errcode(s) | class | words that the action must hold | seconds, from-to; "-" where waiting does not help
_TABLE = """
-1 | RETRY | at most 3 tries | 1-4
6000 | RETRY | at most 3 tries | 1-3
40001 40014 42001 | TOKEN | refresh the token once and replay once | -
40003 46004 60111 | PERM | directory | -
40007 | PERM | upload again | -
40008 40031 40035 40058 40063 40066 | PERM | bug | -
41001 41002 41004 41009 41011 41035 41046 41049 41059 | PERM | bug | -
40009 40011 40123 45001 44001 | PERM | replace the file | -
41072 41080 41081 41082 41090 | PERM | replace the file | -
830001 830002 830003 | PERM | replace the file | -
40013 40056 301002 | CONFIG | corpid and agentid | -
40050 86008 86214 86215 86216 86217 86220 93000 | PERM | chat or robot | -
40068 | PERM | read the tags again | -
40071 | STATE | use its id | -
40093 41056 43004 | PERM | wrong kind of id or signature | -
40096 610004 | PERM | mark unreachable | -
40097 40130 40131 90500 | PERM | wrong people | -
40098 | CONFIG | 实名认证 | -
40099 40100 40128 40129 40143 | STATE | cannot happen now | -
40126 | QUOTA | delete unused tags | -
41045 | QUOTA | delete unused codes | -
41055 | QUOTA | reuse or delete | -
41095 | QUOTA | delete unused links | -
40201 40204 85002 | PERM | change it | -
40205 | CONFIG | log in to her WeCom again | -
40206 45029 | PERM | split | -
41037 41038 41039 41040 41041 41042 41043 41044 | PERM | contact way | -
41047 41058 41060 41061 41067 | PERM | not one of this app's | -
41048 | STATE | nothing to do | -
41050 | STATE | drop | -
41051 | STATE | drop | -
41053 | STATE | msg_audit_approved | -
41054 | CONFIG | log in to WeCom for the first time | -
41057 | CONFIG | 微信开发者ID | -
41062 | STATE | poll later | -
41063 | RETRY | still being dispatched | 5-30
41064 41065 41088 41089 | PERM | attachments | -
41068 41069 41070 41071 41076 41077 41083 41084 | PERM | intercept rule | -
41078 | RETRY | too many moment jobs | 60-60
41079 | RETRY | still being dispatched | 10-60
41091 | PERM | at most 5 groups | -
41093 | STATE | cancelled | -
41094 | QUOTA | 3 reminders per 24 h | 86400-86400
41096 | RETRY | at most 2 tries, then drop | 1-1
44004 45002 82004 | PERM | empty, too long or not allowed | -
45009 | QUOTA | for the window | 60-60
45024 | CONFIG | no accounts left | -
45033 | CONC | fewer calls of this API at a time | 1-5
45035 | CONC | one write at a time per employee and customer | 1-5
48001 48002 | CONFIG | 可调用接口的应用 | -
48004 48006 | CONFIG | grant it again | -
48005 | PERM | retired | -
49008 | STATE | dismissed | -
50001 90200 90206 90207 610017 | CONFIG | link the domain or mini-program | -
50002 60011 60021 60030 92000 | CONFIG | 应用可见范围 | -
50003 | CONFIG | enable it | -
50100 | PERM | list again from the start | -
60020 | CONFIG | 企业可信IP | -
60136 | STATE | does not exist | -
81013 82001 82002 82003 | PERM | recipients | -
81017 | PERM | name the owners | -
84061 84084 | STATE | no relation | -
84074 84083 | CONFIG | 使用范围 | -
90501 90509 90510 90511 | PERM | customer groups | -
90502 90503 90504 90507 90508 | STATE | cannot be handed over now | -
95001 95002 | STATE | 微信客服 | -
610014 | PERM | unionid | -
701008 | CONFIG | 自建应用 | -
"""


@dataclass(frozen=True)
class Row:
    errcode: int
    kind: str
    action: str
    seconds: tuple[float, float] | None


def _rows(line: str) -> list[Row]:
    codes, kind, action, seconds = (cell.strip() for cell in line.split(" | "))
    low, _, high = seconds.partition("-")
    wait = (float(low), float(high)) if low else None
    return [Row(int(code), kind, action, wait) for code in codes.split()]


ROWS = [row for line in _TABLE.strip().splitlines() for row in _rows(line)]
