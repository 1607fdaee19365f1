import { describeInterop } from './describe-interop.ts';

// Debian's: version 1.29 in Debian 12, a client in Python.
describeInterop('docker-compose', { path: 'docker-compose', words: ['--ansi', 'never'], agrees: false });
