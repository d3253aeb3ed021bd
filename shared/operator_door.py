"""What every operators' route answers when settings, Graph, storage or the caller are not well. Floor 7."""

import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import azure.functions as func

from shared import http_answers as answers
from shared.errors import GraphFailed, SettingsError


class BadRequest(Exception):
    """What the caller sent is not what the route takes; the text quotes nothing of it."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def given(body: bytes) -> Any:
    """The JSON that a caller sent. None: no body, or an empty object. What is no JSON becomes what fits nowhere."""
    if not body.strip():
        return None
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return ()
    if value is None:
        return ()
    return None if value == {} else value


async def answered(work: Callable[[], Awaitable[func.HttpResponse]]) -> func.HttpResponse:
    """The work's answer, or why there is none."""
    from azure.core.exceptions import AzureError

    try:
        return await work()
    except SettingsError as error:
        return answers.bad_settings(error)
    except GraphFailed as error:
        return answers.graph_failed(error.failure)
    except AzureError as error:
        unavailable = HTTPStatus.SERVICE_UNAVAILABLE
        return answers.error(unavailable, "storageUnavailable", type(error).__name__, **{"Retry-After": "30"})
    except BadRequest as error:
        return answers.error(HTTPStatus.BAD_REQUEST, error.code, str(error))
