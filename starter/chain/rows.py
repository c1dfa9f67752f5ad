"""The lines of the files as models. A field that is not set stands for a column that the file lacks."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel, ConfigDict, model_validator

from domain.geo import in_china
from starter.chain.cells import (
    ChatId,
    Column,
    Count,
    Degrees,
    Flag,
    Moment,
    Name,
    Pieces,
    Shifts,
    StoreId,
    System,
    UserId,
    Word,
    Zone,
)
from starter.chain.problems import wrong

WHERE = "give all three of 纬度, 经度 and 坐标系 (or --coordinates), or none"


class Row(BaseModel):
    """An empty cell means: none. Where there can be no none, it means: as it is, or the default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def columns(cls) -> Iterator[tuple[str, Column]]:
        for name, info in cls.model_fields.items():
            yield name, next(m for m in info.metadata if isinstance(m, Column))

    @classmethod
    def key(cls) -> str:
        """The field that names the row: the first."""
        return next(iter(cls.model_fields))

    @classmethod
    def may_be_none(cls, field: str) -> bool:
        info = cls.model_fields[field]
        return not info.is_required() and info.default is None


class StoreRow(Row):
    store_id: Annotated[
        StoreId,
        Column("门店编号", "示例S001", "收银系统里的编号", ("门店编码", "门店代码", "门店id", "店号")),
    ]
    name: Annotated[
        Name, Column("门店名称", "中关村店", "印在海报上，也是客户标签", ("名称", "店名", "门店名"))
    ] = ""
    region: Annotated[
        Word | None, Column("区域", "北京", "分区的编号或名称", ("分区", "大区", "region_id"))
    ] = None
    city: Annotated[Name | None, Column("城市", "北京", "选填", ("所在城市",))] = None
    address: Annotated[
        Name | None, Column("地址", "海淀区中关村大街1号", "选填，扫码页上显示", ("门店地址", "详细地址"))
    ] = None
    latitude: Annotated[Degrees | None, Column("纬度", "39.984154", "十进制度数", ("lat",))] = None
    longitude: Annotated[Degrees | None, Column("经度", "116.307490", "十进制度数", ("lng", "lon"))] = None
    coordinates: Annotated[
        System | None,
        Column("坐标系", "GCJ-02", "高德、腾讯地图填 GCJ-02，百度填 BD-09，GPS 填 WGS-84", ("坐标类型",)),
    ] = None
    manager: Annotated[
        UserId | None,
        Column("店长", "zhangsan", "选填，店长的员工账号，收跟进待办", ("店长账号", "门店店长", "负责人")),
    ] = None
    wifi: Annotated[
        Name | None,
        Column("WiFi", "ZGC-Guest，密码 88888888", "选填，欢迎语里告诉顾客", ("Wi-Fi", "无线网络", "无线")),
    ] = None
    zone: Annotated[Zone, Column("时区", "Asia/Shanghai", "选填", ("timezone",))] = "Asia/Shanghai"
    active: Annotated[Flag, Column("状态", "营业", "营业或停业", ("营业状态", "是否营业", "启用"))] = True

    @model_validator(mode="after")
    def _somewhere(self) -> "StoreRow":
        place = self.latitude, self.longitude
        if place == (None, None):
            return self
        if None in (*place, self.coordinates):
            missing = "latitude" if self.latitude is None else "longitude"
            raise wrong("is missing", WHERE, missing if None in place else "coordinates")
        latitude, longitude = self.latitude or 0.0, self.longitude or 0.0
        if (latitude, longitude) == (0, 0):
            raise wrong(
                "is 0, and so is the longitude", "leave both empty if the place is not known", "latitude"
            )
        if abs(latitude) > 90 or (not in_china(latitude, longitude) and in_china(longitude, latitude)):
            raise wrong(f"cannot be {latitude}", "latitude and longitude may have changed places", "latitude")
        if abs(longitude) > 180:
            raise wrong(f"cannot be {longitude}", "it goes from -180 to 180", "longitude")
        return self


class EmployeeRow(Row):
    userid: Annotated[
        UserId,
        Column(
            "员工账号",
            "示例zhangsan",
            "企业微信通讯录里的“账号”，不是姓名",
            ("账号", "企业微信账号", "成员账号"),
        ),
    ]
    name: Annotated[Name, Column("姓名", "张三", "选填", ("员工姓名",))] = ""
    store_id: Annotated[
        StoreId | None, Column("门店编号", "S001", "所属门店", ("门店编码", "门店id", "店号"))
    ] = None
    shifts: Annotated[
        Shifts,
        Column("班次", "周一至周五 09:00-18:00; 周六 10:00-20:00", "选填，不填为随时", ("排班", "上班时间")),
    ] = []
    daily_adds: Annotated[
        Count | None, Column("每日上限", "50", "选填，扫码页每天分给他的新好友数", ("每日添加上限",))
    ] = None
    active: Annotated[Flag, Column("在职", "是", "是或否", ("状态", "是否在职", "在职状态"))] = True


class GroupRow(Row):
    chat_id: Annotated[
        ChatId, Column("群ID", "示例wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA", "客户群的 chat_id", ("群编号",))
    ]
    name: Annotated[Name, Column("群名", "中关村店福利群", "选填", ("群名称",))] = ""
    store_id: Annotated[
        StoreId | None, Column("门店编号", "S001", "所属门店", ("门店编码", "门店id", "店号"))
    ] = None
    kind: Annotated[Word, Column("类型", "store", "选填，门店群填 store", ("群类型",))] = "store"
    owner: Annotated[UserId | None, Column("群主", "zhangsan", "群主的员工账号", ("群主账号",))] = None
    qr_picture: Annotated[
        Name | None,
        Column("群二维码图片", "qr/中关村店.png", "选填，手工导出的图片，路径相对于本文件", ("二维码图片",)),
    ] = None
    exported_at: Annotated[
        Moment | None, Column("导出日期", "2026-03-01", "图片的导出日期，7 天内有效", ("二维码导出日期",))
    ] = None

    @model_validator(mode="after")
    def _both(self) -> "GroupRow":
        if self.qr_picture and self.exported_at is None:
            raise wrong("is missing", "a picture lives 7 days: say when it was exported", "exported_at")
        if self.exported_at and not self.qr_picture:
            raise wrong("is missing", "name the picture, or leave both empty", "qr_picture")
        return self


class VoucherRow(Row):
    store_id: Annotated[
        StoreId, Column("门店编号", "示例S001", "给券的门店", ("门店编码", "门店代码", "门店id", "店号"))
    ]
    total: Annotated[Pieces, Column("数量", "50", "这家门店一共有多少份，含已发和已用的", ("总数", "份数"))]
