// TypeScript looks for this name beside channel-endpoint.mjs; what it says is in channel-endpoint.d.ts.
export * from "./channel-endpoint.js";
