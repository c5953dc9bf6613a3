"""Synthetic data whose truth is known: nobody's answers, made from a seed."""

from evalkit.simulate.staff import SimulatedStaff, simulate_staff
from evalkit.simulate.staff_truth import StaffTruth
from evalkit.simulate.surveys import SimulatedSurvey, simulate_survey
from evalkit.simulate.waves import SimulatedWaves, simulate_waves
from evalkit.simulate.workforce import SimulatedWorkforce, simulate_workforce

__all__ = [
    "SimulatedStaff",
    "SimulatedSurvey",
    "SimulatedWaves",
    "SimulatedWorkforce",
    "StaffTruth",
    "simulate_staff",
    "simulate_survey",
    "simulate_waves",
    "simulate_workforce",
]
