"""The alternatives that a benchmark measures: ours, plain networks and peers."""
