FROM python:3.13-slim AS build
WORKDIR /src
RUN pip install --no-cache-dir uv
COPY pyproject.toml uv.lock README.md LICENSE ./
COPY src ./src
COPY observability/prometheus/alerts ./observability/prometheus/alerts
RUN UV_PROJECT_ENVIRONMENT=/opt/watchkeeper uv sync --locked --no-dev --no-editable

FROM python:3.13-slim
RUN useradd --uid 10001 --create-home watchkeeper
COPY --from=build /opt/watchkeeper /opt/watchkeeper
ENV PATH=/opt/watchkeeper/bin:$PATH
USER 10001
WORKDIR /home/watchkeeper
EXPOSE 8000
ENTRYPOINT ["watchkeeper"]
CMD ["serve", "--host", "0.0.0.0"]
