"""Train synthesizers on cohorts."""
