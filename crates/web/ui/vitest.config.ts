import { defineConfig } from 'vitest/config';

// The unit tests need no browser: what they test is pure, or takes its clock and frames from outside.
export default defineConfig({ test: { include: ['src/**/*.test.ts'], environment: 'node' } });
