"""/subscriptions: create with a handshake, list, get, renew, reauthorize, delete.

https://learn.microsoft.com/graph/api/resources/subscription and its methods
"""

from dev.graph_simulator.clock import SECONDS_PER_MINUTE, iso
from dev.graph_simulator.errors import GraphError, bad_request
from dev.graph_simulator.exchange import NO_CONTENT, GraphRequest, GraphResponse, JsonObject
from dev.graph_simulator.handshake import Validate
from dev.graph_simulator.model import Subscription
from dev.graph_simulator.notices import raise_lifecycle
from dev.graph_simulator.subscription_rules import (
    REAUTHORIZE_BEFORE_END_SECONDS,
    checked_client_state,
    checked_expiry,
    checked_resource,
    checked_types,
    checked_url,
    same_combination,
)
from dev.graph_simulator.tenant import Tenant

MOST_PER_APP_AND_TENANT = 100
"""https://learn.microsoft.com/graph/change-notifications-overview#subscription-limits"""


class Subscriptions:
    """The handlers; `validate` performs the handshake over the wire."""

    def __init__(self, validate: Validate) -> None:
        self._validate = validate

    async def create(self, tenant: Tenant, request: GraphRequest) -> GraphResponse:
        """POST /subscriptions: blocks while both URLs prove themselves."""
        given = request.fields()
        draft = _draft(tenant, request, given)
        _refuse_twin(tenant, draft)
        await self._prove(tenant, draft.notification_url, draft.lifecycle_url)
        _refuse_twin(tenant, draft)
        tenant.subscriptions[draft.id] = draft
        _watch(tenant, draft)
        return GraphResponse(201, _shown(draft, request, draft.client_state))

    async def renew(self, tenant: Tenant, request: GraphRequest) -> GraphResponse:
        """PATCH: a new end, or a new notificationUrl (proved again); also re-authorizes.

        https://learn.microsoft.com/graph/api/subscription-update
        """
        subscription, given = _find(tenant, request), request.fields()
        refused = sorted(set(given) - {"expirationDateTime", "notificationUrl"})
        if refused:
            # [assume: patch-other-fields-400]
            raise bad_request(f"The property '{refused[0]}' cannot be updated.", "InvalidRequest")
        expires = subscription.expires_at
        if "expirationDateTime" in given:
            expires = checked_expiry(given["expirationDateTime"], tenant.now())
        url = checked_url(given.get("notificationUrl", subscription.notification_url), "notificationUrl")
        if url != subscription.notification_url:
            # [assume: patched-url-revalidated]
            await self._prove(tenant, url, None)
        subscription.expires_at, subscription.notification_url = expires, url
        subscription.patched_at, subscription.awaiting_reauthorization = tenant.now(), False
        _watch(tenant, subscription)
        return GraphResponse(200, _shown(subscription, request, None))

    async def _prove(self, tenant: Tenant, notification_url: str, lifecycle_url: str | None) -> None:
        seconds = tenant.switches.handshake_timeout_seconds
        await self._validate(notification_url, seconds)
        if lifecycle_url:
            await self._validate(lifecycle_url, seconds)


