"""Azure Pipelines on loopback: templates expanded, scripts run as an agent runs them, runs started by REST."""

from sandbox.azure_pipelines.agent import Agent, PipelineRun, StageResult, StepResult
from sandbox.azure_pipelines.standin import AzurePipelinesStandIn
from sandbox.azure_pipelines.templates import TemplateError, expand

__all__ = ["Agent", "AzurePipelinesStandIn", "PipelineRun", "StageResult", "StepResult", "TemplateError", "expand"]
