// `npm run dev`: the mock and Vite's server in one process.
import { createServer } from 'vite';
import { startMock } from './mock.mjs';

const mock = await startMock({ agents: Number(process.env.AGENTS ?? 10) });
const vite = await createServer();
await vite.listen();
vite.printUrls();
console.log(`mock: ${mock.url}; logins sara, admin, anna, paul, mona; password demo`);
