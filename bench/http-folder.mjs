// What the servers of the http bench need on the disk: the files they serve, and nginx's
// configuration. All of it is in a folder of its own, which
// is removed when the process ends.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Logging is off and nothing ends a connection, as with the others. One process is all there is. */
const NGINX = `daemon off;
master_process off;
worker_processes 1;
worker_rlimit_nofile 65536;
pid nginx.pid;
error_log stderr error;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  scgi_temp_path scgi;
  uwsgi_temp_path uwsgi;
  keepalive_requests 1000000000;
  sendfile on;
  server {
    include listen.conf;
    root files;
    location = / {
      default_type text/plain;
      return 200 "Hello, World!";
    }
  }
}
`;

/** What is served, by name. */
const SIZES = { "4k.bin": 4096, "1m.bin": 1_048_576 };

/**
 * @typedef {object} HttpFolder
 * @property {string} files the folder with the files
 * @property {string} nginx the folder with nginx.conf
 */

/** @type {string | undefined} */
let folder;

/**
 * Makes the folder when it is first asked for.
 *
 * @returns {HttpFolder}
 */
export function httpFolder() {
  if (folder === undefined) {
    folder = mkdtempSync(join(tmpdir(), "bench-http-"));
    process.once("exit", removeHttpFolder);
    fill(folder);
  }
  return { files: join(folder, "files"), nginx: folder };
}

/** Once no server needs it; at the end of the process by itself. */
export function removeHttpFolder() {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  folder = undefined;
}

function fill(path) {
  writeFileSync(join(path, "nginx.conf"), NGINX);
  mkdirSync(join(path, "files"));
  for (const [name, size] of Object.entries(SIZES)) {
    writeFileSync(join(path, "files", name), Buffer.alloc(size, "0123456789abcdef"));
  }
}
