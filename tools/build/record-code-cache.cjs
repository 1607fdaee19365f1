// Runs commands of a bundled CLI and writes down what V8 has compiled by their end: `record-code-cache.cjs BUNDLE CACHE COMMAND...`, each
// command being words with spaces between. Fails when one fails, or loads a part of Node that it can do without.
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

const [filename, cache, ...commands] = process.argv.slice(2);
const script = new vm.Script(fs.readFileSync(filename, 'latin1'), { filename });
const { exit } = process;

function runNext() {
  const command = commands.shift();
  if (command === undefined) {
    fs.writeFileSync(cache, script.createCachedData());
    exit(0);
  }
  process.argv = [process.execPath, filename, ...command.split(' ')];
  script.runInThisContext()(requireAffordable, path.dirname(filename));
}

// A command ends the process; here the next one follows.
process.exit = (code) => (code === 0 ? runNext() : exit(code));
runNext();
