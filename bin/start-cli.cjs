// Starts the bundled CLI from its text and from what V8 made of it when it was bundled (tools/build.mjs): compiling anew
// takes as long as starting a container. V8 refuses what another version of it made, and then compiles as usual.
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');

const filename = path.join(__dirname, '../dist/cli/main.js');
const cachedData = readIfPresent(path.join(__dirname, '../dist/cli/main.cache'));
// The bundle has no character beyond ASCII.
const script = new vm.Script(fs.readFileSync(filename, 'latin1'), { filename, cachedData });
script.runInThisContext()(require, path.dirname(filename));

function readIfPresent(file) {
  try {
    return fs.readFileSync(file);
  } catch {
    return undefined;
  }
}
