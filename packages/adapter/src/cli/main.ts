#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { runCommandLine } from './command-line.js';

// A reader that has seen enough ("| head") closes the pipe: no fault of anybody's.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

// As the application itself gets it. What the environment says already goes before it.
if (existsSync('.env')) process.loadEnvFile();

void runCommandLine(process.argv.slice(2), process).then((exitCode) => {
  process.exitCode = exitCode;
});
