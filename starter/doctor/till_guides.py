"""Where the operators of each provider find what the settings want. From the providers' own documents."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Guide:
    """`keys`: where POS_* come from. `rights`: what must be granted. `push`: where our address is entered."""

    keys: str
    rights: str
    push: str


GUIDES = {
    "generic": Guide(
        keys="ask who runs the till for its address (POS_BASE_URL) and key (POS_API_KEY)",
        rights="ask who runs the till to let POS_API_KEY read and issue coupons",
        push="tell who runs the till this address, and the secret of POS_WEBHOOK_SECRET",
    ),
    "square": Guide(
        keys="Square Developer Console → your application → Credentials: POS_API_KEY is the access token",
        rights="give the token CUSTOMERS_READ, ORDERS_READ, PAYMENTS_READ, ITEMS_READ, INVENTORY_READ, "
        "MERCHANT_PROFILE_READ, LOYALTY_READ and LOYALTY_WRITE",
        push="Developer Console → Webhooks → Subscriptions; its signature key is POS_WEBHOOK_SECRET",
    ),
    "youzan": Guide(
        keys="有赞云控制台 → 应用: POS_APP_ID is client_id, POS_API_KEY client_secret; "
        "POS_ACCOUNT is the shop's kdt_id",
        rights="有赞云控制台 → 应用 → 能力包: apply for 客户, 交易, 商品, 门店 and 优惠券",
        push="有赞云控制台 → 应用 → 消息推送",
    ),
    "pospal": Guide(
        keys="银豹 gives one appId and appKey per store, and the address of your area: "
        "POS_STORE_KEYS=S001=appId:appKey,S002=…",
        rights="ask 银豹 to open 会员, 单据, 商品 and 优惠券 of the open platform for each store",
        push="openNotificationOpenApi/updatePushUrl, once for each store",
    ),
    "keruyun": Guide(
        keys="客如云开放平台 → 应用: POS_APP_ID is appKey, POS_API_KEY the secret, POS_ACCOUNT the brandId",
        rights="客如云开放平台 → 应用 → 接口权限: order, CRM, coupon, shop and stock; many are paid (收费)",
        push="客如云开放平台 → 应用 → 推送地址",
    ),
}
