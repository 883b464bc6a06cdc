"""The Azure Functions host on loopback: loads the function app as the Python worker does, and fires its triggers.

It plays module lookup and indexing, timers on request (admin API), and queue triggers (Base64, maxDequeueCount, poison
queue, delay of a retry). It plays HTTP triggers with function keys, Event Grid's webhook (validation handshake,
batches, both event schemas), and disabled functions. Does not play: a timer's own clock and its lease, the gRPC channel
between host and worker, scaling, proxies, Durable Functions, the portal.
"""

from sandbox.functions_host.host import FunctionFailedError, FunctionsHost, Invocation

__all__ = ["FunctionFailedError", "FunctionsHost", "Invocation"]
