import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HealthReport } from './report.ts';

/** What is sent for a request. */
export interface Answer {
  readonly status: 200 | 503;
  readonly body: string;
}

/** A report as it is sent: to everyone, and to those who may see all of it. */
export interface ReportAnswers {
  readonly brief: Answer;
  readonly whole: Answer;
}

export interface AnswerSources {
  report(): ReportAnswers;
  isReady(): boolean;
  /** Whether whoever sends this may see all of the report. */
  seesDetails(request: IncomingMessage): boolean;
}

const LIVE: Answer = { status: 200, body: '{"status":"ok"}' };
const READY: Answer = { status: 200, body: '{"ready":true}' };
const NOT_READY: Answer = { status: 503, body: '{"ready":false}' };

export function reportAnswers(report: HealthReport): ReportAnswers {
  const status = report.status === 'down' ? 503 : 200;
  return {
    brief: { status, body: JSON.stringify({ status: report.status }) },
    whole: { status, body: JSON.stringify(report) },
  };
}

/**
 * Answers `/health`, `/health/live` and `/health/ready` at once, and gives false for all other requests. Without the
 * GraphQL pipeline: its queue is what a gateway under load is slow with.
 */
export function answerHealth({ report, isReady, seesDetails }: AnswerSources) {
  function answerTo(request: IncomingMessage, path: string): Answer | undefined {
    switch (path) {
      case '/health':
        return seesDetails(request) ? report().whole : report().brief;
      case '/health/live':
        return LIVE;
      case '/health/ready':
        return isReady() ? READY : NOT_READY;
      default:
        return undefined;
    }
  }

  return (request: IncomingMessage, response: ServerResponse): boolean => {
    const { url = '', method } = request;
    // Nearly all are for something else.
    if (!url.startsWith('/health')) return false;
    const query = url.indexOf('?');
    const answer = answerTo(request, query === -1 ? url : url.slice(0, query));
    if (!answer) return false;
    if (method === 'GET' || method === 'HEAD') send(response, answer);
    else response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return true;
  };
}

function send(response: ServerResponse, { status, body }: Answer): void {
  response
    .writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
    })
    .end(body);
}
