# One image for the API, the relay, the worker, the simulators and `ordito`; docker-compose.yml says which runs what.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1

WORKDIR /app

# The packages change seldom: their layer is kept while only our code changes.
COPY requirements.lock ./
RUN python -m pip install --require-hashes -r requirements.lock

COPY . .
RUN python -m pip install --no-deps --no-build-isolation -e . \
    && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin ordito \
    && install --directory --owner=ordito --mode=0700 /data

# Nothing here needs root: ports are above 1024, and only /data is written to.
USER ordito
ENV ORDITO_HOME=/data \
    ORDITO_POLICIES=/app/policies
VOLUME /data

CMD ["ordito", "--help"]
