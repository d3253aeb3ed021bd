"""A local Azure Functions host: the real Python worker library, driven in one process.

Indexing, decorators, converters, invocation context and exceptions are the worker's own (azure-functions-runtime, the
version Azure runs). What this package stands in for is the host around it: HTTP routing and keys, the queue and timer
listeners, the queue output binding, settings, and the App Service managed identity endpoint.

Rules are tagged with where they come from: "host" is the Functions host, "extension" the storage-queues, timers or
HTTP extension of WebJobs, each with the page or the class that holds the rule.
"""
