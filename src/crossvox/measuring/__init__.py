"""How long things take here, beside the alternatives, measured in one run."""
