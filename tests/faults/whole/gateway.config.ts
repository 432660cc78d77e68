import { gatewayConfig, limits } from '../../../gateway.config.ts';

// The repository's own configuration, with the limits that a test gives it: LIMITS is JSON. Plugins are made later.
Object.assign(limits, JSON.parse(process.env.LIMITS ?? '{}'));

export { gatewayConfig };
