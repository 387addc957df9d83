"""Tables of what comes in from other systems."""
