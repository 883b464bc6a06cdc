"""Queue triggers: messages are handed to their functions as the host does it, failures come back, and end in the
poison queue.
"""

import base64
import binascii
import logging
import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from azure.core.exceptions import AzureError
from azure.storage.queue import QueueClient

from sandbox.functions_host.invoking import Invoker, queue_data
from sandbox.functions_host.loading import LoadedFunction

POLL_SECONDS = 0.1
HIDDEN_SECONDS = 600  # while a message is being handled; a process that dies leaves it hidden for so long
_logger = logging.getLogger("sandbox.functions_host")


class QueuePump:
    """Polls the queues of all queue triggers from one thread, and runs their functions in others."""

    def __init__(
        self,
        functions: Iterable[LoadedFunction],
        invoker: Invoker,
        environ: Mapping[str, str],
        host: Mapping[str, Any],
        retry_seconds: int | None,
        hidden_seconds: int = HIDDEN_SECONDS,
    ) -> None:
        settings = host.get("extensions", {}).get("queues", {})
        self._batch = int(settings.get("batchSize", 16))
        self._most = int(settings.get("maxDequeueCount", 5))
        self._retry_seconds = (
            _seconds(settings.get("visibilityTimeout", "00:00:00")) if retry_seconds is None else retry_seconds
        )
        self._hidden_seconds = hidden_seconds
        self._invoker = invoker
        self._sources = [
            (function, *_clients(function, environ))
            for function in functions
            if function.trigger["type"] == "queueTrigger"
        ]
        self._pool = ThreadPoolExecutor(self._batch * max(1, len(self._sources)))
        self._running: set[Future[None]] = set()
        self._stopping = threading.Event()
        self._sweeps = 0  # full rounds that found no message while none was being handled
        self._thread = threading.Thread(target=self._run, name="queues", daemon=True)

    def start(self) -> None:
        """Begins to poll."""
        self._thread.start()

    def stop(self) -> None:
        """Stops polling; running functions are left to end."""
        self._stopping.set()
        self._thread.join(timeout=5)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def wait_idle(self, timeout: float) -> bool:
        """Until all visible messages are handled, those that handling them brought included.

        False when that takes longer than `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        # The next round may have begun before the caller's message was sent; the one after it sees it.
        goal = self._sweeps + 2
        while self._sweeps < goal:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    def _run(self) -> None:
        while not self._stopping.is_set():
            busy = bool(self._running)
            try:
                found = sum([self._sweep(*source) for source in self._sources])
            except AzureError as error:
                _logger.warning("a queue cannot be read: %s", error)
                found = 0
            self._running = {future for future in self._running if not future.done()}
            if not found:
                if not busy and not self._running:
                    self._sweeps += 1
                self._stopping.wait(POLL_SECONDS if not self._running else 0.01)

    def _sweep(self, function: LoadedFunction, queue: QueueClient, poison: QueueClient) -> int:
        room = self._batch - len(self._running)
        if room <= 0:
            return 0
        messages = list(queue.receive_messages(max_messages=min(room, 32), visibility_timeout=self._hidden_seconds))
        for message in messages:
            self._running.add(self._pool.submit(self._handle, function, queue, poison, message))
        return len(messages)

    def _handle(self, function: LoadedFunction, queue: QueueClient, poison: QueueClient, message: Any) -> None:
        try:
            content = base64.b64decode(message.content, validate=True)
        except (binascii.Error, ValueError):
            # The host's default encoding is Base64: what is not cannot be handed over, and is poison at once.
            self._poison(queue, poison, message)
            return
        succeeded, _ = self._invoker.invoke(function, *queue_data(message, content))
        if succeeded:
            queue.delete_message(message)
        elif message.dequeue_count >= self._most:
            self._poison(queue, poison, message)
        else:
            queue.update_message(message, visibility_timeout=self._retry_seconds)

    def _poison(self, queue: QueueClient, poison: QueueClient, message: Any) -> None:
        poison.send_message(message.content)
        queue.delete_message(message)


def _clients(function: LoadedFunction, environ: Mapping[str, str]) -> tuple[QueueClient, QueueClient]:
    from azure.identity import DefaultAzureCredential

    name = str(function.trigger["queueName"])
    url = environ[f"{function.trigger['connection']}__queueServiceUri"]
    credential = DefaultAzureCredential()
    return QueueClient(url, name, credential), QueueClient(url, f"{name}-poison", credential)


def _seconds(text: str) -> int:
    hours, minutes, seconds = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)
