FROM python:3.13-slim AS build
RUN python -m venv /opt/blup && pip install --no-cache-dir uv
WORKDIR /src
COPY pyproject.toml requirements.lock README.md LICENSE ./
COPY bot bot
COPY cogs cogs
COPY content content
# The lock as a constraint: its versions, without the demo and the development tools.
RUN uv pip install --no-cache --compile-bytecode --python /opt/blup/bin/python --constraint requirements.lock .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home --home-dir /data blup \
    && install -d -o blup -g blup /data
COPY --from=build /opt/blup /opt/blup
ENV PATH=/opt/blup/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    BLUP_DATABASE_URL=sqlite:////data/blup.sqlite3 \
    BLUP_LOG_FORMAT=json
USER blup
WORKDIR /data
VOLUME /data
HEALTHCHECK --interval=60s --timeout=20s --start-period=60s --retries=3 CMD ["blup", "doctor", "--quick"]
ENTRYPOINT ["blup"]
CMD ["run"]
