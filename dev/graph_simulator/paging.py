"""Pages of a list: `$top`, and an opaque `$skiptoken` in an absolute `@odata.nextLink`.

https://learn.microsoft.com/graph/paging
"""

from collections.abc import Sequence
from urllib.parse import quote

from dev.graph_simulator.errors import bad_request, unsupported_query
from dev.graph_simulator.exchange import GraphRequest, JsonObject

USUAL_PAGE, LARGEST_PAGE = 100, 999
_PREFIX = "at-"


def page_of[T](request: GraphRequest, items: Sequence[T]) -> tuple[Sequence[T], JsonObject]:
    """Return the items of the requested page, and the link to the next one as a part of the body ({} if none)."""
    start, size = _start(request), _size(request)
    shown = items[start : start + size]
    if start + size >= len(items):
        return shown, {}
    return shown, {"@odata.nextLink": _link(request, start + size)}


def _size(request: GraphRequest) -> int:
    text = request.query.get("$top", str(USUAL_PAGE))
    if not text.isdigit() or not 1 <= int(text) <= LARGEST_PAGE:
        raise unsupported_query(f"Invalid page size specified: '{text}'. Must be between 1 and 999 inclusive.")
    return int(text)


def _start(request: GraphRequest) -> int:
    text = request.query.get("$skiptoken", "")
    if not text:
        return 0
    number = text.removeprefix(_PREFIX)
    if not number.isdigit() or number == text:
        raise bad_request("The specified page token value has expired or is invalid.", "Directory_ExpiredPageToken")
    return int(number)


def _link(request: GraphRequest, start: int) -> str:
    """Return the requested address with every option and the token."""
    options = {**request.query, "$skiptoken": f"{_PREFIX}{start}"}
    return f"{request.root}{request.path}?" + "&".join(
        f"{name}={quote(value, safe=',')}" for name, value in options.items()
    )
