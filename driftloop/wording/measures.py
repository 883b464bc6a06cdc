"""What a model's errors are called, by the loss that its gate compares."""

SUMMARIES = {"squared": "RMSE", "absolute": "mean absolute error", "log": "log loss", "brier": "Brier score"}
"""Of each loss, the mean as people read it."""
LOSS_MEASURES = {"squared": "rmse", "absolute": "mae", "log": "log_loss", "brier": "brier"}
"""Of each loss, the metric that is its mean as people read it."""
