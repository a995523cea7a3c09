# Outcare in a container: docker build -t outcare . && docker run --rm -it -p 127.0.0.1:8080:8080 outcare
# docs/installing.md explains it, and compose.yaml beside it keeps the database. Everything that is installed is
# checked against the hashes in requirements.txt.

FROM python:3.12-slim AS build
WORKDIR /src
# `--build-arg REQUIREMENTS=requirements-extras.txt`: with Slack, e-mail, public holidays and Apprise.
ARG REQUIREMENTS=requirements.txt
RUN python -m venv /opt/build && python -m venv --without-pip /opt/outcare
COPY requirements*.txt ./
RUN /opt/build/bin/pip --python /opt/outcare/bin/python install --no-cache-dir --require-hashes -r $REQUIREMENTS \
 && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements-build.txt
COPY . .
RUN /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation -w /tmp/wheel . \
 && /opt/build/bin/pip --python /opt/outcare/bin/python install --no-cache-dir --no-deps --no-index /tmp/wheel/*.whl

FROM python:3.12-slim
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin outcare \
 && mkdir -p /app/data /app/config && chown -R outcare /app
COPY --from=build /opt/outcare /opt/outcare
ENV PATH=/opt/outcare/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    OUTCARE_HTTP__HOST=0.0.0.0
USER outcare
# The configuration is looked for in /app/config, the database is written to /app/data.
WORKDIR /app
VOLUME /app/data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["python", "-c", "import os, urllib.request as web; web.urlopen('http://127.0.0.1:' + os.environ.get('OUTCARE_HTTP__PORT', os.environ.get('PORT', '8080')) + '/healthz', timeout=4)"]
ENTRYPOINT ["outcare"]
CMD ["run"]
