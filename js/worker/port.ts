/** A way to one other side. Messages arrive in the order in which they were sent. */
export interface Port {
  /** `owned`: bytes in the message that the sender does not use again. */
  send(message: unknown, owned?: Uint8Array): void;
  /** From the first call on; what came before it is given then. */
  listen(onMessage: (message: unknown) => void): void;
  close(): void;
}

/** What a MessagePort has, and a Worker. */
interface Channel {
  postMessage(message: unknown, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent) => void) | null;
  close(): void;
}

/** Within a page: bytes change hands without being copied. */
export function messagePort(channel: Channel): Port {
  return {
    send: (message, owned) =>
      channel.postMessage(message, owned === undefined ? [] : [owned.buffer as ArrayBuffer]),
    listen: (onMessage) => {
      channel.onmessage = ({ data }) => onMessage(data);
    },
    close: () => {
      channel.onmessage = null;
      channel.close();
    },
  };
}

/** Between the workers of an origin: bytes are copied. */
export function broadcastPort(channel: BroadcastChannel): Port {
  return {
    send: (message) => channel.postMessage(message),
    listen: (onMessage) => {
      channel.onmessage = ({ data }) => onMessage(data);
    },
    close: () => {
      channel.onmessage = null;
      channel.close();
    },
  };
}

/** The bytes alone, without what else their buffer holds, for sending it whole. */
export function alone(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer
    ? bytes
    : bytes.slice();
}
