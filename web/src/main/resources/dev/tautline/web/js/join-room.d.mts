// TypeScript looks for this name beside join-room.mjs; what it says is in join-room.d.ts.
export * from "./join-room.js";
