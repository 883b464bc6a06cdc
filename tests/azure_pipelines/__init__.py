"""Azure Pipelines on loopback: templates expanded, scripts run as an agent runs them, runs started by REST."""

from tests.azure_pipelines.agent import Agent, PipelineRun, StageResult, StepResult
from tests.azure_pipelines.standin import AzurePipelinesStandIn
from tests.azure_pipelines.templates import TemplateError, expand

__all__ = ["Agent", "AzurePipelinesStandIn", "PipelineRun", "StageResult", "StepResult", "TemplateError", "expand"]
