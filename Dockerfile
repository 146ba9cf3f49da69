# syntax=docker/dockerfile:1
# One image with both programs: `sluice-api` (the default) and `sluice-worker`.

FROM node:22-bookworm-slim AS dashboard
WORKDIR /src/api/dashboard
COPY api/dashboard/package.json api/dashboard/package-lock.json api/dashboard/.npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY api/openapi.json ../
COPY api/dashboard ./
RUN npm run build

FROM rust:1.95-slim-bookworm AS build
# For the crates that build C.
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
COPY --from=dashboard /src/api/dashboard/dist api/dashboard/dist
# The caches stay with the builder; what is needed of them is copied out within the same step.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --package sluice-api --package sluice-worker && \
    cp target/release/sluice-api target/release/sluice-worker /usr/local/bin/

FROM debian:bookworm-slim
# The roots that TLS to Amazon and to the database is checked against.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
COPY --from=build /usr/local/bin/sluice-api /usr/local/bin/sluice-worker /usr/local/bin/
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin sluice
USER 10001:10001
ENV SLUICE_API_LISTEN=0.0.0.0:8080 SLUICE_WORKER_LISTEN=0.0.0.0:8081
EXPOSE 8080 8081
# Each program asks itself whether it is ready. Who runs the worker says so: --health-cmd "sluice-worker health".
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["sluice-api", "health"]
STOPSIGNAL SIGTERM
CMD ["sluice-api"]
