"""Microsoft's own description of the part of Graph that the app and its simulator touch.

`v1.0.json` and `beta.json` come from the generated models of msgraph-sdk and msgraph-beta-sdk, `permissions.json` from
Microsoft's permission reference; `extract` writes all three (`make schema`). `documented` holds what is in none of
them. `schema` reads the files, `check` holds a JSON body against them. Nothing here imports the SDKs.
"""
