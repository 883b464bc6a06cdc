"""GitHub on loopback: dispatches, runs, issues and App tokens by its REST API, and its workflow files run with act."""

from sandbox.github.act import Instant, Runner
from sandbox.github.faults import DISPATCH, RUNS, Faults
from sandbox.github.records import JobRecord, RunRecord
from sandbox.github.standin import GitHubStandIn

__all__ = ["DISPATCH", "RUNS", "Faults", "GitHubStandIn", "Instant", "JobRecord", "RunRecord", "Runner"]
