"""What a workflow run does, the same on GitHub, on Azure DevOps and manually."""
