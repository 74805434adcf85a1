// What each contestant is asked to do. A new trial is one entry here.

/**
 * @typedef {object} Trial
 * @property {string} name how --trials calls it
 * @property {string} title
 * @property {number} connections
 * @property {number} size of a message, in bytes
 * @property {number} depth messages in flight on each connection
 */

/** @type {readonly Trial[]} */
export const echoTrials = [
  { name: "c1", title: "64 B, 1 connection", connections: 1, size: 64, depth: 1 },
  { name: "c64", title: "64 B, 64 connections", connections: 64, size: 64, depth: 1 },
  { name: "c1000", title: "64 B, 1,000 connections", connections: 1000, size: 64, depth: 1 },
  {
    name: "pipelined",
    title: "64 B, 64 connections, 16 in flight on each",
    connections: 64,
    size: 64,
    depth: 16,
  },
  { name: "16k", title: "16 KiB, 64 connections", connections: 64, size: 16_384, depth: 1 },
  {
    name: "bulk",
    title: "64 KiB, 32 connections, 4 in flight on each",
    connections: 32,
    size: 65_536,
    depth: 4,
  },
];

/**
 * @typedef {object} HttpTrial
 * @property {string} name how --trials calls it
 * @property {string} title
 * @property {number} connections
 * @property {number} depth requests in flight on each connection
 * @property {"greeting" | "files"} kind what the server is started to serve
 * @property {"minimal" | "browser"} request of http-requests.mjs
 * @property {string} path
 * @property {number} bodyBytes of the right answer
 */

const greeting = { connections: 64, kind: "greeting", path: "/", bodyBytes: 13 };
const file = { connections: 64, kind: "files", depth: 1, request: "minimal" };

/** @type {readonly HttpTrial[]} */
export const httpTrials = [
  {
    ...{ ...greeting, name: "hello", title: "hello world, 64 connections" },
    ...{ depth: 1, request: "minimal" },
  },
  {
    ...{ ...greeting, name: "browser", title: "hello world to 20 fields, 64 connections" },
    ...{ depth: 1, request: "browser" },
  },
  {
    ...{
      ...greeting,
      name: "pipelined",
      title: "hello world, 64 connections, 16 in flight on each",
    },
    ...{ depth: 16, request: "minimal" },
  },
  {
    ...{ ...file, name: "static4k", title: "a file of 4 KiB, 64 connections" },
    ...{ path: "/4k.bin", bodyBytes: 4096 },
  },
  {
    ...{ ...file, name: "static1m", title: "a file of 1 MiB, 64 connections" },
    ...{ path: "/1m.bin", bodyBytes: 1_048_576 },
  },
];

/**
 * @typedef {object} NewcomersTrial
 * @property {string} name how --trials calls it
 * @property {string} title
 * @property {number} busy connections that keep the server loaded
 * @property {number} depth messages in flight on each of them
 * @property {number} burst newcomers that connect at once
 * @property {number} bursts
 */

/** @type {readonly NewcomersTrial[]} */
export const newcomersTrials = [
  {
    name: "single",
    title: "one newcomer at a time, 64 busy connections with 16 in flight on each",
    busy: 64,
    depth: 16,
    burst: 1,
    bursts: 60,
  },
  {
    name: "burst500",
    title: "500 newcomers at once, 64 busy connections with 16 in flight on each",
    busy: 64,
    depth: 16,
    burst: 500,
    bursts: 4,
  },
];
