// TypeScript looks for this name beside java-handlers.mjs; what it says is in java-handlers.d.ts.
export * from "./java-handlers.js";
