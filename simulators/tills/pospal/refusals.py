"""What Pospal refuses, and in which words. It publishes no codes: these are the simulator's own [SIM]."""

MESSAGES = {
    1001: "签名错误",
    1002: "appId不存在",
    1003: "参数错误",
    1004: "没有权限调用该接口",
    1005: "今日接口访问次数已用完",
    2001: "指定会员不存在",
    2002: "单据不存在",
    2003: "商品不存在",
    2004: "优惠券规则不存在",
    2005: "优惠券号重复，请更换",
    2006: "查询时间跨度过大",
}


class Refusal(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code
