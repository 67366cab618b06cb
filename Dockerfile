# syntax=docker/dockerfile:1
# The list of parts comes with the image: docker buildx build --sbom=true --provenance=mode=max .
FROM python:3.13.7-slim-trixie AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PROJECT_ENVIRONMENT=/opt/watchkeeper
WORKDIR /src
RUN --mount=type=cache,target=/root/.cache pip install uv==0.8.22
COPY pyproject.toml uv.lock README.md LICENSE ./
# What is locked changes rarely: a layer of its own.
RUN --mount=type=cache,target=/root/.cache uv sync --locked --no-dev --no-install-project
COPY src ./src
COPY observability/prometheus/alerts ./observability/prometheus/alerts
RUN --mount=type=cache,target=/root/.cache uv sync --locked --no-dev --no-editable

FROM python:3.13.7-slim-trixie
LABEL org.opencontainers.image.title="Watchkeeper" org.opencontainers.image.licenses="MIT"
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin watchkeeper
COPY --from=build /opt/watchkeeper /opt/watchkeeper
ENV PATH=/opt/watchkeeper/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /home/watchkeeper
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=3s --start-period=30s CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
ENTRYPOINT ["watchkeeper"]
CMD ["serve", "--host", "0.0.0.0"]
