"""What makes trained networks fast: rewrites, memory planning and facts about the machine."""
