/** Where Redis is. `tls` is for every connection, to sentinels and cluster nodes too. */
export type RedisTarget = StandaloneTarget | SentinelTarget | ClusterTarget;

export interface StandaloneTarget extends Access {
  readonly mode: 'standalone';
  readonly node: RedisNode;
  readonly db: number;
}

export interface SentinelTarget extends Access {
  readonly mode: 'sentinel';
  readonly sentinels: readonly RedisNode[];
  /** The name under which the sentinels watch the master. */
  readonly master: string;
  readonly db: number;
}

export interface ClusterTarget extends Access {
  readonly mode: 'cluster';
  /** Some nodes of the cluster, from which the others are learned. */
  readonly seeds: readonly RedisNode[];
}

interface Access {
  readonly tls: boolean;
  /** For the data nodes; sentinels are asked without. */
  readonly credentials?: { readonly username?: string; readonly password: string };
}

export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

const REDIS_PORT = 6379;
const SENTINEL_PORT = 26_379;

const FORMS = [
  'redis://[[user]:password@]host[:port][/database]',
  'redis+sentinel://[[user]:password@]host[:port],.../master-name[/database]',
  'redis+cluster://[[user]:password@]host[:port],...',
];

/**
 * Reads a Redis URL: the `redis` scheme as IANA registered it, and `+sentinel` and `+cluster` beside it with a list of
 * hosts. `rediss` in place of `redis` speaks TLS. User, password and master name may be percent-encoded, and have to be
 * where they hold one of `/?#%`, a user also for `:`.
 *
 * Throws a TypeError that says what is wrong and which forms there are. It repeats no part of the URL: in a mistyped
 * one, the password may stand anywhere.
 */
export function parseRedisUrl(url: string): RedisTarget {
  const [, scheme, kind, rest] = /^(rediss?)(\+sentinel|\+cluster)?:\/\/(.*)$/su.exec(url.trim()) ?? [];
  if (scheme === undefined || rest === undefined) throw wrong('it does not begin with one of the schemes');
  if (/[?#]/u.test(rest))
    throw wrong('it has a "?" or "#": it takes no parameters, and in a password write %3F or %23');

  const [authority = '', ...path] = rest.split('/');
  const at = authority.lastIndexOf('@');
  const access: Access = {
    tls: scheme === 'rediss',
    ...(at >= 0 && { credentials: credentials(authority.slice(0, at)) }),
  };
  const hosts = authority.slice(at + 1).split(',');

  if (kind === '+cluster') {
    if (path.join('') !== '') throw wrong('a cluster has no database to choose, so nothing may follow the hosts');
    return { mode: 'cluster', seeds: nodes(hosts, REDIS_PORT), ...access };
  }
  if (kind === '+sentinel') {
    const master = decode(path.shift() ?? '', 'the master name');
    if (master === '') throw wrong('the name of the master is missing after the hosts');
    return { mode: 'sentinel', sentinels: nodes(hosts, SENTINEL_PORT), master, db: database(path), ...access };
  }
  const [node, ...others] = nodes(hosts, REDIS_PORT);
  if (node === undefined || others.length > 0)
    throw wrong('several hosts are for redis+sentinel:// and redis+cluster://');
  return { mode: 'standalone', node, db: database(path), ...access };
}

/** The target for a log line: where, without credentials. */
export function describeTarget(target: RedisTarget): string {
  if (target.mode === 'standalone') return address(target.node);
  if (target.mode === 'cluster') return `cluster of ${target.seeds.map(address).join(', ')}`;
  return `master ${target.master} of sentinels ${target.sentinels.map(address).join(', ')}`;
}

function address({ host, port }: RedisNode): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function credentials(text: string): { username?: string; password: string } {
  const colon = text.indexOf(':');
  if (colon < 0) throw wrong('before the "@" stands no ":password" (a password alone is ":password@")');
  const username = decode(text.slice(0, colon), 'the user');
  const password = decode(text.slice(colon + 1), 'the password');
  if (password === '') throw wrong('the password before the "@" is empty');
  return { password, ...(username !== '' && { username }) };
}

function nodes(hosts: readonly string[], defaultPort: number): RedisNode[] {
  return hosts.map((text) => {
    const [, bracketed, plain, port] = /^(?:\[([\da-f:.]+)\]|([^\s:@[\]]+))(?::(\d+))?$/iu.exec(text) ?? [];
    const host = bracketed ?? plain;
    if (host === undefined) throw wrong('a host is missing, or is not followed by a ":port" of digits');
    const number = port === undefined ? defaultPort : Number(port);
    if (number < 1 || number > 65_535) throw wrong('a port is not between 1 and 65535');
    return { host, port: number };
  });
}

function database(path: readonly string[]): number {
  const text = path.join('/');
  if (text === '') return 0;
  if (!/^\d{1,9}$/u.test(text)) throw wrong('the database after the last "/" is not a number');
  return Number(text);
}

function decode(text: string, part: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong(`${part} has a "%" that begins no percent-encoded character (a "%" itself is %25)`);
  }
}

function wrong(why: string): TypeError {
  return new TypeError(
    `REDIS_URL is not a Redis URL: ${why}. It takes ${FORMS.join(', ')}; rediss in place of redis for TLS.`,
  );
}
