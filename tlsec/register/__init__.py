"""Register: alerts, risk items (风险预警台账), their transitions, and the journal (审计链)."""
