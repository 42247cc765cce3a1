// The content of a frame: JSON, with ports and binary taken out of the tree and listed beside it.
// A frame is {uid, data, transfer}: the port, its message, and what was taken out of the message.
// No state and no channel in here.

/** Constructors by the wire's subtype; 0 is the bare buffer. Multi-byte elements are little-endian,
 * which is the byte order of every machine that a browser runs on. */
const BINARY = [
  ArrayBuffer,
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
];
const SUBTYPE_BY_NAME = new Map(BINARY.map((constructor, i) => [constructor.name, i]));
const ENTRY_PORT = 0;
const ENTRY_BINARY = 1;

/** Deep enough for every sensible value, shallow enough for the stack of the recursion below. */
const MAX_SEND_DEPTH = 512;

/** Names that lead from a value to its prototype or to the function constructor. */
export const FORBIDDEN_NAMES = new Set([
  "__proto__",
  "constructor",
  "prototype",
  "__defineGetter__",
  "__defineSetter__",
  "__lookupGetter__",
  "__lookupSetter__",
]);

const UID = /^[A-Za-z0-9._-]{1,128}$/;
const INDEX = /^(?:0|[1-9][0-9]{0,9})$/;
const HEX = /^(?:[0-9a-fA-F]{2})*$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const HEX_OF = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

// Named by the engine itself, so that a subclass such as Node's Buffer counts as what it is, and
// so that a value of another realm (an iframe) is recognised.
const typedArrayName = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
).get;

const tagOf = (value) => Object.prototype.toString.call(value).slice(8, -1);

export const isObject = (value) => typeof value === "object" && value !== null;

// Node's ports do not carry the tag, those of another realm are of another class.
export const isPort = (value) =>
  isObject(value) && (value instanceof MessagePort || tagOf(value) === "MessagePort");

function cloneError(message) {
  return new DOMException(message, "DataCloneError");
}

/** A fresh name for a port: four groups of hex digits, unpredictable for the other side. */
export function newUid() {
  const words = crypto.getRandomValues(new Uint32Array(8));
  const group = (i) => ((words[i] & 0x1fffff) * 0x100000000 + words[i + 1]).toString(16);
  return [0, 2, 4, 6].map(group).join("-");
}

/**
 * Takes a message apart. Throws a DataCloneError for what JSON and the transfer list cannot carry,
 * so that nothing is lost silently. The message itself is not changed.
 *
 * @param {unknown} message
 * @param {readonly unknown[]} transfer what the caller gives away: ports and array buffers
 * @param {{base64?: boolean}} how whether the other side takes base64
 * @returns {{data: unknown, transfer: object[], ports: {uid: string, port: MessagePort,
 *     path: string[]}[]}} `data` is to be given to JSON.stringify
 */
export function encode(message, transfer, how) {
  const givenAway = new Set();
  for (const item of transfer) {
    if (givenAway.has(item)) {
      throw cloneError("The same object is twice in the transfer list");
    }
    if (!isPort(item) && tagOf(item) !== "ArrayBuffer") {
      throw cloneError(`A channel cannot transfer a value of type ${tagOf(item)}`);
    }
    givenAway.add(item);
  }
  const context = {
    base64: how.base64 === true,
    entries: [],
    ports: [],
    givenAway,
    ancestors: new Set(),
    path: [],
  };
  const data = take(message, context);
  for (const item of transfer) {
    if (isPort(item) && !context.ports.some(({ port }) => port === item)) {
      throw cloneError("A transferred MessagePort must also be in the message");
    }
  }
  return { data, transfer: context.entries, ports: context.ports };
}

/** Detaches the array buffers that a message has given away, as a real port does. */
export function detachBuffers(transfer) {
  const buffers = transfer.filter((item) => tagOf(item) === "ArrayBuffer");
  if (buffers.length > 0) {
    structuredClone(null, { transfer: buffers });
  }
}

// Returns what stands in the JSON tree for the value: the value itself wherever nothing in it has
// to be replaced, so that a large plain message is walked but not copied.
function take(value, context) {
  switch (typeof value) {
    case "string":
    case "boolean":
    case "number":
    case "undefined":
      return value;
    case "object":
      return value === null ? null : takeObject(value, context);
    default:
      throw cloneError(`A ${typeof value} cannot be carried by a channel`);
  }
}

