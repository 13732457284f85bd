"""The chat companion that carries villages through a local development programme."""
