"""What people can do on Discord, one file a topic; every method asks a service and shows its answer."""
