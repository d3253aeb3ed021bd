"""An in-memory Microsoft Graph over HTTP: one tenant, its rules, its quirks and its faults.

Rooms: `urls` (which addresses exist), handlers such as `users` and `phone_methods` (HTTP to rules), `directory` and
`authentication` (the rules, no HTTP), `errors` (exact error bodies), `control` (the /sim/ door), `oracle` (what a good
client never does). What Microsoft does not document is listed in `assumptions` and marked where it is used.
"""
