"""Who stayed: cohorts with delayed entry and mentoring that starts on the way, curves, models, weights."""
