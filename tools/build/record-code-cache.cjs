// Runs a bundled CLI once and writes down what V8 has compiled by its end: `record-code-cache.cjs BUNDLE CACHE ARG...`.
// Fails when the run loads a part of Node that it can do without.
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');

// Together they take two milliseconds; node:crypto, node:child_process or node:http take up to five each.
const affordable = ['node:fs', 'node:net', 'node:path', 'node:stream'];

function requireAffordable(name) {
  if (affordable.includes(name)) return require(name);
  throw new Error(
    `the start of the CLI loads ${name}: load it where it is used (tools/build/record-code-cache.cjs)`,
  );
}

const [filename, cache, ...args] = process.argv.slice(2);
const script = new vm.Script(fs.readFileSync(filename, 'latin1'), { filename });
process.argv = [process.execPath, filename, ...args];
process.on('exit', () => fs.writeFileSync(cache, script.createCachedData()));
script.runInThisContext()(requireAffordable, path.dirname(filename));
