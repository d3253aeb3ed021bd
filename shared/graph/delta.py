"""The delta query over users, page by page. https://learn.microsoft.com/graph/delta-query-overview

The SDK's PageIterator stops at an empty page although more follow, and never yields the delta link: links are followed
here, verbatim, and only to the configured host.
"""

from http import HTTPStatus

from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.request_information import RequestInformation
from msgraph.generated.users.delta.delta_request_builder import DeltaRequestBuilder

from shared.errors import DeltaExpired, GraphFailed, Permanent, Transient
from shared.graph.client import SLOW_SECONDS, GraphClient
from shared.graph.readings import TRACKED_PROPERTIES
from shared.graph.replies import About, Reply
from shared.models import Reason, object_id
from shared.ports import DeltaPage

_Query = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters

_NOT_THE_LINK = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
)
"""4xx answers that say nothing about the token; every other one to a stored link means: start over."""

OTHER_CLOUD = "set PREFILL_GRAPH_URL to the Graph of the tenant's cloud (docs/settings.md)"


class GraphChangedUsers:
    """Ids of users created, changed or deleted. A deleted one is named like the others: the look will find it gone."""

    def __init__(self, client: GraphClient) -> None:
        self._client = client

    @property
    def selection(self) -> str:
        """Selected properties are the tracked ones: a change elsewhere does not show up."""
        return ",".join(TRACKED_PROPERTIES)

    async def page(self, link: str | None) -> DeltaPage:
        """See the port."""
        if link is not None and not self._client.is_ours(link):
            raise DeltaExpired("the stored link leads to another host")
        answer = await self._client.send(self._request(link), SLOW_SECONDS)
        if not isinstance(answer, Reply):
            raise GraphFailed(answer)
        if not answer.ok:
            raise self._error(answer, link)
        return self._read(answer)

    def _request(self, link: str | None) -> RequestInformation:
        builder = self._client.sdk.users.delta
        if link is not None:
            return builder.with_url(link).to_get_request_information()
        configuration = RequestConfiguration(query_parameters=_Query(select=list(TRACKED_PROPERTIES)))
        request = builder.to_get_request_information(configuration)
        # the SDK spells the function call "delta()", the documentation and every link that comes back "delta"
        request.url = request.url.replace("/delta()", "/delta")
        return request

    def _error(self, reply: Reply, link: str | None) -> Exception:
        of_the_link = HTTPStatus.BAD_REQUEST <= reply.status < HTTPStatus.INTERNAL_SERVER_ERROR
        if link is not None and of_the_link and reply.status not in _NOT_THE_LINK:
            return DeltaExpired(f"{reply.status} {reply.code}")
        return GraphFailed(reply.failure(self._client.now, About.TENANT))

    def _read(self, reply: Reply) -> DeltaPage:
        body = reply.body if isinstance(reply.body, dict) else {}
        items, next_link, delta_link = (body.get(k) for k in ("value", "@odata.nextLink", "@odata.deltaLink"))
        if not isinstance(items, list) or not (isinstance(next_link, str) or isinstance(delta_link, str)):
            raise GraphFailed(Transient(Reason.GRAPH_UNAVAILABLE, "a delta page without a link"))
        for link in (next_link, delta_link):
            if isinstance(link, str) and not self._client.is_ours(link):
                raise GraphFailed(Permanent(Reason.GRAPH_REFUSED, "a delta link to another host", OTHER_CLOUD))
        ids = (object_id(item.get("id")) for item in items if isinstance(item, dict))
        return DeltaPage(tuple(dict.fromkeys(i for i in ids if i)), next_link, None if next_link else delta_link)
