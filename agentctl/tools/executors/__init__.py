"""What finally touches the world. Only the gateway may import this room's doors."""
