import { readdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import {
  PodMonitor,
  type IPodMonitor,
} from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor';
import { Deployment, type IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import {
  HorizontalPodAutoscaler,
  type IHorizontalPodAutoscaler,
} from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import { Ingress, type IIngress } from 'kubernetes-models/networking.k8s.io/v1/Ingress';
import { NetworkPolicy, type INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget, type IPodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { ConfigMap, type IConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Namespace, type INamespace } from 'kubernetes-models/v1/Namespace';
import { Service, type IService } from 'kubernetes-models/v1/Service';
import { ServiceAccount, type IServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import { parse, parseAllDocuments } from 'yaml';
import { readText, ROOT } from './repository.ts';

export const FOLDER = 'deploy/kubernetes';

/** An object as the API server is given it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

/** The part of a kustomization that the repository's own ones use. */
export interface Kustomization {
  readonly apiVersion: string;
  readonly kind: 'Kustomization' | 'Component';
  readonly namespace?: string;
  readonly resources?: readonly string[];
  readonly components?: readonly string[];
  readonly patches?: readonly {
    readonly path: string;
    readonly target: { readonly kind: string; readonly name: string };
  }[];
  readonly images?: readonly { readonly name: string; readonly newName: string; readonly newTag: string }[];
  readonly configMapGenerator?: readonly {
    readonly name: string;
    readonly behavior?: 'merge';
    readonly literals: readonly string[];
  }[];
}

/** An operation of RFC 6902. */
export interface JsonPatch {
  readonly op: string;
  readonly path: string;
  readonly value: unknown;
}

interface Kinds {
  readonly ConfigMap: IConfigMap;
  readonly Deployment: IDeployment;
  readonly HorizontalPodAutoscaler: IHorizontalPodAutoscaler;
  readonly Ingress: IIngress;
  readonly Namespace: INamespace;
  readonly NetworkPolicy: INetworkPolicy;
  readonly PodDisruptionBudget: IPodDisruptionBudget;
  readonly PodMonitor: IPodMonitor;
  readonly Service: IService;
  readonly ServiceAccount: IServiceAccount;
}

/** With Kubernetes' own schemas, and those of the Prometheus operator. */
const MODELS = {
  ConfigMap,
  Deployment,
  HorizontalPodAutoscaler,
  Ingress,
  Namespace,
  NetworkPolicy,
  PodDisruptionBudget,
  PodMonitor,
  Service,
  ServiceAccount,
};

/** The folders that have a kustomization: `base`, `example`, ... */
export const kustomized = readdirSync(join(ROOT, FOLDER)).toSorted();

export function kustomization(name: string): Kustomization {
  return parse(readText(posix.join(FOLDER, name, 'kustomization.yml'))) as Kustomization;
}

export function filesIn(name: string): string[] {
  return readdirSync(join(ROOT, FOLDER, name)).filter((file) => file !== 'kustomization.yml');
}

/** The resources of a kustomization that are files beside it. */
export function manifestsOf(name: string): { readonly file: string; readonly manifest: Manifest }[] {
  const files = (kustomization(name).resources ?? []).filter((path) => path.endsWith('.yml'));
  return files.map((file) => ({ file: posix.join(name, file), manifest: readYaml(name, file) as Manifest }));
}

export function readYaml(name: string, file: string): unknown {
  return parse(readText(posix.join(FOLDER, name, file)));
}

export function manifestsIn(text: string): Manifest[] {
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

/** Throws where there is none, or there are several. */
export function only<Kind extends keyof Kinds>(manifests: readonly Manifest[], kind: Kind): Kinds[Kind] & Manifest {
  const found = manifests.filter((manifest) => manifest.kind === kind);
  if (found.length !== 1) throw new Error(`there are ${found.length} of the kind ${kind}`);
  return found[0] as Kinds[Kind] & Manifest;
}

/** The pods of a Deployment; throws where something is not said that Kubernetes needs. */
export function podOf({ spec }: IDeployment) {
  const pod = spec?.template.spec;
  const [container, ...others] = pod?.containers ?? [];
  if (!pod || !container || others.length > 0) throw new Error('the Deployment does not have exactly one container');
  return { pod, container };
}

/** What is wrong with a manifest by the schema of its kind; a field that the schema does not have is wrong too. */
export function problemsOf(manifest: Manifest): string[] {
  const { apiVersion, kind } = manifest;
  const Model = Object.values(MODELS).find((model) => model.apiVersion === apiVersion && model.kind === kind);
  if (!Model) return [`${apiVersion} ${kind} is not known here`];
  const unread = new Set<string>();
  // A validator passes over what it does not know: it asks for each field that it does.
  const validate = () => Model.prototype.validate.call(watched(manifest, '', unread) as never);
  try {
    validate();
  } catch (error) {
    return [String(error)];
  }
  return [...unread].map((path) => `${path} is not a field of ${kind}`);
}

/** The same, but `unread` has the path of each field of which nobody has asked for the value. */
function watched(value: unknown, path: string, unread: Set<string>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  for (const name of Object.keys(value)) unread.add(`${path}/${name}`);
  return new Proxy(value, {
    get(target, name, receiver) {
      const field: unknown = Reflect.get(target, name, receiver);
      if (typeof name !== 'string' || !Object.hasOwn(target, name)) return field;
      unread.delete(`${path}/${name}`);
      return watched(field, `${path}/${name}`, unread);
    },
  });
}
