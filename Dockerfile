# The engine by itself: `docker build -t driftloop . && docker run --rm -v "$PWD:/data" driftloop check --reference a.parquet --current b.csv`
# Dependencies by hash, nothing built: the engine's files are pure Python. The base image is that of Python 3.13.15 on Debian trixie.
FROM python:3.13.15-slim-trixie@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b AS installed
COPY requirements/engine.txt /tmp/engine.txt
RUN python -m pip install --no-cache-dir --disable-pip-version-check --no-deps --only-binary :all: --require-hashes --target /opt/engine -r /tmp/engine.txt
COPY driftloop /opt/engine/driftloop
# Tests and headers: nobody runs them here
RUN find /opt/engine -type d \( -name tests -o -path '*/pyarrow/include' \) -prune -exec rm -rf {} + && python -m compileall -q /opt/engine

FROM python:3.13.15-slim-trixie@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b
COPY --from=installed /opt/engine /opt/engine
ENV PYTHONPATH=/opt/engine PYTHONSAFEPATH=1 PYTHONDONTWRITEBYTECODE=1
# Nobody: whoever runs it may say another with --user "$(id -u)", so that a report belongs to them.
USER 65534:65534
WORKDIR /data
ENTRYPOINT ["python", "-m", "driftloop"]
CMD ["--help"]
