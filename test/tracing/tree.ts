// A trace as text, one line a span, so that a test asserts the whole of it.
import type { CollectedSpan } from './collector.ts';

const eventOf = ({ attributes }: CollectedSpan): string => {
  const type = attributes['cloudevents.event_type'];
  return typeof type === 'string' ? ` (${type.split('.')[2]})` : '';
};

/** Lines that are the same, children and all, are one with how many there are. */
const counted = (blocks: readonly string[]): string[] => {
  const counts = new Map<string, number>();
  for (const block of blocks) counts.set(block, (counts.get(block) ?? 0) + 1);
  return [...counts].map(([block, count]) => (count === 1 ? block : block.replace(/(?=\n|$)/, ` x${count}`)));
};

const block = (spans: readonly CollectedSpan[], span: CollectedSpan, indent: string): string => {
  const children = spans.filter(({ parentSpanId }) => parentSpanId === span.spanId);
  return [`${indent}${span.service}: ${span.name}${eventOf(span)}`, ...blocks(spans, children, `${indent}  `)].join(
    '\n',
  );
};

/** In the order of their lines: what is concurrent has none of its own. */
const blocks = (spans: readonly CollectedSpan[], of: readonly CollectedSpan[], indent: string): string[] =>
  counted(of.map((span) => block(spans, span, indent)).sort());

/** From each span down that is no child of another here. */
export const treeOf = (spans: readonly CollectedSpan[]): string => {
  const known = new Set(spans.map(({ spanId }) => spanId));
  const roots = spans.filter(({ parentSpanId }) => parentSpanId === undefined || !known.has(parentSpanId));
  return blocks(spans, roots, '').join('\n');
};
