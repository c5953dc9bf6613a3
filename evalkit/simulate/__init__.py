"""Synthetic data whose truth is known: nobody's answers, made from a seed."""

from evalkit.simulate.surveys import SimulatedSurvey, simulate_survey

__all__ = ["SimulatedSurvey", "simulate_survey"]
