/** What Node or Express would answer without saying why in JSON. */
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Why a connection brings no request that can be handled, by Node's code. */
const MALFORMED: Readonly<Record<string, { status: string; text: string }>> = {
  HPE_HEADER_OVERFLOW: {
    status: '431 Request Header Fields Too Large',
    text: 'The head of the request is too long. Send fewer headers.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: '408 Request Timeout',
    text: 'The request did not come to its end. Send it again.',
  },
};

const NO_HTTP = {
  status: '400 Bad Request',
  text: 'This is no request that HTTP/1.1 allows, or its body was cut off.',
};

/** A server that says in JSON what is wrong, also with requests that come to no handler. */
export function bareServer(handler: RequestListener): Server {
  const listener: RequestListener = (request, response) => {
    const { url = '', httpVersion, headers } = request;
    // Express takes what is no address for one, and answers with a page.
    if (!URL.canParse(url, 'http://host')) answer(response, 400, 'The request names no address of this server.');
    else if (httpVersion === '1.1' && headers.host === undefined)
      answer(response, 400, 'The request has no Host header.');
    else handler(request, response);
  };
  const server = createServer({ requireHostHeader: false }, listener);
  // Node would drop those beyond 2,000 unseen, the length of the body among them; the bytes of a head are bounded anyway.
  server.maxHeadersCount = 0;
  // A client that asks before it sends is told by who admits it.
  server.on('checkContinue', listener);
  server.on('checkExpectation', (_, response) =>
    answer(response, 417, 'Of what a request may expect, only 100-continue is known. Leave the header Expect out.'),
  );
  server.on('clientError', (error: Error & { code?: string }, socket: Socket) => {
    if (!socket.writable) return void socket.destroy();
    const { status, text } = MALFORMED[error.code ?? ''] ?? NO_HTTP;
    const body = JSON.stringify({ error: text });
    const head = ['Connection: close', 'Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`];
    socket.end([`HTTP/1.1 ${status}`, ...head, '', body].join('\r\n'));
  });
  return server;
}

function answer(response: ServerResponse, status: number, error: string): void {
  const body = JSON.stringify({ error });
  const length = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
  response.writeHead(status, { Connection: 'close', ...length }).end(body);
}
