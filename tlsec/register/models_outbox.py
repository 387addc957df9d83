"""Tables of what goes out to people."""
