"""One function of each kind. Copied into a folder of its own and run by the host as an app."""

import asyncio
import base64
import json
import logging
import time
from typing import Any, List  # noqa: UP035 - the worker refuses Out[list[str]]

import azure.functions as func
from azure.identity.aio import ManagedIdentityCredential

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
CONNECTION = "AzureWebJobsStorage"
running = 0


@app.route(route="send", methods=["POST"])
@app.queue_output(arg_name="out", queue_name="%WORK_QUEUE%", connection=CONNECTION)
def send(req: func.HttpRequest, out: func.Out[bytes]) -> func.HttpResponse:
    """The body becomes one message, untouched."""
    out.set(req.get_body())
    return func.HttpResponse(status_code=202)


@app.route(route="send-list", methods=["POST"])
@app.queue_output(arg_name="out", queue_name="%OUT_QUEUE%", connection=CONNECTION)
def send_list(req: func.HttpRequest, out: func.Out[List[str]]) -> func.HttpResponse:  # noqa: UP006
    """Each element of a JSON array of strings becomes one message."""
    out.set(req.get_json())
    return func.HttpResponse(status_code=202)


@app.route(route="send-text", methods=["POST"])
@app.queue_output(arg_name="out", queue_name="%OUT_QUEUE%", connection=CONNECTION)
def send_text(req: func.HttpRequest, out: func.Out[str]) -> func.HttpResponse:
    """The body as text: the host looks whether it is JSON."""
    out.set("overwritten")
    out.set(req.get_body().decode())
    return func.HttpResponse(status_code=202)


@app.queue_trigger(arg_name="msg", queue_name="%WORK_QUEUE%", connection=CONNECTION)
@app.queue_output(arg_name="out", queue_name="%OUT_QUEUE%", connection=CONNECTION)
async def work(msg: func.QueueMessage, out: func.Out[bytes], context: func.Context) -> None:
    """Do as the message says: sleep so many seconds, fail once or always; then report."""
    global running  # noqa: PLW0603 - the number of invocations under way in this process
    body = msg.get_body().decode()
    order = json.loads(body) if body.startswith("{") else {}
    running += 1
    beside = running - 1
    await asyncio.sleep(order.get("sleep", 0))
    running -= 1
    fail = order.get("fail")
    if fail == "always" or (fail == "once" and msg.dequeue_count == 1):
        raise RuntimeError("told to fail")
    if fail == "cancelled" and msg.dequeue_count == 1:
        raise asyncio.CancelledError
    inserted = msg.insertion_time
    report = {
        "body": body,
        "attempt": msg.dequeue_count,
        "function": context.function_name,
        "inserted": inserted.isoformat() if inserted else None,
        "beside": beside,
    }
    out.set(json.dumps(report).encode())


@app.route(route="slow")
def slow(req: func.HttpRequest) -> func.HttpResponse:
    """Say that it began, and take its time in the worker's thread pool."""
    logging.warning("slow began: %s", req.method)
    time.sleep(1)
    return func.HttpResponse("worth the wait")


@app.route(route="echo/{id}/{rest?}", methods=["GET", "POST"], auth_level=func.AuthLevel.FUNCTION)
async def echo(req: func.HttpRequest) -> func.HttpResponse:
    """What arrived, as JSON."""
    seen: dict[str, Any] = {
        "method": req.method,
        "params": dict(req.params),
        "route": dict(req.route_params),
        "header": req.headers.get("x-test"),
        "body": req.get_body().decode(),
    }
    return func.HttpResponse(json.dumps(seen), mimetype="application/json", headers={"x-answer": "yes"})


@app.route(route="crash")
def crash(req: func.HttpRequest) -> func.HttpResponse:
    """Raise, in the worker's thread pool."""
    raise ValueError(f"crashed on {req.method}")


@app.route(route="claims")
async def claims(req: func.HttpRequest) -> func.HttpResponse:
    """The claims of the token this app's identity gets for Graph."""
    del req
    async with ManagedIdentityCredential() as credential:
        token = await credential.get_token("https://graph.microsoft.com/.default")
    payload = token.token.split(".")[1]
    return func.HttpResponse(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


@app.timer_trigger(arg_name="timer", schedule="%TICK_SCHEDULE%")
@app.queue_output(arg_name="out", queue_name="%OUT_QUEUE%", connection=CONNECTION)
async def tick(timer: func.TimerRequest, out: func.Out[bytes]) -> None:
    """Report that the timer fired."""
    out.set(json.dumps({"tick": True, "past_due": timer.past_due}).encode())
