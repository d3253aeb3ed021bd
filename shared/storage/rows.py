"""Values to table entities and back. Moments are ISO 8601, lists are JSON: readable in any storage explorer."""

import json
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.memory import Accepted, Claim, Memory
from shared.models import Cause, MfaState, Outcome, Reason
from shared.moments import kept_moment, millis
from shared.plan import Hold
from shared.ports import AuditRow, Parked, Phase

Entity = dict[str, Any]


def user_key(user_id: str) -> tuple[str, str]:
    """Partition and row: 256 partitions spread the load, the row is the id."""
    return user_id[:2], user_id


def memory_entity(memory: Memory) -> Entity:
    """A ledger row."""
    partition, row = user_key(memory.user_id)
    values: Entity = {
        "outcome": memory.outcome,
        "reasons": json.dumps(memory.reasons),
        "fingerprint": memory.fingerprint,
        "intended": memory.intended,
        "acceptedWhat": memory.accepted.what if memory.accepted else None,
        "acceptedAt": _text(memory.accepted.at) if memory.accepted else None,
        "stateWritten": memory.state_written,
        "lookedAt": _text(memory.looked_at),
        "phoneOnly": memory.phone_only,
        "holdFingerprint": memory.hold.fingerprint if memory.hold else None,
        "holdSince": _text(memory.hold.since) if memory.hold else None,
        "claimLook": memory.claim.look if memory.claim else None,
        "claimUntil": _text(memory.claim.until) if memory.claim else None,
        "attempts": memory.attempts,
        "cause": memory.cause,
        "source": memory.source,
        "masked": memory.masked,
        "policy": memory.policy,
        "run": memory.run,
        "receivedAt": _text(memory.received_at),
        "doneAt": _text(memory.done_at),
    }
    return {"PartitionKey": partition, "RowKey": row} | _plain(values)


def memory_of(entity: Mapping[str, Any], version: str | None) -> Memory:
    """The memory a ledger row holds. A word this version does not know reads as none (an older version wrote it)."""
    since, until = kept_moment(entity.get("holdSince")), kept_moment(entity.get("claimUntil"))
    accepted = kept_moment(entity.get("acceptedAt"))
    return Memory(
        user_id=entity["RowKey"],
        outcome=_word(Outcome, entity.get("outcome")),
        reasons=tuple(r for text in json.loads(entity.get("reasons") or "[]") if (r := _word(Reason, text))),
        fingerprint=entity.get("fingerprint"),
        intended=entity.get("intended"),
        accepted=Accepted(entity["acceptedWhat"], accepted) if accepted else None,
        state_written=_word(MfaState, entity.get("stateWritten")),
        looked_at=kept_moment(entity.get("lookedAt")),
        phone_only=bool(entity.get("phoneOnly")),
        hold=Hold(entity["holdFingerprint"], since) if since else None,
        claim=Claim(entity["claimLook"], until) if until else None,
        attempts=int(entity.get("attempts") or 0),
        cause=_word(Cause, entity.get("cause")),
        source=entity.get("source"),
        masked=entity.get("masked"),
        policy=entity.get("policy"),
        run=entity.get("run"),
        received_at=kept_moment(entity.get("receivedAt")),
        done_at=kept_moment(entity.get("doneAt")),
        version=version,
    )


_END_OF_TIME = 10**14
"""Milliseconds; row keys count down from here, so that the newest row of a user comes first."""


def audit_entity(row: AuditRow) -> Entity:
    """An audit row; an intent sorts behind its own outcome, and a look has room for one of each."""
    left = _END_OF_TIME - millis(row.began)
    rank = 0 if row.phase is Phase.OUTCOME else 1
    values: Entity = {
        "look": row.look,
        "at": row.at.isoformat(),
        "began": row.began.isoformat(),
        "phase": row.phase.value,
        "cause": row.cause,
        "actions": json.dumps(row.actions, ensure_ascii=False),
        "reasons": json.dumps(row.reasons),
        "outcome": row.outcome,
        "policy": row.policy,
        "requestIds": json.dumps(row.request_ids),
    }
    return {"PartitionKey": row.user_id, "RowKey": f"{left:014d}-{rank}-{row.look}"} | _plain(values)


def audit_of(entity: Mapping[str, Any]) -> AuditRow:
    """The audit row an entity holds."""
    return AuditRow(
        user_id=entity["PartitionKey"],
        look=entity["look"],
        at=datetime.fromisoformat(entity["at"]),
        began=datetime.fromisoformat(entity["began"]),
        phase=Phase(entity["phase"]),
        cause=Cause(entity["cause"]),
        actions=tuple(json.loads(entity["actions"])),
        reasons=tuple(json.loads(entity["reasons"])),
        outcome=entity.get("outcome"),
        policy=entity["policy"],
        request_ids=tuple(json.loads(entity["requestIds"])),
    )


def parked_entity(item: Parked) -> Entity:
    """A parked row."""
    values: Entity = {
        "reason": item.reason,
        "users": json.dumps(item.users),
        "firstAt": item.first_at.isoformat(),
        "lastAt": item.last_at.isoformat(),
        "attempts": item.attempts,
        "advice": item.advice,
    }
    return {"PartitionKey": "parked", "RowKey": item.key} | _plain(values)


def parked_of(entity: Mapping[str, Any]) -> Parked:
    """The parked item an entity holds."""
    return Parked(
        key=entity["RowKey"],
        reason=entity["reason"],
        users=tuple(json.loads(entity["users"])),
        first_at=datetime.fromisoformat(entity["firstAt"]),
        last_at=datetime.fromisoformat(entity["lastAt"]),
        attempts=int(entity["attempts"]),
        advice=entity.get("advice"),
    )


def _plain(values: Entity) -> Entity:
    """Without what is not set, and without enumerations: the table takes plain text."""
    kept = {key: value for key, value in values.items() if value is not None}
    return {key: value.value if isinstance(value, StrEnum) else value for key, value in kept.items()}


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _word[E: StrEnum](kind: type[E], text: object) -> E | None:
    return kind(text) if isinstance(text, str) and text in set(kind) else None
