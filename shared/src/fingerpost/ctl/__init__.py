"""`fingerctl`, the command by which people set their status and operators keep accounts."""
