"""Assumptions about subscriptions and notifications."""

from dev.graph_simulator.assumed.assumption import UNKNOWN, Assumption

_CREATE = "https://learn.microsoft.com/graph/api/subscription-post-subscriptions"
_RESOURCE = "https://learn.microsoft.com/graph/api/resources/subscription"
_OVERVIEW = "https://learn.microsoft.com/graph/change-notifications-overview"
_DELIVERY = "https://learn.microsoft.com/graph/change-notifications-delivery-webhooks"
_LIFECYCLE = "https://learn.microsoft.com/graph/change-notifications-lifecycle-events"
_ONEDRIVE = "github.com/abraunegg/onedrive src/webhook.d"

SUBSCRIPTIONS = (
    Assumption(
        id="expiry-margin",
        what="a subscription on `users` for 41,760 minutes less 25 hours is accepted",
        why="the overview names 41,760 minutes; other resources have been seen to take a little less",
        source=_OVERVIEW,
        if_wrong="There is no subscription at all: health says `missing`, and the sweep every five minutes is all "
        "there is.",
        check="subscription-create",
        simulated=False,
    ),
    Assumption(
        id="expiry-cap-code",
        what="a longer life is a 400 `ExtensionError` for users as well",
        why="seen for other resources",
        source="field: Outlook and Teams subscriptions in several public programs",
        if_wrong="Nothing: the app asks for a day less.",
        check="subscription-refusals",
    ),
    Assumption(
        id="past-expiry-400",
        what="an end in the past is a 400",
        why="nothing is documented",
        source=UNKNOWN,
        if_wrong="Nothing: the app asks for four weeks.",
        check="subscription-refusals",
    ),
    Assumption(
        id="created-refused",
        what="`created` alone is a 400 for users",
        why="reported in 2019",
        source="field: https://github.com/microsoftgraph/microsoft-graph-docs/issues/4819",
        if_wrong="Nothing: the app subscribes to `updated`.",
        check="subscription-refusals",
        simulated=False,
    ),
    Assumption(
        id="created-in-a-list",
        what="`created` is accepted beside `updated`, and never fires",
        why="one author's answer shows it",
        source="field: https://mac-blog.org.ua/msgraph-subscribe-users/",
        if_wrong="Nothing: the app subscribes to `updated`.",
        check="subscription-rules",
    ),
    Assumption(
        id="filtered-resource-400",
        what="`users?$filter=…` is refused as a resource",
        why="not in the list of what is supported",
        source=f"inferred: {_OVERVIEW}",
        if_wrong="Nothing: the app subscribes to `users`.",
        check="subscription-refusals",
    ),
    Assumption(
        id="long-client-state-400",
        what="a clientState of more than 128 characters is a 400",
        why="only the limit is documented",
        source=f"inferred: {_RESOURCE}",
        if_wrong="Nothing: the app's clientState is shorter.",
        check="subscription-refusals",
    ),
    Assumption(
        id="loopback-http",
        what="http is fine on loopback",
        why="the simulator has no certificates",
        source=UNKNOWN,
        if_wrong="Nothing: a deployed app has an https address.",
        unchecked="only about the simulator",
    ),
    Assumption(
        id="handshake-text",
        what="a failed handshake is a 400 whose message holds the words `validation request`",
        why="three texts under two codes have been seen, all with these words",
        source=f"field: {_ONEDRIVE}",
        if_wrong="The keeper takes a failed handshake for a lasting refusal: the chore ends, and the hourly timer "
        "tries again, instead of a retry within seconds.",
        check="handshake-failure",
        simulated=False,
    ),
    Assumption(
        id="handshake-content-type-checked",
        what="a handshake answer that is not text/plain fails",
        why="the page demands text/plain",
        source=f"inferred: {_DELIVERY}",
        if_wrong="Nothing: the app answers text/plain.",
        check="subscription-rules",
    ),
    Assumption(
        id="twin-code",
        what="a twin is a 409 `ObjectIdentifierInUse` whose message names the other subscription's id without brackets",
        why="another program's log of 2023; the page only has the text",
        source=f"field: {_ONEDRIVE}",
        if_wrong="The code does not matter. Without an id in the message the keeper cannot adopt the twin: it tries "
        "again and again, and health says `missing` although notifications arrive.",
        check="subscription-rules",
    ),
    Assumption(
        id="twin-normalised",
        what="`users` and `/users`, and any order of change types, are the same subscription",
        why="the stricter guess",
        source=UNKNOWN,
        if_wrong="Two subscriptions can exist side by side; the keeper lists them, keeps one and deletes the other.",
        check="subscription-rules",
    ),
    Assumption(
        id="unknown-subscription-404",
        what="GET, PATCH and DELETE of an unknown, expired or foreign subscription are a 404",
        why="the habit of such interfaces",
        source=UNKNOWN,
        if_wrong="A vanished subscription looks like a failure: the keeper stops there and makes no new "
        "one; health says `unchecked` after a day, and `expired` after the remembered end.",
        check="subscription-unknown",
    ),
    Assumption(
        id="subscription-denied-code",
        what="a subscription on users without the permission is a 403 or a 401, `ExtensionError`",
        why="both have been reported",
        source="field: https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/365, "
        "https://github.com/microsoftgraph/microsoft-graph-docs/issues/6472",
        if_wrong="With another status the keeper's advice names the wrong cause; there is no subscription either way.",
        check="denied-calls",
        simulated=False,
    ),
    Assumption(
        id="subscription-reads-denied",
        what="listing subscriptions without the permission is a 403",
        why="the habit of such interfaces",
        source=UNKNOWN,
        if_wrong="An empty list instead of a 403: the keeper tries to create one, and meets the refusal there.",
        check="denied-calls",
    ),
    Assumption(
        id="get-hides-client-state",
        what="GET by id and PATCH hide the clientState, as the list does",
        why="the stricter guess",
        source=UNKNOWN,
        if_wrong="Nothing: the app remembers under which clientState it made a subscription, and never reads one.",
        check="subscription-rules",
    ),
    Assumption(
        id="patch-other-fields-400",
        what="a PATCH of the lifecycle URL is a 400",
        why="the page says that it cannot be changed",
        source=f"inferred: {_LIFECYCLE}",
        if_wrong="Nothing: the app replaces a subscription whose URLs no longer fit.",
        check="subscription-rules",
    ),
    Assumption(
        id="renewal-moves-expiry",
        what="a PATCH of the expiry answers 200 with the new expiry",
        why="the page shows it; one report shows a 200 with the old one",
        source="field: https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/4751 (against it)",
        if_wrong="The subscription ends although it seemed renewed: the sweep finds what was missed, later.",
        check="subscription-rules",
        simulated=False,
    ),
    Assumption(
        id="patched-url-revalidated",
        what="a patched notificationUrl is proved by a handshake",
        why="nothing is documented",
        source=UNKNOWN,
        if_wrong="Nothing: the app does not patch URLs.",
        check="subscription-rules",
    ),
    Assumption(
        id="reauthorize-204",
        what="reauthorize answers 204",
        why="the page says 2xx",
        source=f"inferred: {_LIFECYCLE}",
        if_wrong="Nothing: the app renews by PATCH, which reauthorizes as well.",
        check="subscription-rules",
    ),
    Assumption(
        id="challenge-before-end",
        what="reauthorizationRequired comes 15 minutes before the end of a subscription",
        why="the page says that challenges repeat near the end",
        source=f"inferred: {_LIFECYCLE}",
        if_wrong="Nothing: the keeper renews with two weeks left, whatever comes.",
        unchecked="the shortest life is 45 minutes, longer than a run",
    ),
    Assumption(
        id="lifecycle-payload-shape",
        what="lifecycle notifications about users carry the tenant as `organizationId`, and no `tenantId`",
        why="four reporters between 2023 and 2026, none of them about users",
        source="field: https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/3103, "
        "https://github.com/microsoftgraph/msgraph-sdk-java/issues/1551",
        if_wrong="A lifecycle notification that names the tenant nowhere is dropped: Graph pauses the subscription "
        "until the next renewal, and the hourly sweep is all there is.",
        unchecked="Graph sends one near the end of a subscription or of a token, not within a run",
    ),
    Assumption(
        id="user-payload-shape",
        what="an item about a user has changeType, clientState, resource, resourceData with id and type, "
        "subscriptionId, its expiry and tenantId",
        why="one captured payload of 2019",
        source="field: https://stackoverflow.com/questions/54205899",
        if_wrong="An item without clientState, tenantId, subscriptionId or a resource of the form `users/<id>` is "
        "dropped, with the log action `notifications_dropped`; the sweep finds the user.",
        check="creation-notifications",
    ),
    Assumption(
        id="retry-schedule",
        what="retries of a notification start at 10 seconds and double",
        why="the page says: exponential, up to four hours",
        source=f"inferred: {_DELIVERY}",
        if_wrong="Nothing: the app answers once the ids are queued, and a lost notification is found by the sweep.",
        unchecked="takes hours, and the app does not depend on it",
    ),
    Assumption(
        id="endpoint-state-samples",
        what="an endpoint is judged slow or dropped after ten answers",
        why="no number is documented",
        source=UNKNOWN,
        if_wrong="A rarely used endpoint would be held for ten minutes after fewer slow answers; the sweep fills the "
        "gap.",
        unchecked="needs an endpoint that fails on purpose, and more notifications than one user raises",
    ),
)
