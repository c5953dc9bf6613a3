"""What changed: within people, between groups, over several waves, in pairs of people, and who was lost on the way."""
