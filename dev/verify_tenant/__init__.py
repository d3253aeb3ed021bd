"""One hour with a real tenant: settle what this project only assumes about Microsoft Graph.

`checks/` asks (one small function for each question), `judgement` compares the answers with what is assumed, `guard`
refuses every write to anything that the run did not create, `cleanup` removes what it did create, `report` writes down
what was seen, without secrets. The app's own Graph client is not used: it would share the beliefs that are tested.
docs/verify-tenant.md is the page for the person who runs it.
"""
