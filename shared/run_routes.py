"""What the routes of backfill runs do, between the platform's types and the workflows. Floor 7. Operators only."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

import azure.functions as func

from shared import app as root
from shared import http_answers as answers
from shared.errors import Conflict, RunRefused
from shared.models import object_id
from shared.operator_door import BadRequest, answered, given
from shared.telemetry import without_numbers

MOST_NAMED = 1000


@without_numbers
async def plan_run(request: func.HttpRequest) -> func.HttpResponse:
    """POST /api/runs: {"users": ["<object id>", …]}, or nothing for everybody."""

    async def plan() -> func.HttpResponse:
        users = _users(request.get_body())
        run = await (await root.app()).runs.plan(users)
        body = {"id": run.id, "state": "planning"}
        return answers.document(body, HTTPStatus.ACCEPTED, Location=f"/api/runs/{run.id}")

    return await _moved(plan)


@without_numbers
async def show_run(request: func.HttpRequest) -> func.HttpResponse:
    """GET /api/runs/{runId}."""

    async def show() -> func.HttpResponse:
        after = request.params.get("after")
        if after and object_id(after) is None:
            raise BadRequest("badAfter", "give the id of an item, as `next` has it")
        shown = await (await root.app()).run_viewer.show(_id(request), object_id(after))
        return answers.document(shown) if shown else _no_such_run()

    return await _moved(show)


@without_numbers
async def apply_run(request: func.HttpRequest) -> func.HttpResponse:
    """POST /api/runs/{runId}/apply: exactly what was planned."""

    async def apply() -> func.HttpResponse:
        state = await (await root.app()).runs.apply(_id(request))
        body = {"id": _id(request), "state": state.value}
        return answers.document(body, HTTPStatus.ACCEPTED, Location=f"/api/runs/{_id(request)}")

    return await _moved(apply)


@without_numbers
async def cancel_run(request: func.HttpRequest) -> func.HttpResponse:
    """POST /api/runs/{runId}/cancel."""

    async def cancel() -> func.HttpResponse:
        state = await (await root.app()).runs.cancel(_id(request))
        return answers.document({"id": _id(request), "state": state.value})

    return await _moved(cancel)


async def _moved(work: Callable[[], Awaitable[func.HttpResponse]]) -> func.HttpResponse:
    """What is asked may not fit where the run stands."""

    async def move() -> func.HttpResponse:
        from shared.runs import NO_SUCH_RUN

        try:
            return await work()
        except RunRefused as error:
            if error.code == NO_SUCH_RUN:
                return _no_such_run()
            return answers.error(HTTPStatus.CONFLICT, error.code, str(error))
        except Conflict:
            return answers.error(HTTPStatus.CONFLICT, "concurrent", "this run is being moved: ask again")

    return await answered(move)


def _no_such_run() -> func.HttpResponse:
    return answers.error(HTTPStatus.NOT_FOUND, "noSuchRun", "no such run")


def _id(request: func.HttpRequest) -> str:
    return str(request.route_params.get("runId", ""))


def _users(body: bytes) -> tuple[str, ...] | None:
    """Whom a run is about; None: everybody. Raises BadRequest."""
    asked = given(body)
    if asked is None:
        return None
    # a misspelt name must not turn some into everybody
    named = asked["users"] if isinstance(asked, dict) and set(asked) == {"users"} else None
    if not isinstance(named, list) or not 1 <= len(named) <= MOST_NAMED:
        raise _bad_users()
    ids = [known for user in named if (known := object_id(user))]
    if len(ids) < len(named):
        raise _bad_users()
    return tuple(dict.fromkeys(ids))


def _bad_users() -> BadRequest:
    return BadRequest("badUsers", f'give {{"users": ["<object id>", …]}} with 1 to {MOST_NAMED} ids, or no body')
