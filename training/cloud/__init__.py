"""Azure as training and workflows use it: the workspace, the storage account, the tracking server."""
