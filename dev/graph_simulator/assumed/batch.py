"""Assumptions about JSON batches."""

from dev.graph_simulator.assumed.assumption import UNKNOWN, Assumption

_PAGE = "https://learn.microsoft.com/graph/json-batching"

BATCH = (
    Assumption(
        id="batch-one-version",
        what="a batch sent to v1.0 does not know the addresses of beta; one sent to beta does",
        why="the parts are relative to the version of the batch",
        source=f"inferred: {_PAGE}",
        if_wrong="Nothing: the app sends the parts of each version in a batch of their own.",
        check="batch-versions",
        simulated=False,
    ),
    Assumption(
        id="batch-refusals",
        what="21 parts, a repeated id or an absolute address make the whole batch a 400",
        why="the page names the limit of 20 and the other two rules",
        source=f"inferred: {_PAGE}",
        if_wrong="Nothing: the app's batches keep the rules.",
        check="batch-refusals",
    ),
    Assumption(
        id="batch-424",
        what="a part whose dependency failed is a 424",
        why="general knowledge of this interface",
        source="field: https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/1187",
        if_wrong="Nothing: the app's parts do not depend on each other.",
        check="batch-dependency",
    ),
    Assumption(
        id="batch-priority",
        what="the header `x-ms-throttle-priority` of a batch counts for its parts",
        why="the page on throttling names the header, not batches",
        source=UNKNOWN,
        if_wrong="Sweeps and backfills are throttled like everything else, instead of first.",
        unchecked="no answer shows which priority it had",
        simulated=False,
    ),
)
