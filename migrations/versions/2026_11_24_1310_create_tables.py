"""create tables

Revision: 2026112401
Follows:
"""

import sqlalchemy as sa
from alembic import op

revision = "2026112401"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_key",
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("orcid", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("prefix", name=op.f("pk_api_key")),
        sa.UniqueConstraint("hash", name=op.f("uq_api_key_hash")),
        sa.UniqueConstraint("name", name=op.f("uq_api_key_name")),
    )
    op.create_table(
        "change",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_change")),
    )
    with op.batch_alter_table("change", schema=None) as batch_op:
        batch_op.create_index("ix_change_action_sequence", ["action", "sequence"], unique=False)
        batch_op.create_index("ix_change_subject_sequence", ["subject", "sequence"], unique=False)

    op.create_table(
        "condition",
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("synonyms", sa.JSON(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("body_system", sa.String(), nullable=False),
        sa.Column("age_group", sa.String(), nullable=False),
        sa.Column("broader", sa.String(), nullable=True),
        sa.Column("codes", sa.JSON(), nullable=False),
        sa.Column("article_term", sa.String(), nullable=True),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["broader"], ["condition.slug"], name=op.f("fk_condition_broader_condition")),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_condition")),
    )
    with op.batch_alter_table("condition", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_condition_age_group"), ["age_group"], unique=False)
        batch_op.create_index(batch_op.f("ix_condition_body_system"), ["body_system"], unique=False)

    op.create_table(
        "idempotency_key",
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("request_hash", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("actor", "key", name=op.f("pk_idempotency_key")),
    )
    with op.batch_alter_table("idempotency_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotency_key_created_at"), ["created_at"], unique=False)

    op.create_table(
        "intervention",
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("synonyms", sa.JSON(), nullable=False),
        sa.Column("codes", sa.JSON(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("proposed_mechanism", sa.Text(), nullable=True),
        sa.Column("mechanism_studies", sa.JSON(), nullable=False),
        sa.Column("providers", sa.JSON(), nullable=False),
        sa.Column("session", sa.JSON(), nullable=True),
        sa.Column("sensations", sa.JSON(), nullable=False),
        sa.Column("fidelities", sa.JSON(), nullable=False),
        sa.Column("related", sa.JSON(), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_intervention")),
    )
    op.create_table(
        "outcome",
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("better", sa.String(), nullable=False),
        sa.Column("importance_default", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_outcome")),
    )
    op.create_table(
        "search_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_entry")),
    )
    with op.batch_alter_table("search_entry", schema=None) as batch_op:
        batch_op.create_index("ix_search_entry_kind_reference", ["kind", "reference"], unique=True)

    op.create_table(
        "source",
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=True),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_source")),
    )
    op.create_table(
        "adverse_effect",
        sa.Column("intervention", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("duration", sa.String(), nullable=True),
        sa.Column("frequency", sa.String(), nullable=True),
        sa.Column("population", sa.String(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["intervention"], ["intervention.slug"], name=op.f("fk_adverse_effect_intervention_intervention")),
        sa.PrimaryKeyConstraint("intervention", "position", name=op.f("pk_adverse_effect")),
    )
    op.create_table(
        "body_of_evidence",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("condition", sa.String(), nullable=False),
        sa.Column("intervention", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("comparator_group", sa.String(), nullable=False),
        sa.Column("horizon", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("in_headline", sa.Boolean(), nullable=False),
        sa.Column("certainty", sa.String(), nullable=False),
        sa.Column("finding", sa.String(), nullable=False),
        sa.Column("k", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("explanation", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["condition"], ["condition.slug"], name=op.f("fk_body_of_evidence_condition_condition")),
        sa.ForeignKeyConstraint(["intervention"], ["intervention.slug"], name=op.f("fk_body_of_evidence_intervention_intervention")),
        sa.ForeignKeyConstraint(["outcome"], ["outcome.slug"], name=op.f("fk_body_of_evidence_outcome_outcome")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_body_of_evidence")),
    )
    with op.batch_alter_table("body_of_evidence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_body_of_evidence_certainty"), ["certainty"], unique=False)
        batch_op.create_index("ix_body_of_evidence_condition_intervention", ["condition", "intervention"], unique=False)
        batch_op.create_index(batch_op.f("ix_body_of_evidence_outcome"), ["outcome"], unique=False)

    op.create_table(
        "change_subject",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["sequence"], ["change.sequence"], name=op.f("fk_change_subject_sequence_change")),
        sa.PrimaryKeyConstraint("subject", "sequence", name=op.f("pk_change_subject")),
    )
    op.create_table(
        "claim",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("condition", sa.String(), nullable=True),
        sa.Column("intervention", sa.String(), nullable=True),
        sa.Column("asserted_direction", sa.String(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("locator", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["condition"], ["condition.slug"], name=op.f("fk_claim_condition_condition")),
        sa.ForeignKeyConstraint(["intervention"], ["intervention.slug"], name=op.f("fk_claim_intervention_intervention")),
        sa.ForeignKeyConstraint(["source"], ["source.slug"], name=op.f("fk_claim_source_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
    )
    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_claim_condition"), ["condition"], unique=False)
        batch_op.create_index(batch_op.f("ix_claim_intervention"), ["intervention"], unique=False)
        batch_op.create_index(batch_op.f("ix_claim_kind"), ["kind"], unique=False)

    op.create_table(
        "condition_outcome",
        sa.Column("condition", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("importance", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["condition"], ["condition.slug"], name=op.f("fk_condition_outcome_condition_condition")),
        sa.ForeignKeyConstraint(["outcome"], ["outcome.slug"], name=op.f("fk_condition_outcome_outcome_outcome")),
        sa.PrimaryKeyConstraint("condition", "outcome", name=op.f("pk_condition_outcome")),
    )
    op.create_table(
        "contraindication",
        sa.Column("intervention", sa.String(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("codes", sa.JSON(), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["intervention"], ["intervention.slug"], name=op.f("fk_contraindication_intervention_intervention")),
        sa.PrimaryKeyConstraint("intervention", "slug", name=op.f("pk_contraindication")),
    )
    op.create_table(
        "instrument",
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("min", sa.Float(), nullable=True),
        sa.Column("max", sa.Float(), nullable=True),
        sa.Column("unit", sa.String(), nullable=True),
        sa.Column("better", sa.String(), nullable=False),
        sa.Column("mid", sa.Float(), nullable=True),
        sa.Column("mid_source", sa.Text(), nullable=True),
        sa.Column("mid_standing", sa.String(), nullable=False),
        sa.Column("linear_group_name", sa.String(), nullable=True),
        sa.Column("linear_group_factor", sa.Float(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["outcome"], ["outcome.slug"], name=op.f("fk_instrument_outcome_outcome")),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_instrument")),
    )
    with op.batch_alter_table("instrument", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_instrument_outcome"), ["outcome"], unique=False)

    op.create_table(
        "position",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("intervention", sa.String(), nullable=False),
        sa.Column("organisation", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("country", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("fidelity", sa.String(), nullable=True),
        sa.Column("population", sa.String(), nullable=True),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("stance", sa.String(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("safety_statement", sa.Text(), nullable=True),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("confidence", sa.String(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["intervention"], ["intervention.slug"], name=op.f("fk_position_intervention_intervention")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_position")),
    )
    with op.batch_alter_table("position", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_position_intervention"), ["intervention"], unique=False)

    op.create_table(
        "rating",
        sa.Column("condition", sa.String(), nullable=False),
        sa.Column("intervention", sa.String(), nullable=False),
        sa.Column("certainty", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=True),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("headline_comparator", sa.String(), nullable=True),
        sa.Column("eligible_studies", sa.Integer(), nullable=False),
        sa.Column("eligible_participants", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("inputs_hash", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["condition"], ["condition.slug"], name=op.f("fk_rating_condition_condition")),
        sa.ForeignKeyConstraint(["intervention"], ["intervention.slug"], name=op.f("fk_rating_intervention_intervention")),
        sa.PrimaryKeyConstraint("condition", "intervention", name=op.f("pk_rating")),
    )
    with op.batch_alter_table("rating", schema=None) as batch_op:
        batch_op.create_index("ix_rating_certainty", ["certainty"], unique=False)
        batch_op.create_index("ix_rating_intervention", ["intervention"], unique=False)

    op.create_table(
        "rating_history",
        sa.Column("condition", sa.String(), nullable=False),
        sa.Column("intervention", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("inputs_hash", sa.String(), nullable=False),
        sa.Column("certainty", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=True),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("headline_comparator", sa.String(), nullable=True),
        sa.Column("eligible_studies", sa.Integer(), nullable=False),
        sa.Column("eligible_participants", sa.Integer(), nullable=False),
        sa.Column("cause", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["condition"], ["condition.slug"], name=op.f("fk_rating_history_condition_condition")),
        sa.ForeignKeyConstraint(["intervention"], ["intervention.slug"], name=op.f("fk_rating_history_intervention_intervention")),
        sa.ForeignKeyConstraint(["sequence"], ["change.sequence"], name=op.f("fk_rating_history_sequence_change")),
        sa.PrimaryKeyConstraint("condition", "intervention", "sequence", name=op.f("pk_rating_history")),
    )
    op.create_table(
        "reading",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("intervention", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("publisher", sa.String(), nullable=True),
        sa.Column("isbn", sa.String(), nullable=True),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("kind_of_source", sa.String(), nullable=False),
        sa.Column("recommended_by", sa.String(), nullable=True),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["intervention"], ["intervention.slug"], name=op.f("fk_reading_intervention_intervention")),
        sa.ForeignKeyConstraint(["recommended_by"], ["source.slug"], name=op.f("fk_reading_recommended_by_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading")),
    )
    with op.batch_alter_table("reading", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reading_intervention"), ["intervention"], unique=False)

    op.create_table(
        "study",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("live_revision", sa.Integer(), nullable=True),
        sa.Column("newest_revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("design", sa.String(), nullable=False),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("journal", sa.String(), nullable=True),
        sa.Column("doi", sa.String(), nullable=True),
        sa.Column("pmid", sa.String(), nullable=True),
        sa.Column("pmcid", sa.String(), nullable=True),
        sa.Column("registration", sa.String(), nullable=True),
        sa.Column("linked_registration", sa.String(), nullable=True),
        sa.Column("country", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("publication_status", sa.String(), nullable=False),
        sa.Column("intervention", sa.String(), nullable=True),
        sa.Column("fidelity", sa.String(), nullable=True),
        sa.Column("age_group", sa.String(), nullable=True),
        sa.Column("n_randomised", sa.Integer(), nullable=True),
        sa.Column("n_analysed", sa.Integer(), nullable=True),
        sa.Column("confidence", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["intervention"], ["intervention.slug"], name=op.f("fk_study_intervention_intervention")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study")),
        sa.UniqueConstraint("doi", name=op.f("uq_study_doi")),
        sa.UniqueConstraint("key", name=op.f("uq_study_key")),
        sa.UniqueConstraint("pmcid", name=op.f("uq_study_pmcid")),
        sa.UniqueConstraint("pmid", name=op.f("uq_study_pmid")),
    )
    with op.batch_alter_table("study", schema=None) as batch_op:
        batch_op.create_index("ix_study_intervention_year_id", ["intervention", "year", "id"], unique=False)
        batch_op.create_index("ix_study_kind_year_id", ["kind", "year", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_study_linked_registration"), ["linked_registration"], unique=False)
        batch_op.create_index(batch_op.f("ix_study_registration"), ["registration"], unique=False)
        batch_op.create_index(batch_op.f("ix_study_status"), ["status"], unique=False)
        batch_op.create_index("ix_study_year_id", ["year", "id"], unique=False)

    op.create_table(
        "comparison",
        sa.Column("study_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_comparison_study_id_study")),
        sa.PrimaryKeyConstraint("study_id", "position", name=op.f("pk_comparison")),
    )
    with op.batch_alter_table("comparison", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_comparison_kind"), ["kind"], unique=False)

    op.create_table(
        "included_study",
        sa.Column("review_id", sa.String(), nullable=False),
        sa.Column("study_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["review_id"], ["study.id"], name=op.f("fk_included_study_review_id_study")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_included_study_study_id_study")),
        sa.PrimaryKeyConstraint("review_id", "study_id", name=op.f("pk_included_study")),
    )
    with op.batch_alter_table("included_study", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_included_study_study_id"), ["study_id"], unique=False)

    op.create_table(
        "result",
        sa.Column("study_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("condition", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("instrument", sa.String(), nullable=False),
        sa.Column("comparator", sa.String(), nullable=False),
        sa.Column("timepoint_weeks", sa.Float(), nullable=True),
        sa.Column("since_end_of_treatment_weeks", sa.Float(), nullable=True),
        sa.Column("within_group", sa.Boolean(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("treatment_n", sa.Integer(), nullable=True),
        sa.Column("treatment_mean", sa.Float(), nullable=True),
        sa.Column("treatment_sd", sa.Float(), nullable=True),
        sa.Column("treatment_events", sa.Integer(), nullable=True),
        sa.Column("control_n", sa.Integer(), nullable=True),
        sa.Column("control_mean", sa.Float(), nullable=True),
        sa.Column("control_sd", sa.Float(), nullable=True),
        sa.Column("control_events", sa.Integer(), nullable=True),
        sa.Column("measure", sa.String(), nullable=True),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("ci_low", sa.Float(), nullable=True),
        sa.Column("ci_high", sa.Float(), nullable=True),
        sa.Column("se", sa.Float(), nullable=True),
        sa.Column("p", sa.Float(), nullable=True),
        sa.Column("p_is_upper_bound", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["condition"], ["condition.slug"], name=op.f("fk_result_condition_condition")),
        sa.ForeignKeyConstraint(["instrument"], ["instrument.slug"], name=op.f("fk_result_instrument_instrument")),
        sa.ForeignKeyConstraint(["outcome"], ["outcome.slug"], name=op.f("fk_result_outcome_outcome")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_result_study_id_study")),
        sa.PrimaryKeyConstraint("study_id", "position", name=op.f("pk_result")),
    )
    with op.batch_alter_table("result", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_result_condition"), ["condition"], unique=False)
        batch_op.create_index(batch_op.f("ix_result_outcome"), ["outcome"], unique=False)

    op.create_table(
        "review",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("study_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("conflict_of_interest", sa.Text(), nullable=False),
        sa.Column("reviewer", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_review_study_id_study")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
    )
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.create_index("ix_review_study_id_revision", ["study_id", "revision"], unique=False)

    op.create_table(
        "risk_of_bias",
        sa.Column("study_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("tool", sa.String(), nullable=False),
        sa.Column("overall", sa.String(), nullable=True),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("judged_by", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_risk_of_bias_study_id_study")),
        sa.PrimaryKeyConstraint("study_id", "position", name=op.f("pk_risk_of_bias")),
    )
    op.create_table(
        "shared_participants",
        sa.Column("study_id", sa.String(), nullable=False),
        sa.Column("other_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["other_id"], ["study.id"], name=op.f("fk_shared_participants_other_id_study")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_shared_participants_study_id_study")),
        sa.PrimaryKeyConstraint("study_id", "other_id", name=op.f("pk_shared_participants")),
    )
    with op.batch_alter_table("shared_participants", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_shared_participants_other_id"), ["other_id"], unique=False)

    op.create_table(
        "study_condition",
        sa.Column("study_id", sa.String(), nullable=False),
        sa.Column("condition", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["condition"], ["condition.slug"], name=op.f("fk_study_condition_condition_condition")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_study_condition_study_id_study")),
        sa.PrimaryKeyConstraint("study_id", "condition", name=op.f("pk_study_condition")),
    )
    with op.batch_alter_table("study_condition", schema=None) as batch_op:
        batch_op.create_index("ix_study_condition_condition_year_study_id", ["condition", "year", "study_id"], unique=False)

    op.create_table(
        "study_revision",
        sa.Column("study_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("base_revision", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_study_revision_study_id_study")),
        sa.PrimaryKeyConstraint("study_id", "number", name=op.f("pk_study_revision")),
    )
    with op.batch_alter_table("study_revision", schema=None) as batch_op:
        batch_op.create_index("ix_study_revision_status_created_at", ["status", "created_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("study_revision", schema=None) as batch_op:
        batch_op.drop_index("ix_study_revision_status_created_at")

    op.drop_table("study_revision")
    with op.batch_alter_table("study_condition", schema=None) as batch_op:
        batch_op.drop_index("ix_study_condition_condition_year_study_id")

    op.drop_table("study_condition")
    with op.batch_alter_table("shared_participants", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_shared_participants_other_id"))

    op.drop_table("shared_participants")
    op.drop_table("risk_of_bias")
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.drop_index("ix_review_study_id_revision")

    op.drop_table("review")
    with op.batch_alter_table("result", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_result_outcome"))
        batch_op.drop_index(batch_op.f("ix_result_condition"))

    op.drop_table("result")
    with op.batch_alter_table("included_study", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_included_study_study_id"))

    op.drop_table("included_study")
    with op.batch_alter_table("comparison", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_comparison_kind"))

    op.drop_table("comparison")
    with op.batch_alter_table("study", schema=None) as batch_op:
        batch_op.drop_index("ix_study_year_id")
        batch_op.drop_index(batch_op.f("ix_study_status"))
        batch_op.drop_index(batch_op.f("ix_study_registration"))
        batch_op.drop_index(batch_op.f("ix_study_linked_registration"))
        batch_op.drop_index("ix_study_kind_year_id")
        batch_op.drop_index("ix_study_intervention_year_id")

    op.drop_table("study")
    with op.batch_alter_table("reading", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reading_intervention"))

    op.drop_table("reading")
    op.drop_table("rating_history")
    with op.batch_alter_table("rating", schema=None) as batch_op:
        batch_op.drop_index("ix_rating_intervention")
        batch_op.drop_index("ix_rating_certainty")

    op.drop_table("rating")
    with op.batch_alter_table("position", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_position_intervention"))

    op.drop_table("position")
    with op.batch_alter_table("instrument", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_instrument_outcome"))

    op.drop_table("instrument")
    op.drop_table("contraindication")
    op.drop_table("condition_outcome")
    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_claim_kind"))
        batch_op.drop_index(batch_op.f("ix_claim_intervention"))
        batch_op.drop_index(batch_op.f("ix_claim_condition"))

    op.drop_table("claim")
    op.drop_table("change_subject")
    with op.batch_alter_table("body_of_evidence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_body_of_evidence_outcome"))
        batch_op.drop_index("ix_body_of_evidence_condition_intervention")
        batch_op.drop_index(batch_op.f("ix_body_of_evidence_certainty"))

    op.drop_table("body_of_evidence")
    op.drop_table("adverse_effect")
    op.drop_table("source")
    with op.batch_alter_table("search_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_search_entry_kind_reference")

    op.drop_table("search_entry")
    op.drop_table("outcome")
    op.drop_table("intervention")
    with op.batch_alter_table("idempotency_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotency_key_created_at"))

    op.drop_table("idempotency_key")
    with op.batch_alter_table("condition", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_condition_body_system"))
        batch_op.drop_index(batch_op.f("ix_condition_age_group"))

    op.drop_table("condition")
    with op.batch_alter_table("change", schema=None) as batch_op:
        batch_op.drop_index("ix_change_subject_sequence")
        batch_op.drop_index("ix_change_action_sequence")

    op.drop_table("change")
    op.drop_table("api_key")
