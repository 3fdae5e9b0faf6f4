// NATS wildcards: `*` is one token, `>` at the end is one or more.

export const matches = (filter: string, subject: string): boolean => {
  const wanted = filter.split('.');
  const tokens = subject.split('.');
  if (wanted.at(-1) === '>') {
    return (
      tokens.length >= wanted.length && wanted.slice(0, -1).every((token, at) => token === '*' || token === tokens[at])
    );
  }
  return tokens.length === wanted.length && wanted.every((token, at) => token === '*' || token === tokens[at]);
};
