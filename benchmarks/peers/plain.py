"""What most people would write: FastAPI and SQLModel by the book, to measure beside.

`def` endpoints with `response_model`, a session for each request, lazy relationships, OFFSET and COUNT, ILIKE, the rating worked out
in a loop; the same indexes. `PEER_DATABASE` names its database.
"""

import os
from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from sqlalchemy import Index, MetaData, func
from sqlalchemy.orm import registry, selectinload
from sqlmodel import Field, Relationship, Session, SQLModel, col, create_engine, select

engine = create_engine(os.environ.get("PEER_DATABASE", "sqlite://"), connect_args={"check_same_thread": False})
app = FastAPI()


class Base(SQLModel, registry=registry()):
    """A registry of its own: it shares a process with the product's models when it is filled."""

    metadata = MetaData()


class StudyConditionLink(Base, table=True):
    study_id: str = Field(foreign_key="peer_study.id", primary_key=True)
    condition_slug: str = Field(foreign_key="peer_condition.slug", primary_key=True, index=True)


class Result(Base, table=True):
    __tablename__ = "peer_result"

    id: int | None = Field(default=None, primary_key=True)
    study_id: str = Field(foreign_key="peer_study.id", index=True)
    outcome: str
    comparator: str
    measure: str | None = None
    value: float | None = None
    treatment_n: int | None = None
    treatment_mean: float | None = None
    treatment_sd: float | None = None
    control_n: int | None = None
    control_mean: float | None = None
    control_sd: float | None = None
    study: "Study" = Relationship(back_populates="results")


class StudyBase(Base):
    key: str
    title: str
    authors: str
    journal: str | None = None
    year: int | None = None
    design: str | None = None
    kind: str | None = None
    doi: str | None = None
    pmid: str | None = None
    registration: str | None = None
    country: str | None = None
    language: str | None = None
    publication_status: str
    intervention: str | None = None
    age_group: str | None = None
    n_randomised: int | None = None
    n_analysed: int | None = None


class Study(StudyBase, table=True):
    __tablename__ = "peer_study"
    __table_args__ = (Index("ix_peer_study_year_id", "year", "id"),)

    id: str = Field(primary_key=True)
    results: list[Result] = Relationship(back_populates="study")
    conditions: list["Condition"] = Relationship(back_populates="studies", link_model=StudyConditionLink)


class Condition(Base, table=True):
    __tablename__ = "peer_condition"

    slug: str = Field(primary_key=True)
    name: str
    description: str | None = None
    studies: list[Study] = Relationship(back_populates="conditions", link_model=StudyConditionLink)


class ResultRead(SQLModel):
    outcome: str
    comparator: str
    measure: str | None
    value: float | None
    treatment_n: int | None
    treatment_mean: float | None
    treatment_sd: float | None
    control_n: int | None
    control_mean: float | None
    control_sd: float | None


class StudyRead(StudyBase):
    id: str
    results: list[ResultRead]


class StudyShort(StudyBase):
    id: str


class StudyPage(SQLModel):
    items: list[StudyShort]
    total: int


class RatingRead(SQLModel):
    studies: int
    participants: int
    mean_difference: float | None


class ConditionRead(SQLModel):
    slug: str
    name: str
    description: str | None
    rating: RatingRead
    studies: list[StudyRead]


def get_session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session


Sessions = Annotated[Session, Depends(get_session)]


@app.get("/studies/{study_id}", response_model=StudyRead)
def get_study(study_id: str, session: Sessions) -> Study:
    study = session.get(Study, study_id)
    if study is None:
        raise HTTPException(404)
    return study


@app.get("/studies", response_model=StudyPage)
def list_studies(session: Sessions, offset: int = 0, limit: int = 50, q: str | None = None) -> StudyPage:
    query, count = select(Study), select(func.count()).select_from(Study)
    if q:
        query, count = query.where(col(Study.title).ilike(f"%{q}%")), count.where(col(Study.title).ilike(f"%{q}%"))
    items = session.exec(query.order_by(col(Study.year).desc(), col(Study.id)).offset(offset).limit(limit)).all()
    return StudyPage(items=[StudyShort.model_validate(one, from_attributes=True) for one in items], total=session.exec(count).one())


@app.get("/conditions/{slug}", response_model=ConditionRead)
def get_condition(slug: str, session: Sessions) -> ConditionRead:
    return _read(session.get(Condition, slug))


@app.get("/eager/{slug}", response_model=ConditionRead)
def get_condition_eagerly(slug: str, session: Sessions) -> ConditionRead:
    loaded = selectinload(Condition.studies).selectinload(Study.results)  # type: ignore[arg-type]
    return _read(session.exec(select(Condition).where(Condition.slug == slug).options(loaded)).first())


@app.post("/studies", response_model=StudyShort, status_code=201)
def create_study(study: StudyShort, session: Sessions) -> Study:
    row = Study.model_validate(study, from_attributes=True)
    session.add(row)
    session.commit()
    session.refresh(row)
    return row


def _read(condition: Condition | None) -> ConditionRead:
    if condition is None:
        raise HTTPException(404)
    differences, people = [], 0
    for study in condition.studies:
        people += study.n_analysed or 0
        for result in study.results:
            if result.treatment_mean is not None and result.control_mean is not None:
                differences.append(result.treatment_mean - result.control_mean)
    mean = sum(differences) / len(differences) if differences else None
    rating = RatingRead(studies=len(condition.studies), participants=people, mean_difference=mean)
    studies = [StudyRead.model_validate(study, from_attributes=True) for study in condition.studies]
    return ConditionRead(slug=condition.slug, name=condition.name, description=condition.description, rating=rating, studies=studies)
