"""Policy: catalogue, profile, checks, and the judge. Pure: reads content files, opens nothing else."""
