"""Many drifts at once: counted over all models, told as one, held or sent at a bounded rate."""
