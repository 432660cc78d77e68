import { Environment } from '@marcbachmann/cel-js';
import type { PolicyDecision, PolicyQuestion } from '../../policy-engine.ts';
import { decisionOf, failed } from '../decisions.ts';

/** What a rule may be made of, so that one cannot take the gateway down by its size. */
const LIMITS = { maxAstNodes: 2_000, maxDepth: 64 };

const ANY = 'map<string, dyn>';

/** The parts of a question that a rule sees; what is not named here is an unknown variable. */
const environment = new Environment({ limits: LIMITS })
  .registerVariable({
    name: 'principal',
    schema: {
      id: 'string',
      kind: 'string',
      method: 'string',
      clientId: 'string',
      scopes: 'list<string>',
      roles: 'list<string>',
      claims: ANY,
      tier: 'string',
    },
  })
  .registerVariable({ name: 'action', schema: { kind: 'string', coordinate: 'string' } })
  .registerVariable({ name: 'args', type: ANY })
  .registerVariable({ name: 'resource', type: ANY })
  .registerVariable({ name: 'request', schema: { operationName: 'string', address: 'string' } });

/** What the package's errors say; those of JavaScript itself (a stack that is exhausted) have none of it. */
interface CelError {
  readonly code?: string;
  readonly summary?: string;
  readonly range?: { readonly start: number; readonly end: number };
}

/**
 * A CEL expression as a function. Throws an `Error` that says what is wrong and where: syntax, an unknown variable or
 * field, types that do not fit, a result that is not a boolean.
 */
export function compileCel(expression: string): (question: PolicyQuestion) => PolicyDecision {
  const evaluate = checked(expression);
  return (question) => {
    try {
      return decisionOf(evaluate(question) === true);
    } catch (error) {
      const { code = 'out of bounds', range } = error as CelError;
      // Its message may repeat a claim or an argument; the expression does not.
      const place = range ? ` at ${JSON.stringify(expression.slice(range.start, range.end))}` : '';
      return failed(`the rule could not be evaluated: ${code}${place}`);
    }
  };
}

function checked(expression: string): ReturnType<Environment['parse']> {
  let evaluate: ReturnType<Environment['parse']>;
  try {
    evaluate = environment.parse(expression);
  } catch (cause) {
    throw new Error(describe(expression, cause as CelError), { cause });
  }
  const { valid, type, error } = evaluate.check();
  if (!valid) throw new Error(describe(expression, error ?? {}), { cause: error });
  if (type !== 'bool') {
    throw new Error(`it gives ${type}, not bool; what has no type of its own, as a claim, is compared: "… == true"`);
  }
  return evaluate;
}

function describe(expression: string, { summary, range }: CelError): string {
  const before = expression.slice(0, range?.start ?? 0).split('\n');
  return `${summary ?? 'it is not CEL'} (line ${before.length}, column ${(before.at(-1) ?? '').length + 1})`;
}
