"""The variants that a benchmark compares: crossvox, plain networks and networks of others."""
