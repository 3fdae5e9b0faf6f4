// The table of HTTP: `METHOD path` to its rows. A route of the API that is not here fails a test of its own.
import { COMMAND_ROUTES } from './http-commands.ts';
import { IMAGE_ROUTES } from './http-images.ts';
import { READ_ROUTES } from './http-reads.ts';
import type { HttpRows } from './http-row.ts';

export const ROUTES: Readonly<Record<string, HttpRows>> = { ...COMMAND_ROUTES, ...IMAGE_ROUTES, ...READ_ROUTES };

/** Served, but no part of the API's own document. */
export const UNDOCUMENTED: readonly string[] = ['GET /openapi.json', 'GET /docs', 'GET /', 'GET /guide'];
