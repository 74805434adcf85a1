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

/** @type {HttpFolder | undefined} */
let made;

/**
 * Makes the folder when it is first asked for.
 *
 * @returns {HttpFolder}
 */
export function httpFolder() {
  made ??= createFolder();
  return made;
}

function createFolder() {
  const folder = mkdtempSync(join(tmpdir(), "bench-http-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const files = join(folder, "files");
  mkdirSync(files);
  for (const [name, size] of Object.entries(SIZES)) {
    writeFileSync(join(files, name), Buffer.alloc(size, "0123456789abcdef"));
  }
  writeFileSync(join(folder, "nginx.conf"), NGINX);
  return { files, nginx: folder };
}