function takeObject(value, context) {
  if (ArrayBuffer.isView(value)) {
    const name = typedArrayName.call(value);
    const subtype = SUBTYPE_BY_NAME.get(name);
    if (subtype === undefined) {
      throw cloneError(`A ${name ?? tagOf(value)} cannot be carried by a channel`);
    }
    // Exactly the window of the view: what lies around it in the buffer is nobody's business.
    return takeBytes(subtype, new Uint8Array(value.buffer, value.byteOffset, value.byteLength), context);
  }
  if (Array.isArray(value)) {
    return takeMembers(value, context);
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    return takeMembers(value, context);
  }
  if (isPort(value)) {
    return takePort(value, context);
  }
  const tag = tagOf(value);
  switch (tag) {
    case "ArrayBuffer":
      return takeBytes(0, new Uint8Array(value), context);
    case "Object":
    case "Arguments":
      return takeMembers(value, context);
    case "Date":
      return Number.isNaN(value.getTime()) ? null : value.toISOString();
    case "Error":
    case "DOMException":
      return { name: String(value.name), message: String(value.message) };
    case "Number":
    case "String":
    case "Boolean":
      return value.valueOf();
    case "Map":
    case "Set":
    case "RegExp":
      throw cloneError(`A ${tag} cannot be carried by a channel without a transfer handler`);
    default:
      break;
  }
  // An object of the platform, or a class that names itself: the platform's own rule decides
  // whether it may be copied at all (a window or an element may not).
  const copy = structuredClone(value);
  if (tagOf(copy) !== "Object") {
    throw cloneError(`A value of type ${tag} cannot be carried by a channel`);
  }
  return takeMembers(copy, context);
}

// A transfer entry names a member, so a message that is itself binary or a port has no place.
function requirePlace(context) {
  if (context.path.length === 0) {
    throw cloneError("Binary and ports are carried as members of an object or array");
  }
}

function takePort(port, context) {
  requirePlace(context);
  if (!context.givenAway.has(port)) {
    throw cloneError("A MessagePort must be in the transfer list");
  }
  if (context.ports.some((known) => known.port === port)) {
    throw cloneError("The same MessagePort is twice in the message");
  }
  const uid = newUid();
  const path = [...context.path];
  context.ports.push({ uid, port, path });
  context.entries.push({ type: ENTRY_PORT, path, value: uid });
  return null;
}

function takeBytes(subtype, bytes, context) {
  requirePlace(context);
  const entry = { type: ENTRY_BINARY, subtype, path: [...context.path] };
  if (context.base64) {
    entry.e = "b64";
    entry.value = toBase64(bytes);
  } else {
    entry.value = toHex(bytes);
  }
  context.entries.push(entry);
  return null;
}

function takeMembers(value, context) {
  if (context.ancestors.has(value)) {
    throw cloneError("A value that contains itself cannot be carried by a channel");
  }
  if (context.ancestors.size >= MAX_SEND_DEPTH) {
    throw cloneError(`A value nested deeper than ${MAX_SEND_DEPTH} cannot be carried by a channel`);
  }
  context.ancestors.add(value);
  let copy = null;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const member = value[i];
      const taken = takeMember(String(i), member, context);
      if (taken !== member) {
        copy ??= Array.from(value);
        copy[i] = taken;
      }
    }
  } else {
    for (const key of Object.keys(value)) {
      const member = value[key];
      const taken = takeMember(key, member, context);
      if (taken !== member && !(Number.isNaN(taken) && Number.isNaN(member))) {
        copy ??= ownMembers(value);
        define(copy, key, taken);
      }
    }
  }
  context.ancestors.delete(value);
  return copy ?? value;
}

function takeMember(key, member, context) {
  if (!isObject(member) && typeof member !== "function") {
    return take(member, context);
  }
  context.path.push(key);
  const taken = take(member, context);
  context.path.pop();
  return taken;
}

function ownMembers(value) {
  const copy = {};
  for (const key of Object.keys(value)) {
    define(copy, key, value[key]);
  }
  return copy;
}

