/** Runs the cases with node's own test runner. */
import { test } from 'node:test';
import { cases } from './cortex_units.mjs';

for (const [name, check] of Object.entries(cases)) test(name, check);