def list_subscriptions(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """GET: this app's subscriptions only, no OData options, paged, clientState always null."""
    options = [name for name in request.query if name.startswith("$") and name != "$skiptoken"]
    if options:
        raise bad_request(f"The query option {options[0]} is not supported for subscriptions.", "InvalidRequest")
    own = [item for item in tenant.subscriptions.values() if item.app_id == request.caller.app_id]
    if tenant.switches.hide_subscriptions_in_list:
        own = []
    start, size = int(request.query.get("$skiptoken", "0")), tenant.switches.subscription_page_size
    body: JsonObject = {"@odata.context": f"{request.root}/$metadata#subscriptions"}
    if start + size < len(own):
        body["@odata.nextLink"] = f"{request.root}/subscriptions?$skiptoken={start + size}"
    body["value"] = [_fields(item, None) for item in own[start : start + size]]
    return GraphResponse(200, body)


def get_subscription(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """GET by id; clientState is not shown either ([assume: get-hides-client-state])."""
    return GraphResponse(200, _shown(_find(tenant, request), request, None))


def delete_subscription(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """DELETE: 204."""
    del tenant.subscriptions[_find(tenant, request).id]
    return NO_CONTENT


def reauthorize(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """POST …/reauthorize: does not move the end ([assume: reauthorize-204])."""
    subscription = _find(tenant, request)
    subscription.reauthorized_at, subscription.awaiting_reauthorization = tenant.now(), False
    return NO_CONTENT


def _draft(tenant: Tenant, request: GraphRequest, given: JsonObject) -> Subscription:
    now = tenant.now()
    for name in ("changeType", "notificationUrl", "resource", "expirationDateTime"):
        if not given.get(name):
            raise bad_request(f"The required property '{name}' is missing.", "InvalidRequest")
    lifecycle = given.get("lifecycleNotificationUrl")
    return Subscription(
        id=tenant.new_id(),
        app_id=request.caller.app_id,
        creator_id=request.caller.object_id,
        resource=checked_resource(given["resource"]),
        change_types=checked_types(given["changeType"]),
        notification_url=checked_url(given["notificationUrl"], "notificationUrl"),
        lifecycle_url=checked_url(lifecycle, "lifecycleNotificationUrl") if lifecycle else None,
        client_state=checked_client_state(given.get("clientState")),
        expires_at=checked_expiry(given["expirationDateTime"], now),
        tls_version=str(given.get("latestSupportedTlsVersion") or "v1_2"),
        created_at=now,
        reauthorize_at=0.0,
    )


def _refuse_twin(tenant: Tenant, draft: Subscription) -> None:
    """409 on the same resource and change types, whatever the URL ([assume: twin-code]).

    https://learn.microsoft.com/graph/api/subscription-post-subscriptions
    """
    own = [item for item in tenant.subscriptions.values() if item.app_id == draft.app_id]
    for item in own:
        if same_combination(item, draft):
            message = f"Subscription Id {item.id} already exists for the requested combination"
            raise GraphError(409, "ObjectIdentifierInUse", message)
    if len(own) >= MOST_PER_APP_AND_TENANT:
        raise GraphError(403, "Forbidden", "The limit of 100 subscriptions per application and tenant is reached.")


def _find(tenant: Tenant, request: GraphRequest) -> Subscription:
    """The caller's own subscription ([assume: unknown-subscription-404])."""
    found = tenant.subscriptions.get(request.params["subscription"].casefold())
    if found is None or found.app_id != request.caller.app_id:
        raise GraphError(404, "ResourceNotFound", "The object was not found.")
    return found


def _watch(tenant: Tenant, subscription: Subscription) -> None:
    """End the subscription in time, and ask for re-authorization shortly before ([assume: challenge-before-end])."""
    end = subscription.expires_at

    def finish() -> None:
        if subscription.expires_at <= tenant.now():
            tenant.subscriptions.pop(subscription.id, None)

    def challenge() -> None:
        if subscription.expires_at == end and subscription.id in tenant.subscriptions:
            raise_lifecycle(tenant, subscription, "reauthorizationRequired")

    subscription.reauthorize_at = end - REAUTHORIZE_BEFORE_END_SECONDS
    tenant.at(max(tenant.now() + SECONDS_PER_MINUTE, subscription.reauthorize_at), challenge)
    tenant.at(end, finish)


def _shown(subscription: Subscription, request: GraphRequest, client_state: str | None) -> JsonObject:
    context = f"{request.root}/$metadata#subscriptions/$entity"
    return {"@odata.context": context, **_fields(subscription, client_state)}


def _fields(subscription: Subscription, client_state: str | None) -> JsonObject:
    return {
        "id": subscription.id,
        "resource": subscription.resource,
        "applicationId": subscription.app_id,
        "changeType": ",".join(subscription.change_types),
        "clientState": client_state,
        "notificationUrl": subscription.notification_url,
        "notificationQueryOptions": None,
        "lifecycleNotificationUrl": subscription.lifecycle_url,
        "expirationDateTime": iso(subscription.expires_at),
        "creatorId": subscription.creator_id,
        "includeResourceData": None,
        "latestSupportedTlsVersion": subscription.tls_version,
        "encryptionCertificate": None,
        "encryptionCertificateId": None,
        "notificationUrlAppId": None,
    }
