"""httpx logs every request line at INFO, with the whole URL: WeCom's access_token, the app secret, a phone,
or Keruyun's sign, with which anybody gets its token while the timestamp is fresh.

Such values must go into the query (contract §0.2), so this filter on httpx's own logger hides them.
"""

from __future__ import annotations

import logging

import httpx

SENSITIVE = frozenset({"access_token", "appKey", "corpsecret", "phone", "sign", "token", "unionid"})


class _HideQueryValues(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(_hidden(arg) if isinstance(arg, httpx.URL) else arg for arg in record.args)
        return True


def _hidden(url: httpx.URL) -> str:
    for name in SENSITIVE.intersection(url.params):
        url = url.copy_set_param(name, "hidden")
    return str(url)


_FILTER = _HideQueryValues()


def hide_secrets_in_httpx_log() -> None:
    """Safe to call any number of times: logging keeps one instance of a filter once."""
    logging.getLogger("httpx").addFilter(_FILTER)
