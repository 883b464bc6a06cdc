"""A small Azure Resource Manager with the parts of Azure Machine Learning that Driftloop uses; the real `azure-ai-ml`
talks to it unmodified.
"""

from sandbox.arm.standin import AzureStandIn

__all__ = ["AzureStandIn"]
