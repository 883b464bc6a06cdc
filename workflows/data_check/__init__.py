"""The action that other repositories use (`action.yml`): what its two steps run."""
