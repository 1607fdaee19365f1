// Runs a bundled CLI once and writes down what V8 has compiled by its end: `record-code-cache.cjs BUNDLE CACHE ARG...`.
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');

const [filename, cache, ...args] = process.argv.slice(2);
const script = new vm.Script(fs.readFileSync(filename, 'latin1'), { filename });
process.argv = [process.execPath, filename, ...args];
process.on('exit', () => fs.writeFileSync(cache, script.createCachedData()));
script.runInThisContext()(require, path.dirname(filename));
