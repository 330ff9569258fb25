"""The tool registry, deny by default: descriptors, schemas, facts, and the executors only the gateway may touch."""
