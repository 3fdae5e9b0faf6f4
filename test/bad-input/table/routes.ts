// The table of HTTP: `METHOD path` to its rows. A missing route of the API fails a test.
import { COMMAND_ROUTES } from './http-commands.ts';
import { IMAGE_ROUTES } from './http-images.ts';
import { READ_ROUTES } from './http-reads.ts';
import type { HttpRows } from './http-row.ts';

export const ROUTES: Readonly<Record<string, HttpRows>> = { ...COMMAND_ROUTES, ...IMAGE_ROUTES, ...READ_ROUTES };

/** Served, but not in the API's own document. */
export const UNDOCUMENTED: readonly string[] = ['GET /openapi.json', 'GET /docs', 'GET /', 'GET /guide'];
