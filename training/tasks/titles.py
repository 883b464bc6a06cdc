"""What metrics and losses are called where people read them, in the order of a table; names as in `Task.measures`."""

from driftloop.wording.number_formats import format_error

TITLES = {
    "rmse": "RMSE",
    "mae": "mean absolute error",
    "r2": "R²",
    "roc_auc": "ROC AUC",
    "average_precision": "average precision",
    "log_loss": "log loss",
    "brier": "Brier score",
    "accuracy": "accuracy",
    "f1": "F1",
}
SUMMARIES = {"squared": "RMSE", "absolute": "mean absolute error", "log": "log loss", "brier": "Brier score"}
"""Of each loss, the mean as people read it."""
LOSSES = {"squared": "squared error", "absolute": "absolute error", "log": "log loss", "brier": "Brier score"}
"""Of each loss, that of one record."""
LOSS_MEASURES = {"squared": "rmse", "absolute": "mae", "log": "log_loss", "brier": "brier"}
"""Of each loss, the metric that is its mean as people read it."""


def number(value: float | None) -> str:
    """Three digits that count, and all before the point; a dash for what is not defined.

    Examples
    --------
    >>> number(1234.5), number(54.321), number(0.08765), number(None)
    ('1,234', '54.3', '0.0877', '-')
    """
    return "-" if value is None else format_error(value)
