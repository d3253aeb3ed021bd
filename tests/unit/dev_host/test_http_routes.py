"""Route templates against paths."""

import pytest

from dev.host.errors import BindingError
from dev.host.http_routes import RouteTemplate

GUID = "11111111-2222-3333-4444-555555555555"


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("api/health", "/api/health", {}),
        ("api/health", "/API/Health/", {}),
        ("api/health", "/api/health/more", None),
        ("api/health", "/api", None),
        ("api/users/{id}", "/api/users/a%20b%C3%A9", {"id": "a bé"}),
        ("api/users/{id}", "/api/users/a%2fb", {"id": "a%2Fb"}),
        ("api/users/{id}", "/api/users/ann@contoso.com", {"id": "ann@contoso.com"}),
        ("api/users/{id}", "/api/users/", None),
        ("api/users/{id}/reconcile", "/api/users/7/reconcile", {"id": "7"}),
        ("api/users/{id:int}", "/api/users/-7", {"id": "-7"}),
        ("api/users/{id:int}", "/api/users/99999999999", None),
        ("api/users/{id:long}", "/api/users/99999999999", {"id": "99999999999"}),
        ("api/users/{id:guid}", f"/api/users/{GUID}", {"id": GUID}),
        ("api/users/{id:guid}", "/api/users/7", None),
        ("api/users/{id:alpha:minlength(2)}", "/api/users/ab", {"id": "ab"}),
        ("api/users/{id:alpha:minlength(2)}", "/api/users/a", None),
        ("api/users/{id:maxlength(2)}", "/api/users/abc", None),
        ("api/users/{id:regex(^a.c$)}", "/api/users/ABC", {"id": "ABC"}),
        ("api/{flag:bool}", "/api/True", {"flag": "True"}),
        ("api/pages/{n?}", "/api/pages", {}),
        ("api/pages/{n?}", "/api/pages/3", {"n": "3"}),
        ("api/pages/{n:int?}", "/api/pages/x", None),
        ("api/pages/{n=1}", "/api/pages", {"n": "1"}),
        ("api/files/{*path}", "/api/files/a/b/c", {"path": "a/b/c"}),
        ("api/files/{**path}", "/api/files", {}),
        ("{*path}", "/", {}),
    ],
)
def test_match(template: str, path: str, values: dict[str, str] | None) -> None:
    assert RouteTemplate.parse(template).match(path) == values


def test_literals_go_before_parameters_whatever_the_order() -> None:
    written = ["api/{*rest}", "api/runs/{id}", "api/runs/{id:int}", "api/runs/latest"]
    templates = sorted(map(RouteTemplate.parse, written), key=lambda template: template.precedence)
    assert [template.text for template in templates] == written[::-1]


@pytest.mark.parametrize(
    ("template", "complaint"),
    [
        ("api/{id:float}", "constraint 'float'"),
        ("api/{id:minlength(x)}", "route constraint in"),
        ("api/{id:regex([)}", "route constraint in"),
        ("api/user-{id}", "more than this host understands"),
        ("api/{id", "more than this host understands"),
    ],
)
def test_refused(template: str, complaint: str) -> None:
    with pytest.raises(BindingError, match=complaint):
        RouteTemplate.parse(template)
