"""The workspace's Event Grid topic: `ModelRegistered`, at least once, again after a failure, at last to the dead
letters.
"""

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.arm.wire import Json, Scope, now
from sandbox.waiting import HANG_SECONDS

Deliver = Callable[[Json], None]
# The real topic waits 10 s, 30 s, 1 min, ... and gives up after a day; here the same story is told in a second.
RETRY_SECONDS = (0.05, 0.1, 0.2, 0.4)


@dataclass
class Topic:
    """Subscribers are called in threads of their own with an event in Event Grid's schema; to raise is to refuse it."""

    scope: Scope
    dead_letters: list[Json] = field(default_factory=list)
    _subscribers: list[Deliver] = field(default_factory=list)
    _deliveries: list[threading.Thread] = field(default_factory=list)

    def subscribe(self, deliver: Deliver) -> None:
        """From now on, `deliver` gets every event."""
        self._subscribers.append(deliver)

    def model_registered(self, name: str, version: str, properties: Json) -> None:
        """Tell that a model version is new."""
        event: Json = {
            "id": str(uuid.uuid4()),
            "topic": self.scope.workspace_id,
            "subject": f"models/{name}:{version}",
            "eventType": "Microsoft.MachineLearningServices.ModelRegistered",
            "eventTime": now(),
            "dataVersion": "2",
            "metadataVersion": "1",
            "data": {
                "modelName": name,
                "modelVersion": version,
                "modelTags": properties.get("tags") or {},
                "modelProperties": properties.get("properties") or {},
            },
        }
        for deliver in self._subscribers:
            thread = threading.Thread(target=self._deliver, args=(deliver, event), name="event-grid", daemon=True)
            self._deliveries.append(thread)
            thread.start()

    def join(self, timeout: float = HANG_SECONDS) -> None:
        """Wait until everything told so far is delivered or given up."""
        deadline = time.monotonic() + timeout
        for thread in self._deliveries:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _deliver(self, deliver: Deliver, event: Json) -> None:
        for pause in (*RETRY_SECONDS, None):
            try:
                deliver(event)
            except Exception:  # noqa: BLE001 - a subscriber may fail in any way; the topic tries again
                if pause is None:
                    self.dead_letters.append(event)
                else:
                    time.sleep(pause)
            else:
                return
