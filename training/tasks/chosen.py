"""The task that a model's settings name, or that a saved model was made for."""

from typing import TYPE_CHECKING

from training.settings import Task as TaskName
from training.tasks.answer import Answer
from training.tasks.binary import Binary
from training.tasks.multiclass import Multiclass
from training.tasks.regression import Regression
from training.tasks.task import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TASKS: "Mapping[TaskName, Callable[[Answer], Task]]" = {
    "regression": Regression,
    "binary": Binary,
    "multiclass": Multiclass,
}


def task_of(answer: Answer) -> Task:
    """The task of a model that answers so."""
    return _TASKS[answer.task](answer)
