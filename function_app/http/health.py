"""Is every model still being checked? Asked from outside, because a timer that has stopped cannot say so itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from driftloop.config.cron import Cron
from driftloop.config.models import Model
from driftloop.ledger import Ledger, ModelState
from function_app.http.answers import HealthAnswer, ModelHealthAnswer
from function_app.telemetry.events import emit

GRACE = timedelta(minutes=30)  # for the queue, and for a check of a large window: functionTimeout of host.json
DEFAULT_SCHEDULE = "0 0 6 * * *"


@dataclass(frozen=True)
class ModelHealth:
    """One model: `due_since` is the tick that no check has followed, None where all is well."""

    model: str
    state: ModelState
    due_since: datetime | None


@dataclass(frozen=True)
class Health:
    """All models."""

    models: tuple[ModelHealth, ...]

    @property
    def healthy(self) -> bool:
        """No check is overdue."""
        return all(model.due_since is None for model in self.models)

    def answer(self) -> HealthAnswer:
        """As the API answers it."""
        models = [
            ModelHealthAnswer(
                model=health.model,
                last_checked_at=health.state.last_checked_at,
                last_verdict=health.state.last_verdict,
                last_error=health.state.last_error,
                overdue_since=health.due_since,
            )
            for health in self.models
        ]
        return HealthAnswer("healthy" if self.healthy else "overdue", models)


def health_of(models: Iterable[Model], ledger: Ledger, schedule: str | None, now: datetime) -> Health:
    """A model is overdue when its schedule ticked GRACE ago or longer, and no check has ended since, nor has it been
    watched for less.
    """
    states = {state.model: state for state in ledger.states()}
    found = []
    for model in models:
        state = states.get(model.name) or ledger.state(model.name, now)  # a model is watched from the first look at it
        tick = Cron.parse(model.schedule or schedule or DEFAULT_SCHEDULE).previous(now - GRACE)
        since = state.last_checked_at or state.watched_since
        due_since = tick if tick is not None and since < tick else None
        if due_since is not None:
            emit(
                "overdue",
                model=model.name,
                due_since=due_since,
                last_checked_at=state.last_checked_at,
                error=state.last_error,
            )
        found.append(ModelHealth(model.name, state, due_since))
    return Health(tuple(found))
