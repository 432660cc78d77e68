import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readText, ROOT } from './repository.ts';

/** The part of Grafana's dashboards that tests look at. */
export interface Dashboard {
  readonly file: string;
  readonly uid: string;
  readonly title: string;
  readonly tags: readonly string[];
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { readonly expr: string; readonly datasource: Datasource }[] };
  readonly templating: { readonly list: readonly Variable[] };
}

export interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource: Datasource;
  readonly fieldConfig: { readonly defaults: { readonly unit: string } };
  readonly targets: readonly { readonly refId: string; readonly expr: string; readonly datasource: Datasource }[];
}

export interface Variable {
  readonly name: string;
  readonly datasource: Datasource;
  readonly query: { readonly query: string };
}

export interface Datasource {
  readonly uid: string;
  readonly type: string;
}

const FOLDER = 'deploy/grafana/dashboards';

export function dashboards(): readonly Dashboard[] {
  return readdirSync(join(ROOT, FOLDER)).map((file) => ({
    ...(JSON.parse(readText(`${FOLDER}/${file}`)) as Omit<Dashboard, 'file'>),
    file,
  }));
}

/** With what Grafana puts in the place of its variables. */
export function expressionsOf({ panels, annotations }: Dashboard): readonly string[] {
  const given = [...panels.flatMap(({ targets }) => targets), ...annotations.list].map(({ expr }) => expr);
  return given.map((expr) => expr.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '1m'));
}
