"""The files of seed_data: their form, how many there are, and that every name in one of them is found in another."""

from collections import Counter
from pathlib import Path

import pytest

from app.vocabulary import AgeGroup, ClaimKind, Design, Importance, MidStanding, PublicationStatus, StudyKind
from tests.seed_data.seed_files import (
    REFERENCE_FILES,
    SEED_DATA,
    STUDIES,
    STUDY,
    canonical,
    claims,
    condition_outcomes,
    conditions,
    instruments,
    interventions,
    outcomes,
    positions,
    readings,
    results,
    sources,
    studies,
)

STUDY_FILES = sorted(STUDIES.glob("*.json"))
FOUNDING_ARTICLE = "roya-article"
FOUNDING_CONDITIONS = {
    "migraine", "headache", "asthma", "epilepsy", "speech-impairment", "multiple-sclerosis", "neuralgia", "irritable-bowel-syndrome",
    "sleep-disorders", "back-pain", "sinusitis", "neck-pain", "fibromyalgia", "otitis-media", "infant-colic", "anxiety", "depression",
}  # fmt: skip
IMPORTANT_DIFFERENCES = {  # range, minimal important difference between groups, its standing: method, section 10
    "pain-vas-100": (0, 100, 10, MidStanding.PROVISIONAL),
    "pain-nrs-10": (0, 10, 1, MidStanding.PROVISIONAL),
    "pain-vas-10": (0, 10, 1, MidStanding.PROVISIONAL),
    "ndi": (0, 50, 3.5, MidStanding.PROVISIONAL),
    "rmdq": (0, 24, 2, MidStanding.PROVISIONAL),
    "odi": (0, 100, 5, MidStanding.PROVISIONAL),
    "hit-6": (36, 78, 1.5, MidStanding.ESTABLISHED),
    "headache-days-month": (0, 31, 1, MidStanding.PROVISIONAL),
    "sf-component": (0, 100, 2.5, MidStanding.PROVISIONAL),
    "crying-minutes-day": (0, 1440, 30, MidStanding.PROVISIONAL),
    "crying-hours-day": (0, 24, 0.5, MidStanding.PROVISIONAL),
    "ibs-sss": (0, 500, 25, MidStanding.PROVISIONAL),
    "fiq": (0, 100, 4, MidStanding.PROVISIONAL),
}
REVIEW_DESIGNS = {Design.SYSTEMATIC_REVIEW, Design.META_ANALYSIS, Design.OVERVIEW}


def condition_slugs() -> set[str]:
    return {record.slug for record in conditions()}


def intervention_slugs() -> set[str]:
    return {record.slug for record in interventions()}


def source_names() -> set[str]:
    """What `source` may name: a source record, a study, or a position."""
    return {record.slug for record in sources()} | set(studies()) | {record.id for record in positions()}


class TestForm:
    @pytest.mark.parametrize("path", STUDY_FILES, ids=lambda path: path.stem)
    def test_a_study_file_is_its_document_written_canonically(self, path: Path) -> None:
        text = path.read_text("utf-8")
        assert text == canonical(STUDY, text)

    @pytest.mark.parametrize("name", REFERENCE_FILES)
    def test_a_reference_file_is_its_records_written_canonically(self, name: str) -> None:
        text = (SEED_DATA / f"{name}.json").read_text("utf-8")
        assert text == canonical(REFERENCE_FILES[name], text)

    def test_there_is_no_other_file(self) -> None:
        expected = {"README.md"} | {f"{name}.json" for name in REFERENCE_FILES}
        assert {path.name for path in SEED_DATA.iterdir() if path.is_file()} == expected
        assert all(path.suffix == ".json" for path in STUDIES.iterdir())


class TestCounts:
    def test_studies_by_kind(self) -> None:
        assert Counter(study.kind for study in studies().values()) == {
            StudyKind.PRIMARY: 108,
            StudyKind.SYNTHESIS: 32,
            StudyKind.REGISTRATION: 16,
            StudyKind.RELIABILITY: 14,
            StudyKind.SAFETY: 8,
        }

    def test_results(self) -> None:
        rows = [result.row for result in results()]
        assert len(rows) == 300
        assert sum(row.within_group for row in rows) == 44

    def test_primary_studies_by_fidelity(self) -> None:
        counts = Counter(study.fidelity for study in studies().values() if study.kind is StudyKind.PRIMARY)
        assert counts == {"craniosacral-therapy": 43, "osteopathy-in-the-cranial-field": 13, "mixed-osteopathic-package": 45, None: 7}

    def test_reference_records(self) -> None:
        assert [len(conditions()), len(interventions()), len(outcomes()), len(instruments()), len(condition_outcomes())] == [
            46,
            2,
            37,
            112,
            128,
        ]
        assert [len(sources()), len(claims()), len(readings()), len(positions())] == [1, 38, 2, 16]

    def test_each_name_is_given_once(self) -> None:
        for names in (
            [record.slug for record in conditions()],
            [record.slug for record in outcomes()],
            [record.id for record in claims()],
            [record.id for record in readings()],
            [record.id for record in positions()],
            [(record.condition, record.outcome) for record in condition_outcomes()],
        ):
            assert len(set(names)) == len(names)


