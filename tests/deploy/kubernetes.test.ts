import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { documentedMetrics } from '../telemetry/metrics/documented.ts';
import { seriesNames } from '../telemetry/metrics/instruments.ts';
import { imageOf } from './dockerfile.ts';
import {
  filesIn,
  FOLDER,
  kustomization,
  kustomized,
  manifestsIn,
  manifestsOf,
  only,
  podOf,
  problemsOf,
  readYaml,
  type JsonPatch,
  type Manifest,
} from './kubernetes.ts';
import { stages } from './project.ts';
import { namedIn } from './promql.ts';
import { ROOT } from './repository.ts';
import { longestShutdown } from './shutdown-time.ts';
import { constant } from './source-constant.ts';
import { SECRET, undocumented } from './variables.ts';

const run = promisify(execFile);

const all = kustomized.flatMap(manifestsOf);
const manifests = all.map(({ manifest }) => manifest);
const deployment = only(manifests, 'Deployment');
const { pod, container } = podOf(deployment);
const service = only(manifests, 'Service');
const autoscaler = only(manifests, 'HorizontalPodAutoscaler');
const image = imageOf(stages, 'gateway');

/** Values for the Helm chart of prometheus-adapter: not of the cluster's own kinds. */
const NOT_APPLIED = new Set(['monitoring/prometheus-adapter.yml']);
const LABEL = { 'app.kubernetes.io/name': 'gatehouse' };

/** `NAME=value` of all kustomizations. */
const settings = new Map(
  kustomized
    .flatMap((name) => kustomization(name).configMapGenerator ?? [])
    .flatMap(({ literals }) => literals)
    .map((literal) => {
      const [name = '', value = ''] = literal.split(/=(.*)/s);
      return [name, value] as const;
    }),
);

describe.each(all)('$file', ({ manifest }) => {
  test('is as its kind is defined, and has no field that the kind does not have', () => {
    expect(problemsOf(manifest)).toEqual([]);
  });

  test('is told apart from what is not of Gatehouse', () => {
    if (manifest.kind !== 'Namespace') expect(manifest.metadata.labels).toEqual(LABEL);
  });
});

describe.each(kustomized)('the kustomization %s', (name) => {
  const { resources = [], patches = [], images = [], configMapGenerator = [] } = kustomization(name);

  test('leaves out no file that stands beside it', () => {
    const named = [...resources.filter((path) => !path.startsWith('../')), ...patches.map(({ path }) => path)];
    const applied = filesIn(name).filter((file) => !NOT_APPLIED.has(`${name}/${file}`));
    expect(named.toSorted()).toEqual(applied.toSorted());
  });

  test('patches what there is', () => {
    for (const { target } of patches) {
      const named = manifests.filter(({ kind, metadata }) => kind === target.kind && metadata.name === target.name);
      expect(named).toHaveLength(1);
    }
  });

  test('names an image that the Deployment has, and pins it', () => {
    for (const { name: replaced, newTag } of images) {
      expect(replaced).toBe(container.image);
      expect(newTag).toMatch(/^\d+\.\d+\.\d+/);
    }
  });

  test('has settings for the ConfigMap that the Deployment reads', () => {
    for (const generated of configMapGenerator) {
      expect(container.envFrom).toEqual([{ configMapRef: { name: generated.name } }]);
    }
  });
});

/** Debian's is too old to build it, and no package that the tests could install brings another. */
const hasKubectl = await run('kubectl', ['version', '--client']).then(
  () => true,
  () => false,
);

test.skipIf(!hasKubectl)(
  'kubectl builds the example: all is valid, in one namespace, and goes by its new names',
  async () => {
    const { stdout } = await run('kubectl', ['kustomize', join(ROOT, FOLDER, 'example')]);
    const built = manifestsIn(stdout);
    expect(built.flatMap(problemsOf)).toEqual([]);
    const { namespace } = kustomization('example');
    for (const { kind, metadata } of built) {
      if (kind !== 'Namespace') expect(metadata).toMatchObject({ namespace });
      else expect(metadata.name).toBe(namespace);
    }
    const { container: gateway } = podOf(only(built, 'Deployment'));
    const configMap = only(built, 'ConfigMap');
    expect(gateway.envFrom).toEqual([{ configMapRef: { name: configMap.metadata.name } }]);
    expect(configMap.data).toEqual(Object.fromEntries(settings));
    expect(only(built, 'HorizontalPodAutoscaler').spec?.metrics).toHaveLength(2);
  },
);

