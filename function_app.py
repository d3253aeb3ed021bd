"""The triggers of MFA Prefill for Microsoft Entra ID: a table of contents.

What each does is in shared/triggers.py and, for operators, in shared/operator_routes.py and shared/run_routes.py.
"""

import os
from typing import List  # noqa: UP035 (the worker does not index a function annotated with list[str])

import azure.functions as func

from shared import operator_routes, run_routes, telemetry, triggers
from shared.messages import CHORE_QUEUE, POISON_QUEUE, USER_QUEUE
from shared.settings import STORAGE, schedule

Messages = func.Out[List[str]]  # noqa: UP006

telemetry.redact_logs()

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)

# --- Microsoft Graph calls these: anonymous, because Graph brings no key; proven by clientState -----------------------


@app.route("notifications", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@app.queue_output("users", USER_QUEUE, STORAGE)
@app.queue_output("chores", CHORE_QUEUE, STORAGE)
async def notifications(req: func.HttpRequest, users: Messages, chores: Messages) -> func.HttpResponse:
    """Change notifications: handshake, checks, into the queue, 202."""
    return await triggers.change_notifications(req, users, chores)


@app.route("lifecycle", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@app.queue_output("chores", CHORE_QUEUE, STORAGE)
async def lifecycle(req: func.HttpRequest, chores: Messages) -> func.HttpResponse:
    """Lifecycle notifications: handshake, checks, into the queue, 202."""
    return await triggers.lifecycle_notifications(req, chores)


# --- the queues -------------------------------------------------------------------------------------------------------


@app.queue_trigger("msg", USER_QUEUE, STORAGE)
async def reconcile(msg: func.QueueMessage) -> None:
    """Looks at the users of a message and does for each what policy wants."""
    await triggers.reconcile_users(msg)


@app.queue_trigger("msg", POISON_QUEUE, STORAGE)
async def park_poison(msg: func.QueueMessage) -> None:
    """Records what gave up, and keeps it replayable."""
    await triggers.park_poison(msg)


@app.queue_trigger("msg", CHORE_QUEUE, STORAGE)
async def do_chore(msg: func.QueueMessage) -> None:
    """Renews, ensures, sweeps or goes on with a run when somebody asked for it."""
    await triggers.do_chore(msg)


# --- the timers -------------------------------------------------------------------------------------------------------


@app.timer_trigger("timer", schedule(os.environ, "PREFILL_RENEW_SCHEDULE"), use_monitor=True)
async def keep_subscription(timer: func.TimerRequest) -> None:  # noqa: ARG001 (the binding's name)
    """Exactly one healthy subscription on users."""
    await triggers.keep_subscription()


@app.timer_trigger("timer", schedule(os.environ, "PREFILL_SWEEP_SCHEDULE"), use_monitor=True)
async def sweep(timer: func.TimerRequest) -> None:  # noqa: ARG001 (the binding's name)
    """Finds what no notification told."""
    await triggers.sweep()


# --- operators and HR flows: function key -----------------------------------------------------------------------------


@app.route("users/{id}/reconcile", methods=["POST"])
@app.queue_output("users", USER_QUEUE, STORAGE)
async def reconcile_user(req: func.HttpRequest, users: Messages) -> func.HttpResponse:
    """Look at this user now."""
    return await operator_routes.request_reconcile(req, users)


@app.route("users/{id}/clear", methods=["POST"])
@app.queue_output("users", USER_QUEUE, STORAGE)
async def clear_tombstone(req: func.HttpRequest, users: Messages) -> func.HttpResponse:
    """A number that somebody removed may be set again."""
    return await operator_routes.clear_tombstone(req, users)


@app.route("users/{id}", methods=["GET"])
async def explain_user(req: func.HttpRequest) -> func.HttpResponse:
    """Why is this user as it is?"""
    return await operator_routes.explain_user(req)


@app.route("subscription", methods=["GET"])
async def show_subscription(req: func.HttpRequest) -> func.HttpResponse:
    """The subscription, as noted and as Graph lists it."""
    return await operator_routes.show_subscription(req)


@app.route("subscription", methods=["POST"])
async def ensure_subscription(req: func.HttpRequest) -> func.HttpResponse:
    """Make it exactly one healthy subscription now."""
    return await operator_routes.ensure_subscription(req)


@app.route("subscription", methods=["DELETE"])
async def remove_subscription(req: func.HttpRequest) -> func.HttpResponse:
    """None, until somebody asks for one again."""
    return await operator_routes.remove_subscription(req)


@app.route("pause", methods=["POST"])
async def pause(req: func.HttpRequest) -> func.HttpResponse:
    """Write to nobody until somebody resumes; the queue keeps collecting."""
    return await operator_routes.pause(req)


@app.route("resume", methods=["POST"])
async def resume(req: func.HttpRequest) -> func.HttpResponse:
    """Write again, after a pause or after the breaker tripped."""
    return await operator_routes.resume(req)


@app.route("parked", methods=["GET"])
async def show_parked(req: func.HttpRequest) -> func.HttpResponse:
    """What gave up, and why."""
    return await operator_routes.show_parked(req)


@app.route("parked/replay", methods=["POST"])
async def replay_parked(req: func.HttpRequest) -> func.HttpResponse:
    """Try it again: some of it, or all."""
    return await operator_routes.replay_parked(req)


@app.route("runs", methods=["POST"])
async def plan_run(req: func.HttpRequest) -> func.HttpResponse:
    """What would be done for everybody? Nothing is written."""
    return await run_routes.plan_run(req)


@app.route("runs/{runId}", methods=["GET"])
async def show_run(req: func.HttpRequest) -> func.HttpResponse:
    """How far a run is, what it comes to, whom it is about."""
    return await run_routes.show_run(req)


@app.route("runs/{runId}/apply", methods=["POST"])
async def apply_run(req: func.HttpRequest) -> func.HttpResponse:
    """Let exactly what was planned be done."""
    return await run_routes.apply_run(req)


@app.route("runs/{runId}/cancel", methods=["POST"])
async def cancel_run(req: func.HttpRequest) -> func.HttpResponse:
    """Stop a run."""
    return await run_routes.cancel_run(req)


@app.route("report", methods=["GET"])
async def report(req: func.HttpRequest) -> func.HttpResponse:
    """What happened to whom, and why."""
    return await operator_routes.report(req)


@app.route("doctor", methods=["GET"])
async def doctor(req: func.HttpRequest) -> func.HttpResponse:
    """Each permission, policy and setting against the live tenant, with the fix."""
    return await operator_routes.doctor(req)


@app.route("health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def health(req: func.HttpRequest) -> func.HttpResponse:
    """Is it well? A few words, no tenant data."""
    return await operator_routes.health(req)