class TestConditions:
    def test_every_condition_of_the_founding_article_is_there_under_its_term(self) -> None:
        assert {record.slug for record in conditions() if record.article_term} == FOUNDING_CONDITIONS | {"stress"}

    def test_each_condition_of_the_founding_article_has_an_efficacy_claim(self) -> None:
        claimed = {claim.condition for claim in claims() if claim.kind is ClaimKind.EFFICACY}
        assert claimed >= FOUNDING_CONDITIONS

    def test_broader_leads_upwards_and_ends(self) -> None:
        broader = {record.slug: record.broader for record in conditions()}
        for slug in broader:
            seen = {slug}
            above = broader[slug]
            while above is not None:
                assert above in broader, above
                assert above not in seen, f"{slug} is broader than itself"
                seen.add(above)
                above = broader[above]

    def test_a_mesh_code_has_its_term(self) -> None:
        codes = [record.codes for record in conditions()] + [record.codes for record in interventions()]
        codes += [contraindication.codes for record in interventions() for contraindication in record.contraindications]
        assert all((code.mesh is None) == (code.mesh_term is None) for code in codes)


class TestInterventions:
    def test_related_interventions_name_each_other(self) -> None:
        related = {record.slug: {other.intervention for other in record.related} for record in interventions()}
        assert all(slug in related[other] for slug, others in related.items() for other in others)
        assert all(related.values())

    def test_a_fidelity_belongs_to_one_intervention(self) -> None:
        fidelities = [fidelity.fidelity for record in interventions() for fidelity in record.fidelities]
        assert sorted(fidelities) == ["craniosacral-therapy", "mixed-osteopathic-package", "osteopathy-in-the-cranial-field"]

    def test_mechanism_studies_are_there(self) -> None:
        assert all(key in studies() for record in interventions() for key in record.mechanism_studies)

    def test_sources_of_harms_and_habits_are_there(self) -> None:
        for record in interventions():
            named = [entry.source for entry in (*record.providers, *record.sensations)]
            named += [effect.source for effect in record.adverse_effects]
            named += [record.session.source] if record.session else []
            named += [source for entry in record.contraindications for source in entry.sources if not source.startswith("http")]
            assert set(named) <= source_names()

    def test_mixed_packages_carry_no_dose_or_harm_of_craniosacral_therapy(self) -> None:
        mixed = next(record for record in interventions() if record.slug == "osteopathic-manipulative-treatment")
        assert (mixed.session, mixed.adverse_effects, mixed.contraindications) == (None, [], [])


class TestOutcomesAndInstruments:
    def test_an_instrument_runs_the_same_way_as_its_outcome(self) -> None:
        better = {record.slug: record.better for record in outcomes()}
        assert [slug for slug, record in instruments().items() if better[record.outcome] is not record.better] == []

    def test_scales_have_a_bottom_below_their_top(self) -> None:
        assert all(record.min < record.max for record in instruments().values() if record.min is not None and record.max is not None)

    def test_instruments_of_one_linear_group_share_outcome_and_important_difference(self) -> None:
        groups: dict[str, set[tuple[str, float | None]]] = {}
        for record in instruments().values():
            if record.linear_group:
                scaled = None if record.mid is None else round(record.mid * record.linear_group.factor, 9)
                groups.setdefault(record.linear_group.name, set()).add((record.outcome, scaled))
        assert groups == {"pain-0-100": {("pain-intensity", 10.0)}, "crying-minutes-day": {("crying-time", 30.0)}}

    def test_important_differences_are_those_of_the_method(self) -> None:
        given = {slug: (scale.min, scale.max, scale.mid, scale.mid_standing) for slug, scale in instruments().items() if scale.mid}
        assert given == IMPORTANT_DIFFERENCES

    def test_named_scales_are_preferred_to_unnamed_ones(self) -> None:
        pain = [slug for slug, record in instruments().items() if record.outcome == "pain-intensity"]
        assert pain[:3] == ["pain-vas-100", "pain-nrs-10", "pain-vas-10"]
        assert pain.index("pain-scale-unstated") > pain.index("mcgill-pain")

    def test_each_condition_has_one_to_three_critical_outcomes(self) -> None:
        critical = Counter(record.condition for record in condition_outcomes() if record.importance is Importance.CRITICAL)
        assert set(critical) == {record.condition for record in condition_outcomes()}
        assert set(critical.values()) <= {1, 2, 3}

    def test_their_conditions_and_outcomes_are_there(self) -> None:
        assert {record.condition for record in condition_outcomes()} <= condition_slugs()
        assert {record.outcome for record in condition_outcomes()} == {record.slug for record in outcomes()}


