"""What every operators' route answers when settings, Graph, storage or the caller are not well. Floor 7."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

import azure.functions as func

from shared import http_answers as answers
from shared.errors import GraphFailed, SettingsError


class BadRequest(Exception):
    """What the caller sent is not what the route takes; the text quotes nothing of it."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


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