test('an unknown field, a wrong value and a missing one are found', () => {
  const changed = (change: (template: { spec: Record<string, unknown> }) => void): Manifest => {
    const copy = structuredClone<unknown>(deployment);
    change((copy as { spec: { template: { spec: Record<string, unknown> } } }).spec.template);
    return copy as Manifest;
  };
  const missing = changed(({ spec }) => delete spec['containers']);
  expect(problemsOf(changed(({ spec }) => (spec['hostNetwrok'] = true)))).toEqual([
    '/spec/template/spec/hostNetwrok is not a field of Deployment',
  ]);
  expect(problemsOf(changed(({ spec }) => (spec['dnsPolicy'] = 'Cluster'))).join('')).toContain('dnsPolicy');
  expect(problemsOf(missing).join('')).toContain('containers');
});

describe('a pod', () => {
  test('runs as the user of the image, who is not root, and can become nobody else', () => {
    const [uid, gid] = image.user?.split(':').map(Number) ?? [];
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: uid,
      runAsGroup: gid,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  test('has no credential for the cluster, and no variable from Services of the namespace', () => {
    expect(only(manifests, 'ServiceAccount')).toMatchObject({
      metadata: { name: pod.serviceAccountName },
      automountServiceAccountToken: false,
    });
    expect(pod).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
  });

  test('writes only where it has a bounded volume: to its state, and what is temporary', () => {
    const mounts = new Map(container.volumeMounts?.map(({ name, mountPath }) => [name, mountPath]));
    expect([...mounts.values()]).toEqual([image.env['GATEHOUSE_DIR'], '/tmp']);
    for (const volume of pod.volumes ?? []) {
      expect(mounts.has(volume.name)).toBe(true);
      expect(volume.emptyDir?.sizeLimit).toMatch(/^\d+Mi$/);
    }
  });

  test('listens where the image and the admin listener do', () => {
    expect(container.ports).toEqual([
      { name: 'http', containerPort: Number(image.env['PORT']) },
      { name: 'admin', containerPort: constant('plugins/server/admin/index.ts', 'PORT') },
    ]);
    expect(settings.get('ADMIN_HOST')).toBe('0.0.0.0');
  });

  test('is restarted by /health/live, and gets traffic by /health/ready', () => {
    const asked = { startup: container.startupProbe, live: container.livenessProbe, ready: container.readinessProbe };
    expect(asked).toMatchObject({
      startup: { httpGet: { path: '/health/live', port: 'http' } },
      live: { httpGet: { path: '/health/live', port: 'http' } },
      ready: { httpGet: { path: '/health/ready', port: 'http' } },
    });
    for (const probe of Object.values(asked)) {
      expect(probe?.timeoutSeconds).toBeLessThanOrEqual(probe?.periodSeconds ?? 0);
    }
  });

  test('serves on while load balancers notice, and is not killed before all that it does at its end is done', () => {
    const { periodSeconds = 0, failureThreshold = 0 } = container.readinessProbe ?? {};
    const pause = container.lifecycle?.preStop?.sleep?.seconds ?? 0;
    expect(pause).toBeGreaterThan(periodSeconds * failureThreshold);
    const needed = pause + longestShutdown() / 1000;
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(Math.ceil(needed * 1.2));
  });

  test('ends by its own heap limit before the kernel ends it, with room for what is not heap', () => {
    const variable = container.env?.find(({ name }) => name === 'NODE_OPTIONS');
    const [, heap] = /^--max-old-space-size=(\d+)$/.exec(variable?.value ?? '') ?? [];
    expect(container.resources).toEqual({ requests: { cpu: '1', memory: '768Mi' }, limits: { memory: '2Gi' } });
    expect(Number(heap)).toBeLessThanOrEqual(2048 - 512);
  });
});

describe('the variables', () => {
  const variables = container.env ?? [];

  test('are all in docs/configuration.md', () => {
    expect(undocumented([...settings.keys(), ...variables.map(({ name }) => name)])).toEqual([]);
  });

  test('that are secrets come from the Secret "gatehouse", under their own names', () => {
    const secrets = variables.filter(({ name }) => SECRET.test(name));
    expect(secrets.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'REDIS_URL',
        'API_KEY_SECRET',
        'AUDIT_SIGNING_KEY',
        'INTROSPECTION_CLIENT_SECRET',
        'PRINCIPAL_SIGNING_KEY',
        'WEBHOOK_SECRET',
      ]),
    );
    for (const { name, value, valueFrom } of secrets) {
      expect(value, name).toBeUndefined();
      expect(valueFrom?.secretKeyRef, name).toMatchObject({ name: 'gatehouse', key: name });
    }
    expect([...settings.keys()].filter((name) => SECRET.test(name))).toEqual([]);
  });

  test('have no secret with a value anywhere, and no credential in an address', () => {
    expect(manifests.filter(({ kind }) => kind === 'Secret')).toEqual([]);
    for (const name of kustomized) expect(kustomization(name)).not.toHaveProperty('secretGenerator');
    for (const [name, value] of settings) expect(value, name).not.toMatch(/:\/\/[^/,]*@/);
  });

  test('leave the gateway in production', () => {
    expect(settings.has('GATEHOUSE_MODE')).toBe(false);
    expect(image.env['NODE_ENV']).toBe('production');
  });

  test('without a shared Redis let none of several gateways start', () => {
    const redis = variables.find(({ name }) => name === 'REDIS_URL');
    expect(redis?.valueFrom?.secretKeyRef?.optional ?? false).toBe(false);
  });
});

