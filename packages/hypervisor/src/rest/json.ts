// Parses a hypervisor's answer as JSON.

/** Undefined for what is not JSON; no schema takes undefined. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
