"""`make dev`: what is left running, and how to play with it."""

from dev.demo.chronicle import Event
from dev.demo.masking import mask_number
from dev.demo.parts import Parts
from dev.demo.roll import Roll
from dev.demo.screen import Screen


def invitation(parts: Parts, user_id: str) -> str:
    """Where everything is, with lines to copy."""
    simulator, app, key = parts.tenant.url, parts.app.url, parts.host.key
    header = f"-H 'x-functions-key: {key}'"
    person = '\'{"displayName": "New Person", "usageLocation": "DE", "mobilePhone": "0171 3920077"}\''
    return f"""
Everything is left running. What you can do from another terminal:

  see how the service is doing, in a browser (this key ends with this run)
    {app}/api/report?code={key}
  the same for machines
    curl -s {header} {app}/api/report
  ask why one person is as they are
    curl -s {header} {app}/api/users/{user_id}
  create a person, and watch below how the app sets the phone
    curl -s -X POST {simulator}/sim/users -d {person}
  change somebody, delete somebody
    curl -s -X PATCH {simulator}/sim/users/{user_id} -d '{{"accountEnabled": false}}'
    curl -s -X DELETE {simulator}/sim/users/{user_id}
  see everyone, every write, every broken promise
    curl -s {simulator}/sim/users
    curl -s {simulator}/sim/journal
    curl -s {simulator}/sim/violations
  run the sweep now
    curl -s -X POST {header} -d '{{"input": ""}}' {app}/admin/functions/sweep

The app's log: {parts.host.output_path}
Ctrl+C ends it all. Until then, whatever happens in the tenant is told here:
"""


def tell(event: Event, roll: Roll, screen: Screen) -> None:
    """One line for what happened to somebody."""
    story, case = roll.chronicle.stories[event.user], roll.by_id.get(event.user)
    name = case.person.name if case else event.user
    phone = f"  {mask_number(story.phone)}" if story.phone else ""
    seconds = story.phone_seconds
    after = f" after {seconds:.1f} s" if seconds is not None and event.words.startswith("phone set") else ""
    screen.say(f"{name}: {event.words}{after}{phone}")
