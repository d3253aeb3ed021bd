"""docs/deployment.md tells of what there is, and of nothing else; alerts lead to a page that exists."""

import json
import re

from dev import infra
from shared.settings import SETTINGS
from tests.infra.checks.operations import RUNBOOKS
from tests.infra.checks.roles import ALLOWED
from tests.infra.deployment import Deployment, workbook_queries

DOCS = infra.ROOT / "docs"
PAGE = (DOCS / "deployment.md").read_text()
GIVEN_BY_AZD = {"AZURE_ENV_NAME", "AZURE_LOCATION", "SERVICE_API_IDENTITY_PRINCIPAL_ID"}


def variables() -> set[str]:
    files = (infra.INFRA / "main.parameters.json", infra.INFRA / "graph" / "main.parameters.json")
    return {name for path in files for name in re.findall(r"\$\{([A-Z_]+)", path.read_text())}


def anchors(page: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def test_every_variable_is_explained_here_or_with_the_settings() -> None:
    ours = variables() - GIVEN_BY_AZD - {setting.name for setting in SETTINGS}
    table = {name for line in PAGE.splitlines() if line.startswith("| `") for name in re.findall(r"`([A-Z_]+)`", line)}
    assert ours <= table
    assert {name for name in table if name.isupper() and "_" in name} - {"PREFILL_RENEW_SCHEDULE"} <= variables()


def test_every_setting_can_be_set_through_azd() -> None:
    assert {setting.name for setting in SETTINGS} <= variables()


def test_the_25_points_are_answered() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+?) \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)
    assert [int(number) for number, *_ in rows] == list(range(1, 26))


def test_roles_are_those_that_are_given() -> None:
    listed = {
        row[0]
        for row in re.findall(r"^\| ([A-Z][\w ]+) \| (storage account|Application Insights|Key Vault) \|", PAGE, re.M)
    }
    assert listed == {role for role, _ in ALLOWED}


def test_alerts_lead_to_a_page_that_helps() -> None:
    assert anchors((DOCS / "operations.md").read_text()) >= RUNBOOKS


def test_the_workbook_leads_to_pages_that_exist(public: Deployment) -> None:
    assert workbook_queries(public)
    text = json.loads(public.the("Microsoft.Insights/workbooks")["properties"]["serializedData"])
    for page, anchor in re.findall(r"docs/([\w-]+\.md)(?:#([\w-]+))?", json.dumps(text)):
        assert not anchor or anchor in anchors((DOCS / page).read_text())


def test_links_within_the_page_lead_somewhere() -> None:
    assert set(re.findall(r"\]\(#([\w-]+)\)", PAGE)) <= anchors(PAGE)