class TestClaimsReadingsPositions:
    def test_claims_name_what_is_there(self) -> None:
        for claim in claims():
            assert claim.condition in condition_slugs() | {None}
            assert claim.intervention in intervention_slugs()
            assert claim.source == FOUNDING_ARTICLE

    def test_a_claim_of_efficacy_or_mechanism_says_which_way(self) -> None:
        assert [claim.id for claim in claims() if claim.asserted_direction is None and claim.kind is not ClaimKind.SAFETY] == []

    def test_readings_name_what_is_there(self) -> None:
        assert all(reading.intervention in intervention_slugs() and reading.recommended_by == FOUNDING_ARTICLE for reading in readings())

    def test_positions_name_what_is_there(self) -> None:
        fidelities = {fidelity.fidelity: record.slug for record in interventions() for fidelity in record.fidelities}
        for position in positions():
            assert set(position.conditions) <= condition_slugs()
            assert position.fidelity is None or fidelities[position.fidelity] == position.intervention


class TestStudies:
    def test_the_key_holds_the_year_or_says_that_it_is_unknown(self) -> None:
        for key, study in studies().items():
            assert f"-{study.year or 'nd'}-" in f"-{key}-"

    def test_identifiers_and_titles_are_used_once(self) -> None:
        for member in ("doi", "pmid", "pmcid", "title"):
            values = [getattr(study, member).lower() for study in studies().values() if getattr(study, member)]
            assert len(set(values)) == len(values), member

    def test_the_intervention_follows_from_the_fidelity(self) -> None:
        of_fidelity = {fidelity.fidelity: record.slug for record in interventions() for fidelity in record.fidelities}
        for key, study in studies().items():
            assert study.intervention == (of_fidelity[study.fidelity] if study.fidelity else None), key
            assert study.intervention_description, key

    def test_conditions_are_there(self) -> None:
        assert {condition for study in studies().values() for condition in study.conditions} <= condition_slugs()

    def test_same_participants_is_said_from_both_sides(self) -> None:
        for key, study in studies().items():
            assert key not in study.same_participants_as
            assert all(key in studies()[other].same_participants_as for other in study.same_participants_as)

    def test_registrations_are_registered_and_have_no_results(self) -> None:
        for key, study in studies().items():
            signs = {
                study.kind is StudyKind.REGISTRATION,
                study.design is Design.REGISTERED_TRIAL,
                study.publication_status is PublicationStatus.REGISTERED,
            }
            assert len(signs) == 1, key
            assert study.kind is StudyKind.REGISTRATION or study.completed_on is None, key
            assert study.kind is not StudyKind.REGISTRATION or study.results == [], key

    def test_reviews_say_what_they_include_and_only_reviews_do(self) -> None:
        for key, study in studies().items():
            assert study.kind is not StudyKind.SYNTHESIS or study.synthesis is not None, key
            if study.synthesis is not None:
                assert study.design in REVIEW_DESIGNS, key
                assert key not in study.synthesis.included
                assert set(study.synthesis.included) <= set(studies()), key

    def test_harms_are_told_where_they_were_reported(self) -> None:
        for key, study in studies().items():
            assert not study.adverse_events.reported or study.adverse_events.text, key
            assert study.adverse_events.reported or study.adverse_events.serious is None, key
        primary = [study for study in studies().values() if study.kind is StudyKind.PRIMARY]
        assert sum(study.adverse_events.reported for study in primary) == 15

    def test_each_record_says_where_it_comes_from_and_what_it_concludes(self) -> None:
        for key, study in studies().items():
            assert study.sources or study.notes, key
            assert study.conclusion, key
            assert study.confidence is not None, key

    def test_numbers_of_people_are_never_zero(self) -> None:
        for key, study in studies().items():
            assert study.n_randomised != 0, key
            assert study.n_analysed != 0, key

    def test_no_cluster_size_and_no_orcid_was_read(self) -> None:
        assert all(study.cluster_size is None and study.author_orcids == [] for study in studies().values())

    def test_infants_are_not_adults(self) -> None:
        by_condition = {record.slug: record.age_group for record in conditions()}
        wrong = [
            key
            for key, study in studies().items()
            for condition in study.conditions
            if by_condition[condition] is AgeGroup.INFANT and study.age_group is AgeGroup.ADULT
        ]
        assert wrong == []
