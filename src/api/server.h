/* SPDX-License-Identifier: MIT
 *
 * The HTTP server: libmicrohttpd on a UNIX socket, driven from a libuv loop.
 *
 * The socket is made 0660 in a folder that must exist or is made 0755; a stale one (nobody answers) is replaced, a live one is
 * refused. Peers are checked by SO_PEERCRED: root, the daemon's own uid, and members of the socket's group.
 */
#pragma once

#include "api/api.h"

typedef struct uv_loop_s uv_loop_t;
struct api_server;

struct api_server_options {
    const char *socket_path;
    const struct api_backend *backend;
    void *ctx;
};

int api_server_open(uv_loop_t *loop, const struct api_server_options *options,
                    struct api_server **ret_server, struct error *err) _must_use_;

/* Stops accepting, ends what is suspended (503) and closes the handles; `closed` runs from the loop. Unlinks the socket. */
void api_server_close(struct api_server *server, void (*closed)(void *ctx), void *ctx);
