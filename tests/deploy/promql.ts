// What a PromQL expression names, without its rules: whether it is one is asked of Prometheus itself.

const WORDS = new Set([
  'by',
  'on',
  'or',
  'and',
  'unless',
  'offset',
  'without',
  'ignoring',
  'group_left',
  'group_right',
]);

export interface Named {
  readonly metric: string;
  /** Of its selector, and of all that the expression groups or joins by. */
  readonly labels: readonly string[];
}

/** The metrics of an expression with the labels that it takes them to have; labels of Prometheus's own are left out. */
export function namedIn(expression: string): readonly Named[] {
  const text = expression.replaceAll(/\[[^\]]*\]/g, '');
  const grouped = [...text.matchAll(/\b(?:by|on|without|ignoring) ?\(([^)]*)\)/g)].flatMap(([, names = '']) =>
    listed(names),
  );
  const bare = text.replaceAll(/\b(?:by|on|without|ignoring) ?\([^)]*\)/g, '');
  return [...bare.matchAll(/\b([a-z_:][a-z0-9_:]*)\b(?!\s*\()(?:\{([^}]*)\})?/g)]
    .filter(([, metric = '']) => !WORDS.has(metric) && /_|^up$/.test(metric))
    .filter(({ index }) => !insideBraces(bare, index))
    .map(([, metric = '', selector = '']) => {
      const selected = [...selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label);
      const labels = new Set([...selected, ...grouped]);
      return { metric, labels: [...labels].filter((label) => !['job', 'instance'].includes(label)) };
    });
}

function listed(names: string): string[] {
  return names
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
}

function insideBraces(text: string, index: number): boolean {
  const before = text.slice(0, index);
  return before.lastIndexOf('{') > before.lastIndexOf('}');
}
