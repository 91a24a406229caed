"""Certainty and direction as signs: GRADE's four circles, and an arrow or sign for what the evidence says."""

from app.vocabulary import Certainty, Finding

CERTAINTY_SIGNS = {
    Certainty.HIGH: "⊕⊕⊕⊕",
    Certainty.MODERATE: "⊕⊕⊕○",
    Certainty.LOW: "⊕⊕○○",
    Certainty.VERY_LOW: "⊕○○○",
    Certainty.NO_EVIDENCE: "–",
}
"""Guyatt 2008, doi 10.1136/bmj.39489.470347.AD."""

DIRECTION_SIGNS = {
    Finding.FAVOURS_INTERVENTION: "▲",
    Finding.FAVOURS_COMPARATOR: "▼",
    Finding.NO_IMPORTANT_DIFFERENCE: "=",
    Finding.MIXED: "◆",
    Finding.CONFLICTING: "↕",
    Finding.UNCLEAR: "?",
}
