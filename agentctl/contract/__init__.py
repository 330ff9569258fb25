"""The YAML files of a project: their models, their loader, their JSON Schema and their digests."""
