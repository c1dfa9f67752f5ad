"""What happens in the world, with its consequences: callbacks, welcomes, things that end by themselves."""
