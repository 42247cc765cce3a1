// What a peer may ask of an object that a page exposes. Comlink itself walks any path from the
// exposed object, and from any function a path leads to the Function constructor, which runs code.

import { FORBIDDEN_NAMES, isObject, isPort } from "./frame-codec.mjs";

const MAX_PATH = 32;
const MAX_NAME = 256;
const MAX_ARGUMENTS = 64;

/**
 * @typedef {object} Paths
 * @property {Set<string>} exact paths as JSON text
 * @property {string[][]} below paths whose members are meant too
 */

/**
 * Reads the two lists: what may be read, called and constructed, and what may be assigned.
 *
 * @returns {{use: Paths, write: Paths} | null} null when everything is allowed
 */
export function parseAllowList(allow, writable) {
  if (allow === undefined && writable === undefined) {
    return null;
  }
  return { use: parsePaths(allow ?? []), write: parsePaths(writable ?? []) };
}

// Paths are "add", "config.color", "counter.*", or arrays of names.
function parsePaths(list) {
  const paths = { exact: new Set(), below: [] };
  for (const item of list) {
    const path = typeof item === "string" ? (item === "" ? [] : item.split(".")) : [...item];
    if (!path.every((name) => typeof name === "string")) {
      throw new TypeError("An entry of the allow-list is a dotted text or an array of names");
    }
    if (path.at(-1) === "*") {
      paths.below.push(path.slice(0, -1));
    } else {
      paths.exact.add(JSON.stringify(path));
    }
  }
  return paths;
}

/**
 * Says why a request is refused, or null.
 *
 * @param {object} request decoded, with ports in place
 * @param {string} type the request's type as a word
 * @param {{unsafe: boolean, allowed: {use: Paths, write: Paths} | null, handlers: {has(name: string): boolean} |
 *     null}} rules
 * @returns {Error | null}
 */
export function refusal(request, type, rules) {
  if (type === "ENDPOINT" || type === "RELEASE") {
    return null;
  }
  const path = request.path ?? [];
  if (!Array.isArray(path) || !path.every((name) => typeof name === "string")) {
    return new TypeError("the path is not an array of names");
  }
  if (path.length > MAX_PATH || path.some((name) => name.length > MAX_NAME)) {
    return new RangeError("the path is too long");
  }
  if (type === "SET" && path.length === 0) {
    return new TypeError("the exposed object itself cannot be replaced");
  }
  const values = type === "SET" ? [request.value] : (request.argumentList ?? []);
  if (!Array.isArray(values)) {
    return new TypeError("the arguments are not an array");
  }
  if (values.length > MAX_ARGUMENTS) {
    return new RangeError(`more than ${MAX_ARGUMENTS} arguments`);
  }
  for (const value of values) {
    const problem = wireValueProblem(value, rules.handlers);
    if (problem !== null) {
      return new TypeError(problem);
    }
  }
  if (rules.unsafe) {
    return null;
  }
  const forbidden = path.find((name) => FORBIDDEN_NAMES.has(name));
  if (forbidden !== undefined) {
    return new TypeError(`the member ${forbidden} cannot be reached from outside`);
  }
  if (rules.allowed === null) {
    return null;
  }
  const member = path.join(".") || "the exposed object itself";
  // Assigning is a right of its own: else a peer could put a callback of its own in the place of
  // every function that it may call.
  if (type === "SET" && !covers(rules.allowed.write, path)) {
    return new TypeError(`${member} cannot be assigned`);
  }
  if (type !== "SET" && !covers(rules.allowed.use, path)) {
    return new TypeError(`${member} is not exposed`);
  }
  return null;
}

function covers(paths, path) {
  return (
    paths.exact.has(JSON.stringify(path)) ||
    paths.below.some(
      (start) => path.length > start.length && start.every((name, i) => name === path[i]),
    )
  );
}

// Comlink decodes these outside of its try block: a fault here would leave the call unanswered.
function wireValueProblem(value, handlers) {
  if (!isObject(value)) {
    return "a value is not a wire value";
  }
  switch (value.type) {
    case "RAW":
    case 0:
      return null;
    case "HANDLER":
    case 3:
      break;
    default:
      return "a value has an unknown type";
  }
  if (typeof value.name !== "string") {
    return "a value names no transfer handler";
  }
  if (value.name === "throw") {
    return "an argument cannot be an exception";
  }
  if (value.name === "proxy") {
    return isPort(value.value) ? null : "a proxy came without its port";
  }
  if (handlers !== null && !handlers.has(value.name)) {
    return "a value names an unknown transfer handler";
  }
  return null;
}
