"""/openapi.json for people's eyes, without a page of somebody else's network."""

from typing import Any

Schema = dict[str, Any]

METHODS = ("get", "post", "put", "delete", "patch")
TITLES = {
    "WeCom": "企业微信接口 /cgi-bin",
    "till": "收银系统接口 /pos",
    "control": "控制接口 /_control",
    "population": "自动人群 /_control/population",
    "images": "二维码与图片",
}


def sections(api: Schema) -> list[dict[str, Any]]:
    """By tag, in the order of TITLES; each operation with its parameters and fields."""
    found: dict[str, list[dict[str, Any]]] = {tag: [] for tag in TITLES}
    for path, item in api["paths"].items():
        for method in METHODS:
            if method in item:
                tag = (item[method].get("tags") or ["control"])[0]
                found.setdefault(tag, []).append(_operation(api, method, path, item[method]))
    return [{"title": TITLES.get(tag, tag), "operations": ones} for tag, ones in found.items() if ones]


def _operation(api: Schema, method: str, path: str, operation: Schema) -> dict[str, Any]:
    fields = [
        {
            "name": one["name"],
            "where": {"query": "查询", "path": "路径", "header": "请求头"}.get(one["in"], one["in"]),
            "type": _type(one.get("schema", {})),
            "needed": one.get("required", False),
            "text": _text(one),
        }
        for one in operation.get("parameters", [])
    ]
    for content in (operation.get("requestBody") or {}).get("content", {}).values():
        fields += _body(api, content.get("schema", {}))
    text = operation.get("description") or ""
    return {"method": method.upper(), "path": path, "text": text, "fields": fields}


def _body(api: Schema, schema: Schema) -> list[dict[str, Any]]:
    schema = _resolved(api, schema)
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "where": "正文",
            "type": _type(field),
            "needed": name in required,
            "text": _text(field),
        }
        for name, field in schema.get("properties", {}).items()
    ]


def _resolved(api: Schema, schema: Schema) -> Schema:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: Schema = api["components"]["schemas"][reference.rpartition("/")[2]]
    return found


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema or "const" in schema:
        return " | ".join(map(str, schema.get("enum", [schema.get("const")])))
    variants = schema.get("anyOf") or schema.get("oneOf")
    if variants:
        return " | ".join(_type(one) for one in variants)
    if schema.get("type") == "array":
        return f"{_type(schema.get('items', {}))}[]"
    return str(schema.get("type", "any"))


def _text(field: Schema) -> str:
    default = f"默认 {field['default']}" if field.get("default") not in (None, "", [], {}) else ""
    return "；".join(part for part in (field.get("description", ""), default) if part)
