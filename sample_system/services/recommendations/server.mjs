// Recommendations over HTTP: GET /recommendations/{sku} → {"skus": [...]}, GET /healthz. Node only, no packages.
//
// It does by hand what shopkit does for the Python services: listen on $PORT, read its neighbour's address from the
// environment, log JSON lines, carry the trace on, stop gracefully.

import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { countPairs, recommend } from "./recommend.mjs";

const HISTORY = process.env.ORDER_HISTORY_URL;
const FRESH_MS = 5000;
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})$/;

let known = { at: -Infinity, pairs: new Map() };

function log(level, msg, fields = {}) {
  console.log(JSON.stringify({ ts: new Date().toISOString(), level, service: "recommendations", msg, ...fields }));
}

function begin(headers) {
  const [, traceId = randomBytes(16).toString("hex"), flags = "01"] = TRACEPARENT.exec(headers.traceparent ?? "") ?? [];
  const requestId = headers["x-request-id"] ?? traceId.slice(0, 16);
  return { trace_id: traceId, span_id: randomBytes(8).toString("hex"), request_id: requestId, flags };
}

async function pairs(span) {
  if (performance.now() - known.at < FRESH_MS) return known.pairs;
  const headers = { traceparent: `00-${span.trace_id}-${span.span_id}-${span.flags}`, "x-request-id": span.request_id };
  const answer = await fetch(`${HISTORY}/orders?limit=2000`, { headers, signal: AbortSignal.timeout(800) });
  if (!answer.ok) throw new Error(`order-history: answered ${answer.status}`);
  known = { at: performance.now(), pairs: countPairs((await answer.json()).orders) };
  return known.pairs;
}

async function answer(path, span) {
  if (path === "/healthz") return [200, { status: "ok" }];
  const match = /^\/recommendations\/([\w-]+)$/.exec(path);
  if (!match) return [404, { error: "no such page" }];
  try {
    return [200, { skus: recommend(await pairs(span), match[1]) }];
  } catch (error) {
    return [503, { error: `order-history: ${error.cause?.code ?? error.message}` }];
  }
}

const server = createServer(async (request, response) => {
  const { trace_id, span_id, request_id, flags } = begin(request.headers);
  const started = performance.now();
  const [status, body] = await answer(request.url.split("?")[0], { trace_id, span_id, request_id, flags });
  response.writeHead(status, { "content-type": "application/json", "x-request-id": request_id });
  response.end(JSON.stringify(body));
  if (request.url === "/healthz") return;
  const ms = Math.round((performance.now() - started) * 10) / 10;
  const fields = { trace_id, span_id, request_id, method: request.method, path: request.url, status, ms };
  log(status < 500 ? "info" : "warning", `${request.method} ${request.url} ${status}`, fields);
});

for (const signal of ["SIGTERM", "SIGINT"]) {
  process.once(signal, () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
    setTimeout(() => process.exit(0), 3000).unref();
  });
}

server.listen(Number(process.env.PORT), "127.0.0.1", () => log("info", "listening"));
