"""Asking a model's online endpoint for a prediction: where it is, who may ask, and what may come back."""
