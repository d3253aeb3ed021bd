"""Alerts, workbook, logs, tags."""

import re

from tests.infra.checks.registry import DIAGNOSTICS, GROUP, INSIGHTS, RULE, SITE, STORE, VAULT, WORKSPACE, Wrong, check
from tests.infra.deployment import Deployment, last_name, queries, type_of, workbook_queries

SIGNAL_TABLES = ("traces", "requests")
RUNBOOKS = {
    *(
        "parked",
        "no-heartbeat",
        "subscription-near-its-end",
        "breaker-tripped",
        "failures",
        "slow-webhook",
        "forbidden",
    ),
}


@check
def alerts_reach_somebody_and_say_what_to_do(deployment: Deployment) -> Wrong:
    group = deployment.the(GROUP)["id"]
    rules = {last_name(rule).split("-", 2)[2]: rule["properties"] for rule in deployment.of_type(RULE)}
    yield from (f"no alert for {name}" for name in RUNBOOKS - set(rules))
    yield from (f"{name} has no runbook" for name in set(rules) - RUNBOOKS)
    for name, rule in rules.items():
        page = f"docs/operations.md#{name}"
        if page not in rule["description"] or rule["actions"].get("customProperties", {}).get("runbook") != page:
            yield f"{name} does not name {page}"
        if rule["actions"]["actionGroups"] != [group]:
            yield f"{name} calls nobody"
        if rule.get("severity") not in range(5) or not rule["enabled"]:
            yield f"{name} has no severity, or is off"
        if rule["scopes"] != [deployment.the(INSIGHTS)["id"]]:
            yield f"{name} asks another component"


@check
def silence_raises_an_alert(deployment: Deployment) -> Wrong:
    [rule] = [each for each in deployment.of_type(RULE) if last_name(each).endswith("no-heartbeat")]
    criterion = rule["properties"]["criteria"]["allOf"][0]
    if (criterion["operator"], criterion["threshold"], criterion["timeAggregation"]) != ("LessThan", 1, "Count"):
        yield "no-heartbeat does not fire on silence"
    if "summarize" in criterion["query"].partition(";")[2]:
        yield "no-heartbeat summarizes: silence would be one row"


@check
def queries_read_tables_that_are_not_sampled(deployment: Deployment) -> Wrong:
    for name, query in queries(deployment).items():
        own = query.partition(";")[2]
        if not any(re.search(rf"\b{table}\b", own) for table in ("signals", *SIGNAL_TABLES)):
            yield f"{name} reads no table"
        for table in set(re.findall(r"^\(?(\w+)$|^\((\w+) \|", own, re.MULTILINE)):
            word = "".join(table)
            if word not in ("union", "signals", *SIGNAL_TABLES):
                yield f"{name} reads {word}"


@check
def the_workbook_answers_seven_questions(deployment: Deployment) -> Wrong:
    wanted = {
        *("Is it working?", "When does the subscription end?", "What is stuck?", "Coverage over time"),
        *("Outcomes by reason", "From creation to phone", "Throttled and refused by Graph"),
    }
    found = workbook_queries(deployment)
    yield from (f"the workbook does not answer: {name}" for name in wanted - {n for n, query in found.items() if query})


@check
def logs_are_kept_and_bounded(deployment: Deployment) -> Wrong:
    workspace = deployment.the(WORKSPACE)["properties"]
    if workspace.get("retentionInDays", 0) < 30:
        yield "no retention"
    if workspace.get("workspaceCapping", {}).get("dailyQuotaGb") is None:
        yield "no daily limit"
    watched = {
        type_of(each["id"].rpartition("/providers/Microsoft.Insights")[0]) for each in deployment.of_type(DIAGNOSTICS)
    }
    wanted = {SITE, VAULT, *(f"{STORE}/{service}Services" for service in ("blob", "queue", "table"))}
    yield from (f"no diagnostics of {kind}" for kind in wanted - watched)


@check
def everything_is_tagged(deployment: Deployment) -> Wrong:
    for each in deployment.snapshot["predictedResources"]:
        if "location" in each and each.get("tags", {}).get("azd-env-name") != "test":
            yield f"{each['name']} has no azd-env-name"
    if deployment.the(SITE)["tags"].get("azd-service-name") != "api":
        yield "azd does not find the site"
