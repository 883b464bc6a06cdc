"""Prepare, train, evaluate, register, score: a module a step, and the pipeline that ties them."""
