// Optional transfer handlers for values that JSON cannot say. They work where Comlink's handlers
// do: on an argument, an assigned value or a result, not inside of objects. Both sides must have
// them; a Java peer uses one only after the endpoint's hello named it:
//
//   const handlers = registerJavaHandlers(Comlink.transferHandlers, ["java.bigint"]);
//   const endpoint = channelEndpoint(channel, { handlers });

const MAX_DIGITS = 400;

function textOf(value, what) {
  if (typeof value !== "string") {
    throw new TypeError(`${what} came without its text`);
  }
  return value;
}

const isSpecialNumber = (value) =>
  typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0));

const HANDLERS = {
  "java.bigint": {
    canHandle: (value) => typeof value === "bigint",
    serialize: (value) => [{ b: value.toString() }, []],
    deserialize(value) {
      const text = textOf(value?.b, "a BigInt");
      if (!/^-?[0-9]+$/.test(text) || text.length > MAX_DIGITS) {
        throw new TypeError("a BigInt is not a decimal number of sensible length");
      }
      return BigInt(text);
    },
  },
  "java.instant": {
    canHandle: (value) => value instanceof Date,
    serialize(value) {
      if (Number.isNaN(value.getTime())) {
        throw new TypeError("an invalid Date cannot be sent");
      }
      return [value.toISOString(), []];
    },
    deserialize(value) {
      const date = new Date(textOf(value, "a Date"));
      if (Number.isNaN(date.getTime())) {
        throw new TypeError("a Date is not ISO-8601 text");
      }
      return date;
    },
  },
  "java.number": {
    canHandle: isSpecialNumber,
    serialize: (value) => [Object.is(value, -0) ? "-0" : String(value), []],
    deserialize(value) {
      const text = textOf(value, "a number");
      const number = Number(text);
      if (!["NaN", "Infinity", "-Infinity", "-0"].includes(text)) {
        throw new TypeError("a special number is none of NaN, Infinity, -Infinity, -0");
      }
      return number;
    },
  },
  "java.map": {
    canHandle: (value) => value instanceof Map,
    serialize: (value) => [[...value], []],
    deserialize(value) {
      if (!Array.isArray(value) || !value.every((pair) => Array.isArray(pair))) {
        throw new TypeError("a Map is not an array of pairs");
      }
      return new Map(value);
    },
  },
  "java.error": {
    canHandle: (value) => value instanceof Error,
    serialize: (value) => [errorMembers(value, 0), []],
    deserialize: (value) => errorOf(value, 0),
  },
};

const MAX_CAUSES = 8;

function errorMembers(error, depth) {
  const members = {
    name: String(error.name),
    message: String(error.message),
    className: error.constructor?.name ?? "Error",
  };
  if (typeof error.code === "string" || typeof error.code === "number") {
    members.code = error.code;
  }
  if (error.cause instanceof Error && depth < MAX_CAUSES) {
    members.cause = errorMembers(error.cause, depth + 1);
  }
  return members;
}

function errorOf(members, depth) {
  if (typeof members !== "object" || members === null) {
    throw new TypeError("an error came without its members");
  }
  const error = new Error(String(members.message ?? ""));
  error.name = String(members.name ?? "Error");
  for (const key of ["code", "className"]) {
    if (members[key] !== undefined) {
      error[key] = members[key];
    }
  }
  if (members.cause !== undefined && members.cause !== null && depth < MAX_CAUSES) {
    error.cause = errorOf(members.cause, depth + 1);
  }
  return error;
}

export const JAVA_HANDLERS = Object.freeze(Object.keys(HANDLERS));

/**
 * Registers handlers with Comlink.
 *
 * @param {Map<string, unknown>} transferHandlers `Comlink.transferHandlers`
 * @param {readonly string[]} [names] which of them; default all
 * @returns {string[]} the names, for the option `handlers` of channelEndpoint
 */
export function registerJavaHandlers(transferHandlers, names = JAVA_HANDLERS) {
  for (const name of names) {
    if (!Object.hasOwn(HANDLERS, name)) {
      throw new RangeError(`There is no handler ${name}; there are ${JAVA_HANDLERS.join(", ")}`);
    }
    transferHandlers.set(name, HANDLERS[name]);
  }
  return [...names];
}
