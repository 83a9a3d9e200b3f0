// What the expressions of PlanDefinitions and ActivityDefinitions say of evaluations, by @medplum/core's FHIRPath.
// Arguments: the folder of our artefacts, then files with the answers of $evaluate. Output, one line an expression
// that holds or has values: the file, the artefact, the id of the action or the path of the dynamic value, and the
// values as JSON, with tabs between.
const fs = require('node:fs');
const path = require('node:path');
const { evalFhirPathTyped, toTypedValue } = require('@medplum/core');

const [artefacts, ...files] = process.argv.slice(2);
const read = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));
const definitions = fs
  .readdirSync(artefacts)
  .filter((name) => /^(PlanDefinition|ActivityDefinition)-/.test(name))
  .sort()
  .map((name) => read(path.join(artefacts, name)));

function* expressions(definition) {
  const actions = [...(definition.action ?? [])];
  while (actions.length) {
    const action = actions.pop();
    actions.push(...(action.action ?? []));
    for (const condition of action.condition ?? []) {
      yield [action.id ?? '', condition.expression.expression];
    }
  }
  for (const value of definition.dynamicValue ?? []) {
    yield [value.path, value.expression.expression];
  }
}

for (const file of files) {
  const evaluation = toTypedValue(read(file));
  for (const definition of definitions) {
    for (const [name, expression] of expressions(definition)) {
      const values = evalFhirPathTyped(expression, [evaluation], { '%evaluation': evaluation }).map((v) => v.value);
      if (values.length && values[0] !== false) {
        console.log([file, `${definition.resourceType}/${definition.id}`, name, JSON.stringify(values)].join('\t'));
      }
    }
  }
}
