"""What a model answers: a number, one of two classes, one of several. One module a task, and what they share."""
