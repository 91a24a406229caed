# syntax=docker/dockerfile:1
# docker build -t evidence-ledger .
# docker run -p 8000:8000 -v evidence:/data evidence-ledger
# See docs/operations.md, "Container".

FROM python:3.11-slim AS builder
WORKDIR /srv/evidence-ledger
ENV PIP_NO_CACHE_DIR=1
COPY dev requirements.lock ./
RUN ./dev setup --runtime

FROM python:3.11-slim
WORKDIR /srv/evidence-ledger
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin evidence \
    && install -d -o evidence -g evidence /data
COPY --from=builder /srv/evidence-ledger/.venv .venv
COPY . .
ENV PATH=/srv/evidence-ledger/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    EVIDENCE_DATABASE_URL=sqlite:////data/evidence.sqlite3
USER evidence
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s --retries=3 \
    CMD evidence health --url "http://127.0.0.1:${PORT:-8000}"
ENTRYPOINT ["/srv/evidence-ledger/docker/start"]
