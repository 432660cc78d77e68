export { authzenFromEnvironment } from './authzen/environment.ts';
export { authzenEngine } from './authzen/index.ts';
export { cedarEngine, type CedarOptions } from './cedar/index.ts';
export type { DecisionPointOptions } from './http/decision-point.ts';
export { opaFromEnvironment } from './opa/environment.ts';
export { opaEngine, type OpaOptions } from './opa/index.ts';
export { rulesEngine, type FunctionRule, type RuleAnswer, type RulesOptions } from './rules/index.ts';
