// A trace as text, one line per span, so that a test asserts all of it.
import type { CollectedSpan } from './collector.ts';

const eventOf = ({ attributes }: CollectedSpan): string => {
  const type = attributes['cloudevents.event_type'];
  return typeof type === 'string' ? ` (${type.split('.')[2]})` : '';
};

/** Merges equal subtrees into one line with their number. */
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

/** Sorted by line, because concurrent spans have no order. */
const blocks = (spans: readonly CollectedSpan[], of: readonly CollectedSpan[], indent: string): string[] =>
  counted(of.map((span) => block(spans, span, indent)).sort());

/** The trees of all spans without a parent among these. */
export const treeOf = (spans: readonly CollectedSpan[]): string => {
  const known = new Set(spans.map(({ spanId }) => spanId));
  const roots = spans.filter(({ parentSpanId }) => parentSpanId === undefined || !known.has(parentSpanId));
  return blocks(spans, roots, '').join('\n');
};