test('whatever selects pods selects those of the Deployment, and no others of the namespace', () => {
  expect(deployment.spec?.template.metadata?.labels).toEqual(LABEL);
  const selectors = [
    deployment.spec?.selector.matchLabels,
    service.spec?.selector,
    only(manifests, 'PodDisruptionBudget').spec?.selector?.matchLabels,
    only(manifests, 'NetworkPolicy').spec?.podSelector?.matchLabels,
    only(manifests, 'PodMonitor').spec?.selector.matchLabels,
    ...(pod.topologySpreadConstraints ?? []).map(({ labelSelector }) => labelSelector?.matchLabels),
  ];
  for (const selector of selectors) expect(selector).toEqual(LABEL);
});

test('a release takes no pod away before another is ready, and a drain of nodes takes one at a time', () => {
  expect(deployment.spec?.strategy?.rollingUpdate?.maxUnavailable).toBe(0);
  expect(only(manifests, 'PodDisruptionBudget').spec?.maxUnavailable).toBe(1);
});

describe('the autoscaler', () => {
  test('alone has the number of pods, three at least', () => {
    const { apiVersion, kind, metadata } = deployment;
    expect(autoscaler.spec?.scaleTargetRef).toEqual({ apiVersion, kind, name: metadata.name });
    expect(autoscaler.spec?.minReplicas).toBeGreaterThanOrEqual(3);
    expect(deployment.spec?.replicas).toBeUndefined();
  });

  test('goes by the CPU that the pods request', () => {
    expect(autoscaler.spec?.metrics).toMatchObject([{ type: 'Resource', resource: { name: 'cpu' } }]);
    expect(container.resources?.requests).toHaveProperty('cpu');
  });

  test('and, with Prometheus, by a metric that the gateways have and that the adapter makes', () => {
    const [patch] = readYaml('monitoring', 'event-loop.yml') as JsonPatch[];
    const { rules } = readYaml('monitoring', 'prometheus-adapter.yml') as {
      rules: { custom: readonly { readonly seriesQuery: string; readonly name: { readonly as: string } }[] };
    };
    const series = rules.custom.flatMap(({ seriesQuery }) => namedIn(seriesQuery)).map(({ metric }) => metric);
    expect(documentedMetrics().flatMap(seriesNames)).toEqual(expect.arrayContaining(series));
    expect(patch).toMatchObject({
      op: 'add',
      path: '/spec/metrics/-',
      value: { type: 'Pods', pods: { metric: { name: rules.custom[0]?.name.as } } },
    });
    const { spec } = autoscaler;
    const patched = { ...autoscaler, spec: { ...spec, metrics: [...(spec?.metrics ?? []), patch?.value] } };
    expect(problemsOf(patched)).toEqual([]);
  });
});

describe('the admin listener', () => {
  test('is reached from the namespace of the monitoring alone', () => {
    const { ingress, policyTypes } = only(manifests, 'NetworkPolicy').spec ?? {};
    expect(policyTypes).toEqual(['Ingress']);
    expect(ingress).toEqual([
      { ports: [{ port: 'http' }] },
      {
        ports: [{ port: 'admin' }],
        from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
      },
    ]);
  });

  test('is no part of the Service, nor is /health of what is published', () => {
    expect(service.spec?.ports?.map(({ targetPort }) => targetPort)).toEqual(['http']);
    const { rules = [] } = only(manifests, 'Ingress').spec ?? {};
    const published = rules.flatMap(({ http }) => http?.paths ?? []).map(({ path }) => path);
    expect(published).toEqual(['/graphql', '/webhooks/']);
  });

  test('is scraped, pod by pod, as the job of the alerts', () => {
    const { jobLabel, podMetricsEndpoints } = only(manifests, 'PodMonitor').spec ?? {};
    expect(deployment.spec?.template.metadata?.labels?.[jobLabel ?? '']).toBe('gatehouse');
    expect(podMetricsEndpoints).toMatchObject([{ port: 'admin', path: '/metrics' }]);
  });
});
