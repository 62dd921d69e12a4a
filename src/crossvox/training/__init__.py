"""From a cohort to a synthesizer."""
