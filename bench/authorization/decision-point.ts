import { startAuthZen } from '../../tests/harness/authzen-server.ts';

// A decision point in a process of its own, so that its CPU time is not the gateway's.

const point = await startAuthZen(
  'permit(principal, action, resource) when { resource.args.id == principal.claims.sub };',
);
process.send?.(point.url);
process.once('disconnect', () => process.exit(0));
