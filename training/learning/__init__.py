"""Which estimator, with which parameters, and how much older records count."""
