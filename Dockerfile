# One image for gateway, worker, migrations and simulators; docker-compose.yml says which runs where.
FROM python:3.11.14-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONPATH=/app
WORKDIR /app

# Dependencies first: this layer changes only with the lock file, whose hashes pip insists on.
COPY requirements.lock ./
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock

COPY domain/ domain/
COPY integrations/ integrations/
COPY storage/ storage/
COPY activities/ activities/
COPY workflows/ workflows/
COPY playbooks/ playbooks/
COPY gateway/ gateway/
COPY simulators/ simulators/
COPY starter/ starter/
COPY settings.py worker.py .env.example ./

RUN useradd --system --uid 10001 --no-create-home journeys
USER journeys

EXPOSE 8080
CMD ["python", "-m", "gateway"]
