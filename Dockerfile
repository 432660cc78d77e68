# Two images: `gateway`, the last stage and so the default one, and `subgraphs`, the demo services.
#   docker build --tag gatehouse .
#   docker build --target subgraphs --tag gatehouse-subgraphs .

# The Node that the tests run on: package.json has the same version as an optional dependency.
FROM node:24.21.0-bookworm-slim AS base
ENV NODE_ENV=production
# Said aloud, because on some hosts (WSL) the gateway would listen on 127.0.0.1 otherwise, where no other container gets in.
ENV HOST=0.0.0.0
WORKDIR /app

FROM base AS manifest
COPY package.json package-lock.json ./

# The optional packages are left out: they are Node itself, for machines without a recent one, and type declarations.
# The query planner brings its native code for Linux in its own package. No package needs its install script.
FROM manifest AS gateway-packages
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM manifest AS subgraph-packages
RUN npm ci --include=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM base AS subgraphs
COPY --from=subgraph-packages /app/node_modules ./node_modules
COPY package.json ./
COPY commands/subgraphs.ts ./commands/
COPY subgraphs ./subgraphs
# The base image's user "node", as a number: Kubernetes cannot tell of a name that it is not root.
USER 1000:1000
EXPOSE 4101 4102 4103 4104
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 4101) + '/health').then(({ ok }) => process.exit(ok ? 0 : 1))"]
# All four in one process; docker-compose.yml runs each by itself.
CMD ["node", "commands/subgraphs.ts"]

FROM base AS gateway
ENV PORT=4000
ENV GATEHOUSE_DIR=/var/lib/gatehouse
RUN install --directory --owner=1000 --group=1000 --mode=0700 /var/lib/gatehouse
COPY --from=gateway-packages /app/node_modules ./node_modules
COPY package.json gateway.config.ts ./
# What is of use beside a running gateway: docker compose exec gateway node commands/compose.ts
COPY commands/audit-verify.ts commands/cache.ts commands/check-schema.ts commands/compose.ts commands/keys.ts commands/quota.ts ./commands/
COPY plugins ./plugins
USER 1000:1000
EXPOSE 4000
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/health/live').then(({ ok }) => process.exit(ok ? 0 : 1))"]
# As `npm run gateway` does it; not through npm, which would keep the signals that stop a container to itself.
CMD ["node", "--import", "./plugins/cli/native-typescript.mjs", "node_modules/@graphql-hive/gateway/dist/bin.js", "supergraph"]