// Assignment to a member called __proto__ would change the prototype instead.
function define(object, key, value) {
  Object.defineProperty(object, key, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}

/**
 * Puts ports and binary back. Everything is checked before anything is made or changed; throws a
 * TypeError or RangeError that says what is wrong.
 *
 * @param {unknown} data the frame's `data`, fresh from JSON.parse; changed in place
 * @param {unknown} transfer the frame's `transfer`
 * @param {{maxEntries: number, uidTaken: (uid: string) => boolean, maxNewPorts: number,
 *     makePort: (uid: string, path: string[]) => MessagePort}} host
 */
export function decode(data, transfer, host) {
  if (transfer.length > host.maxEntries) {
    throw new RangeError(`more than ${host.maxEntries} transfer entries`);
  }
  const places = new Set();
  const uids = new Set();
  const steps = transfer.map((entry) => {
    const { path, parent, key } = place(data, entry);
    const label = JSON.stringify(path);
    if (places.has(label)) {
      throw new TypeError("two transfer entries for one place");
    }
    places.add(label);
    if (entry.type === ENTRY_PORT) {
      const uid = entry.value;
      if (typeof uid !== "string" || !UID.test(uid) || uids.has(uid) || host.uidTaken(uid)) {
        throw new TypeError("the id of a transferred port is malformed or in use");
      }
      uids.add(uid);
      return { parent, key, make: () => host.makePort(uid, path) };
    }
    const value = binary(entry);
    return { parent, key, make: () => value };
  });
  if (uids.size > host.maxNewPorts) {
    throw new RangeError("too many ports");
  }
  for (const { parent, key, make } of steps) {
    define(parent, key, make());
  }
}

function place(data, entry) {
  if (!isObject(entry) || (entry.type !== ENTRY_PORT && entry.type !== ENTRY_BINARY)) {
    throw new TypeError("malformed transfer entry");
  }
  const path = entry.path;
  if (
    !Array.isArray(path) ||
    path.length === 0 ||
    path.length > 64 ||
    !path.every((step) => typeof step === "string" && !FORBIDDEN_NAMES.has(step))
  ) {
    throw new TypeError("malformed path in a transfer entry");
  }
  let parent = data;
  for (let i = 0; i < path.length; i++) {
    // Own members only: inherited ones would lead out of the message.
    if (
      !isObject(parent) ||
      !Object.hasOwn(parent, path[i]) ||
      (Array.isArray(parent) && !INDEX.test(path[i]))
    ) {
      throw new TypeError("the path of a transfer entry is not in the message");
    }
    if (i < path.length - 1) {
      parent = parent[path[i]];
    }
  }
  return { path, parent, key: path[path.length - 1] };
}

function binary(entry) {
  const constructor = Number.isInteger(entry.subtype) ? BINARY[entry.subtype] : undefined;
  if (constructor === undefined) {
    throw new TypeError("unknown kind of binary");
  }
  const text = entry.value;
  if (typeof text !== "string") {
    throw new TypeError("binary that is not text");
  }
  if (entry.e !== undefined && entry.e !== "b64") {
    throw new TypeError("unknown encoding of binary");
  }
  const bytes = entry.e === "b64" ? fromBase64(text) : fromHex(text);
  if (constructor === ArrayBuffer) {
    return bytes.buffer;
  }
  if (bytes.length % constructor.BYTES_PER_ELEMENT !== 0) {
    throw new TypeError("binary that ends inside an element");
  }
  return new constructor(bytes.buffer);
}

function toHex(bytes) {
  if (typeof bytes.toHex === "function") {
    return bytes.toHex();
  }
  const parts = [];
  for (let start = 0; start < bytes.length; start += 4096) {
    let part = "";
    const end = Math.min(start + 4096, bytes.length);
    for (let i = start; i < end; i++) {
      part += HEX_OF[bytes[i]];
    }
    parts.push(part);
  }
  return parts.join("");
}

function fromHex(text) {
  if (text.length % 2 !== 0 || !HEX.test(text)) {
    throw new TypeError("binary that is not hexadecimal");
  }
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = (digit(text.charCodeAt(2 * i)) << 4) | digit(text.charCodeAt(2 * i + 1));
  }
  return bytes;
}

const digit = (code) => (code & 0xf) + (code >> 6) * 9;

function toBase64(bytes) {
  if (typeof bytes.toBase64 === "function") {
    return bytes.toBase64();
  }
  let text = "";
  // In pieces, because the arguments of one call are limited.
  for (let start = 0; start < bytes.length; start += 8192) {
    text += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return btoa(text);
}

function fromBase64(text) {
  if (text.length % 4 !== 0 || !BASE64.test(text)) {
    throw new TypeError("binary that is not base64");
  }
  const plain = atob(text);
  const bytes = new Uint8Array(plain.length);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = plain.charCodeAt(i);
  }
  return bytes;
}

/** Whether a value fresh from JSON.parse is nested deeper than the limit. Constant stack use. */
export function deeperThan(value, limit) {
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    const next = [];
    for (const item of level) {
      if (isObject(item)) {
        if (depth >= limit) {
          return true;
        }
        for (const member of Array.isArray(item) ? item : Object.values(item)) {
          if (isObject(member)) {
            next.push(member);
          }
        }
      }
    }
    level = next;
  }
  return false;
}
