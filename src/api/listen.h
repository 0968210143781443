/* SPDX-License-Identifier: MIT
 *
 * The UNIX socket that the server listens on, and who may talk to it.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

struct unix_socket {
    int fd; /* listening, non-blocking, closed on exec; owned */
    dev_t dev;
    ino_t ino;
};

/* Make and listen on the socket `path`, mode 0660. Its folder is made (0755) when only that one is
 * missing. A stale socket, which nobody answers, is replaced; a live one is refused
 * (ERROR_CONFLICT, -EADDRINUSE), as is any file that is not a socket. Two servers that start at
 * once cannot both win: the folder is locked meanwhile. */
int unix_listen(const char *path, struct unix_socket *ret_socket, struct error *err) _must_use_;

/* Remove the socket file, if it is still this one: it may have been removed by hand, and a later
 * server have taken the path. To be called before `fd` is closed: while that is open the file's
 * number is not given to another. */
void unix_unlink(const char *path, const struct unix_socket *socket);

/* May the peer of the connection `fd` use the API? Root, this process's own user, and members of
 * the group that owns the socket file `path` (also by a supplementary group). 0, or -EACCES or
 * another negative errno with `err`. */
int unix_peer_check(int fd, const char *path, uid_t *ret_uid, struct error *err) _must_use_;
