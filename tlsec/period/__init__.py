"""Key protection periods (重保): phases, duty, zero reports, freeze, blocks, the day's numbers."""
