"""The estimated error of a model on shifted windows, beside NannyML's estimates: `python -m benchmarks.impact`."""
