import { openMemoryProbe } from './memory-probe.ts';

// The gateway as it comes, with its limits: the clients have many addresses.

export { gatewayConfig } from '../../gateway.config.ts';

openMemoryProbe();
