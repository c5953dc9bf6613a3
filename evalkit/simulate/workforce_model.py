"""The model of a synthetic workforce: who holds a post, and how that changes from year to year."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

ETHNIC = ("white", "BME", "not stated")
SEXES = ("female", "male", "other", "not stated")
DISABILITY = ("yes", "no", "not stated")
WHITE, BME = 0, 1
FEMALE, MALE = 0, 1

# Band, share of posts at the start, hourly pay in pounds, cluster of the disparity ratio.
BANDS: tuple[tuple[str, float, float, str], ...] = (
    ("Band 2", 0.17, 12.5, "lower"), ("Band 3", 0.13, 12.9, "lower"), ("Band 4", 0.10, 14.2, "lower"),
    ("Band 5", 0.20, 17.0, "lower"), ("Band 6", 0.18, 21.0, "middle"), ("Band 7", 0.11, 25.5, "middle"),
    ("Band 8a", 0.05, 30.0, "upper"), ("Band 8b", 0.025, 35.0, "upper"), ("Band 8c", 0.015, 41.0, "upper"),
    ("Band 8d", 0.008, 48.0, "upper"), ("Band 9", 0.005, 57.0, "upper"), ("VSM", 0.007, 68.0, "upper"),
)  # fmt: skip
ETHNIC_SHARE = (0.69, 0.26, 0.05)
SEX_SHARE = (0.768, 0.225, 0.002, 0.005)
DISABILITY_SHARE = (0.06, 0.79, 0.15)
# What each band adds to the log odds of being a man.
_MEN_UP_THE_BANDS = 0.10
# Spread of the log of hourly pay within a band, and yearly rise of pay.
PAY_SPREAD, PAY_RISE = 0.05, 1.03
BONUS_CHANCE = (0.02, 0.035)
BONUS_MIDDLE = (2400.0, 3200.0)
BONUS_SPREAD = 0.8
FULL_PAY = 0.96
LEAVING, PROMOTION = 0.11, 0.05
# Shortlisting of the applied, and appointment of the shortlisted, of the not stated and of BME applicants.
SHORTLISTED = (0.30, 0.25, 0.26)
APPOINTED = 0.22
APPLICANTS = (0.52, 0.43, 0.05)
DISCIPLINARY, CPD = 0.012, 0.52
BOARD = 0.30
VACANT = 0.08
RESPONSE = 0.48
# Share of each ethnic group that was recruited abroad, and what that adds to the answer to a question.
RECRUITED_SHARE = (0.04, 0.30, 0.10)
RECRUITED_ADDS = {"belonging": -0.05, "harassment_staff": 0.05}
# Share of each ethnic group who met harm, of these who are offered psychological support, and of these who use it.
AFFECTED = (0.25, 0.35, 0.30)
OFFERED = 0.85
SUPPORT = (0.40, 0.30, 0.40)
# Question of the staff survey: share of white staff who say so, direction of the gap, what being disabled adds.
QUESTIONS: dict[str, tuple[float, int, float]] = {
    "harassment_public": (0.27, 1, 0.05), "harassment_staff": (0.20, 1, 0.07), "equal_opportunity": (0.59, -1, -0.06),
    "discrimination": (0.07, 1, 0.05), "wellbeing_action": (0.57, -1, -0.06), "belonging": (0.70, -1, -0.05),
}  # fmt: skip

STATES = (len(ETHNIC), len(SEXES), len(BANDS))


@dataclass(frozen=True, slots=True)
class Disparities:
    """What is planted, as it is in the first year.

    Parameters
    ----------
    appointment : float
        Likelihood of white applicants of being appointed from shortlisting over that of BME applicants.
    disciplinary : float
        Likelihood of BME staff of entering the disciplinary process over that of white staff.
    cpd : float
        Likelihood of white staff of accessing CPD over that of BME staff.
    leaving : float
        Yearly probability of BME staff of leaving over that of white staff.
    progression : float
        Yearly probability of BME staff of being promoted over that of white staff.
    representation : float
        Odds of being BME in the highest band over those in the lowest, at the start.
    pay_within : float
        Share by which women's hourly pay is below men's in the same band.
    survey : float
        Gap between BME and white staff in the answers to the staff survey, a difference of proportions.
    board : float
        Probability of BME people of the highest band of being on the board over that of white ones.
    trend : float
        Share of the disparities in appointment, disciplinary, CPD and survey that goes each year.
    """

    appointment: float
    disciplinary: float
    cpd: float
    leaving: float
    progression: float
    representation: float
    pay_within: float
    survey: float
    board: float
    trend: float

    def likelihood(self, name: str, year: int) -> float:
        """Give a ratio of likelihoods in a year.

        Parameters
        ----------
        name : str
            One of appointment, disciplinary, cpd.
        year : int
            Counted from 0.

        Returns
        -------
        float
            On the log scale it shrinks by `trend` each year.
        """
        start: float = getattr(self, name)
        return float(start ** ((1 - self.trend) ** year))

    def survey_gap(self, year: int) -> float:
        """Give the gap in the answers of a year.

        Parameters
        ----------
        year : int
            Counted from 0.

        Returns
        -------
        float
            Difference of proportions.
        """
        return self.survey * (1 - self.trend) ** year


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """Each post on its own: who holds it, and who follows.

    Parameters
    ----------
    start : numpy.ndarray of float
        Shape (ethnic groups, sexes, bands): law of who holds a post at the first snapshot.
    leave : numpy.ndarray of float
        The same shape: yearly probability of leaving.
    promoted : numpy.ndarray of float
        The same shape: yearly probability of those who stay of going up a band.
    hired : tuple of numpy.ndarray of float
        For each year: law of who follows a leaver, of the same shape.
    """

    start: Floats
    leave: Floats
    promoted: Floats
    hired: tuple[Floats, ...]

    def laws(self) -> list[Floats]:
        """Give the law of who holds a post at each snapshot.

        Returns
        -------
        list of numpy.ndarray of float
            One for each year; the posts are independent, so counts are multinomial with these probabilities.
        """
        laws = [self.start]
        for hired in self.hired[1:]:
            before = laws[-1]
            stay = before * (1 - self.leave)
            up = stay * self.promoted
            moved = np.zeros_like(up)
            moved[:, :, 1:] = up[:, :, :-1]
            laws.append(stay - up + moved + float((before * self.leave).sum()) * hired)
        return laws


def applicants(disparities: Disparities, year: int) -> tuple[Floats, Floats, Floats]:
    """Give who applies in a year, who is shortlisted and who is appointed.

    Parameters
    ----------
    disparities : Disparities
        What is planted.
    year : int
        Counted from 0.

    Returns
    -------
    tuple of numpy.ndarray of float
        Law of the applicants, shape (ethnic groups, sexes, bands); probabilities of being shortlisted and, of the
        shortlisted, appointed, shape (ethnic groups,).
    """
    bands = np.array([share for _, share, _, _ in BANDS])
    law = np.array(APPLICANTS)[:, None, None] * _sexes()[None] * (bands / bands.sum())[None, None, :]
    appointed = np.array([APPOINTED * disparities.likelihood("appointment", year), APPOINTED, APPOINTED])
    return law, np.array(SHORTLISTED), appointed


def _sexes() -> Floats:
    """Shape (sexes, bands): law of sex in each band."""
    up = np.arange(len(BANDS))
    odds = np.array(SEX_SHARE)[:, None] * np.ones(len(BANDS))
    odds[MALE] *= np.exp(_MEN_UP_THE_BANDS * up)
    return np.asarray(odds / odds.sum(axis=0))


def chain_of(disparities: Disparities, years: int) -> Chain:
    """Make the chain that the disparities imply.

    Parameters
    ----------
    disparities : Disparities
        What is planted.
    years : int
        Snapshots.

    Returns
    -------
    Chain
        Its laws.
    """
    bands = np.array([share for _, share, _, _ in BANDS])
    bands = bands / bands.sum()
    steps = np.linspace(0, 1, len(BANDS))
    odds = np.array(ETHNIC_SHARE)[:, None] * np.ones(len(BANDS))
    odds[BME] *= disparities.representation**steps
    start = (odds / odds.sum(axis=0))[:, None, :] * _sexes()[None] * bands[None, None, :]
    leave = np.full(STATES, LEAVING)
    leave[BME] *= disparities.leaving
    promoted = np.full(STATES, PROMOTION)
    promoted[BME] *= disparities.progression
    promoted[:, :, -1] = 0.0
    hired = []
    for year in range(years):
        law, shortlisted, appointed = applicants(disparities, year)
        chosen = law * (shortlisted * appointed)[:, None, None]
        hired.append(chosen / chosen.sum())
    return Chain(start, leave, promoted, tuple(hired))


def survey_law(disparities: Disparities, key: str, year: int) -> Floats:
    """Give the probability of saying so, by ethnic group and disability.

    Parameters
    ----------
    disparities : Disparities
        What is planted.
    key : str
        Of `QUESTIONS`.
    year : int
        Counted from 0.

    Returns
    -------
    numpy.ndarray of float
        Shape (ethnic groups, disability); averaged over disability it is the share of the ethnic group.
    """
    base, sign, disabled = QUESTIONS[key]
    of_group = np.array([base, base + sign * disparities.survey_gap(year), base])
    adds = np.array([disabled, 0.0, 0.0])
    adds -= float(adds @ np.array(DISABILITY_SHARE))
    return np.asarray(of_group[:, None] + adds[None, :])


def recruited_law(said: Floats, key: str) -> tuple[Floats, Floats]:
    """Tell those recruited abroad from the others, so that a group as a whole says what it says.

    Parameters
    ----------
    said : numpy.ndarray of float
        Shape (ethnic groups, disability): probability of saying so, as `survey_law` gives it.
    key : str
        Of `QUESTIONS`.

    Returns
    -------
    tuple of numpy.ndarray of float
        Shares of those recruited abroad and of the others, shape (2, ethnic groups, 1), and their probabilities of
        saying so, shape (2, ethnic groups, disability).
    """
    abroad = np.array(RECRUITED_SHARE)[:, None]
    adds = RECRUITED_ADDS.get(key, 0.0)
    return np.stack([abroad, 1 - abroad]), np.stack([said + adds, said - adds * abroad / (1 - abroad)])
