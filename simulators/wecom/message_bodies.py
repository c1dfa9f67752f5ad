"""The contents of an application message, by msgtype (contract §10.1)."""

from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from simulators.errors import WeComFault
from simulators.state.card_rules import check_card
from simulators.state.card_shapes import Card
from simulators.state.content import Bytes512, Bytes2048
from simulators.state.media import Media, MediaType

TEXT_BYTES = 2048
ARTICLES = 8
CONTENT_ITEMS = 10


class TextCard(BaseModel):
    title: Annotated[str, Field(min_length=1, max_length=128)]
    description: Annotated[str, Field(min_length=1, max_length=512)]
    url: Annotated[Bytes2048, Field(min_length=1)]
    btntxt: Annotated[str, Field(max_length=4)] = ""


class MediaMessage(BaseModel):
    media_id: str
    title: Annotated[str, Field(max_length=128)] = ""  # of a video, as the description
    description: Annotated[str, Field(max_length=512)] = ""


class Article(BaseModel):
    """Opens an address, or a page of a mini-program."""

    title: Annotated[str, Field(min_length=1, max_length=128)]
    description: Annotated[str, Field(max_length=512)] = ""
    url: Bytes2048 = ""
    picurl: Bytes2048 = ""
    appid: str = ""
    pagepath: str = ""


class News(BaseModel):
    articles: list[Article]


class FullArticle(BaseModel):
    title: Annotated[str, Field(min_length=1, max_length=128)]
    thumb_media_id: str
    author: str = ""
    content_source_url: Bytes2048 = ""
    content: Annotated[str, Field(min_length=1)]
    digest: Bytes512 = ""


class FullNews(BaseModel):
    articles: list[FullArticle]


class NoticeItem(BaseModel):
    key: Annotated[str, Field(min_length=1, max_length=10)]
    value: Annotated[str, Field(min_length=1, max_length=30)]


class MiniProgramNotice(BaseModel):
    appid: str = ""
    page: str = ""
    title: Annotated[str, Field(min_length=4, max_length=12)]
    description: Annotated[str, Field(max_length=12)] = ""
    emphasis_first_item: bool = False
    content_item: Annotated[list[NoticeItem], Field(max_length=CONTENT_ITEMS)] = []


MEDIA: dict[str, MediaType] = {"image": "image", "voice": "voice", "video": "video", "file": "file"}
MSGTYPES = (
    *MEDIA,
    *("text", "markdown", "textcard", "news", "mpnews", "miniprogram_notice", "template_card"),
)


def checked(msgtype: str, content: dict[str, Any], media: Media) -> Card | None:
    """The card, if it is one. Raises WeComFault for what WeCom would refuse."""
    try:
        return _check(msgtype, content, media)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in (msgtype, *first["loc"]))
        raise WeComFault(40058, f"{where}: {first['msg']}") from error


def _check(msgtype: str, content: dict[str, Any], media: Media) -> Card | None:
    match msgtype:
        case "template_card":
            card = Card.model_validate(content)
            check_card(card)
            return card
        case "text" | "markdown":
            _check_text(content.get("content"))
        case "textcard":
            TextCard.model_validate(content)
        case "news":
            _check_news(News.model_validate(content))
        case "mpnews":
            articles = FullNews.model_validate(content).articles
            _check_count(len(articles))
            for article in articles:
                media.require(article.thumb_media_id, "image")
        case "miniprogram_notice":
            if not MiniProgramNotice.model_validate(content).appid:
                raise WeComFault(90200)
        case _:
            media.require(MediaMessage.model_validate(content).media_id, MEDIA[msgtype])
    return None


def _check_text(content: Any) -> None:
    if content is not None and not isinstance(content, str):
        raise WeComFault(40058, "content is a string")
    if not content:
        raise WeComFault(44004)
    if len(content.encode()) > TEXT_BYTES:
        raise WeComFault(45002)


def _check_news(news: News) -> None:
    _check_count(len(news.articles))
    for article in news.articles:
        if article.pagepath and not article.appid:
            raise WeComFault(90200)
        if not (article.url or article.appid):
            raise WeComFault(40058, "news.articles: url, or appid and pagepath")


def _check_count(articles: int) -> None:
    if not 1 <= articles <= ARTICLES:
        raise WeComFault(45008)
