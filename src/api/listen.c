/* SPDX-License-Identifier: MIT */
#include "api/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET_MODE 0660

static void cleanup_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

static int fd_steal(int *fd)
{
    int stolen = *fd;
    *fd = -1;
    return stolen;
}

static int address_of(const char *path, struct sockaddr_un *ret_address, struct error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof(address.sun_path))
        return error_set(err, -ENAMETOOLONG, ERROR_USAGE, "bad_socket_path",
                         "the path of a UNIX socket has 1 to %zu bytes, not %zu: %s",
                         sizeof(address.sun_path) - 1, len, path);
    memcpy(address.sun_path, path, len + 1);
    *ret_address = address;
    return 0;
}

/* Open the folder of `path`, making it when it is missing, and lock it. */
static int folder_lock(const char *path, struct error *err)
{
    char copy[sizeof(((struct sockaddr_un *)0)->sun_path)];
    (void)snprintf(copy, sizeof(copy), "%s", path);
    const char *folder = dirname(copy);
    if (mkdir(folder, 0755) < 0 && errno != EEXIST)
        return error_set(err, -errno, ERROR_FAILED, NULL, "cannot make the socket's folder %s: %s",
                         folder, strerror(errno));
    _cleanup_(cleanup_fd) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_set(err, -errno, ERROR_FAILED, NULL, "cannot open the socket's folder %s: %s",
                         folder, strerror(errno));
    if (flock(fd, LOCK_EX) < 0)
        return error_set(err, -errno, ERROR_FAILED, NULL, "cannot lock the socket's folder %s: %s",
                         folder, strerror(errno));
    return fd_steal(&fd);
}

/* Whether somebody answers at the socket: 0 nobody, else negative. */
static int probe(const struct sockaddr_un *address, struct error *err)
{
    _cleanup_(cleanup_fd) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return error_wrap(err, -errno, "cannot make a socket");
    int r = connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? -errno : 0;
    if (r == -ECONNREFUSED || r == -ENOENT)
        return 0;
    if (r == 0 || r == -EAGAIN || r == -EPROTOTYPE)
        return error_set(err, -EADDRINUSE, ERROR_CONFLICT, "socket_in_use",
                         "another process listens on %s; stop it, or choose another --socket",
                         address->sun_path);
    return error_set(err, r, ERROR_FAILED, NULL, "cannot find out who uses the socket %s: %s",
                     address->sun_path, strerror(-r));
}

static int clear_path(const struct sockaddr_un *address, struct error *err)
{
    const char *path = address->sun_path;
    struct stat st;
    if (lstat(path, &st) < 0) {
        if (errno == ENOENT)
            return 0;
        return error_set(err, -errno, ERROR_FAILED, NULL, "cannot look at %s: %s", path,
                         strerror(errno));
    }
    if (!S_ISSOCK(st.st_mode))
        return error_set(err, -EEXIST, ERROR_CONFLICT, "not_a_socket",
                         "%s is there and is not a socket; move it away, or choose another "
                         "--socket",
                         path);
    int r = probe(address, err);
    if (r < 0)
        return r;
    if (unlink(path) < 0 && errno != ENOENT)
        return error_set(err, -errno, ERROR_FAILED, NULL, "cannot replace the stale socket %s: %s",
                         path, strerror(errno));
    return 0;
}

/* The mode of the file is right before listen(), and until then nobody can connect. bind() takes
 * it from the descriptor, less the umask; chmod() adds what the umask took. */
static int bind_and_listen(int fd, const struct sockaddr_un *address, struct stat *ret_stat)
{
    const char *path = address->sun_path;
    if (fchmod(fd, SOCKET_MODE) < 0)
        return -errno;
    if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
        return -errno;
    if (chmod(path, SOCKET_MODE) < 0 || lstat(path, ret_stat) < 0 || listen(fd, SOMAXCONN) < 0) {
        int r = -errno;
        (void)unlink(path);
        return r;
    }
    return 0;
}

int unix_listen(const char *path, struct unix_socket *ret_socket, struct error *err)
{
    struct sockaddr_un address;
    int r = address_of(path, &address, err);
    if (r < 0)
        return r;
    _cleanup_(cleanup_fd) int folder = folder_lock(path, err);
    if (folder < 0)
        return folder;
    r = clear_path(&address, err);
    if (r < 0)
        return r;
    _cleanup_(cleanup_fd) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return error_wrap(err, -errno, "cannot make a socket");
    struct stat st;
    r = bind_and_listen(fd, &address, &st);
    if (r < 0)
        return error_set(err, r, ERROR_FAILED, NULL, "cannot listen on %s: %s", path, strerror(-r));
    *ret_socket = (struct unix_socket){.fd = fd_steal(&fd), .dev = st.st_dev, .ino = st.st_ino};
    return 0;
}

void unix_unlink(const char *path, const struct unix_socket *socket)
{
    struct stat st;
    if (lstat(path, &st) == 0 && st.st_dev == socket->dev && st.st_ino == socket->ino)
        (void)unlink(path);
}

static bool peer_has_group(int fd, const struct ucred *peer, gid_t group)
{
    if (peer->gid == group)
        return true;
    /* First the length: the kernel answers -ERANGE with it. */
    socklen_t len = 0;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &len) == 0 || errno != ERANGE)
        return false;
    _cleanup_free_ gid_t *groups = malloc(len);
    if (!groups || getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) < 0)
        return false;
    for (size_t i = 0; i < len / sizeof(*groups); i++)
        if (groups[i] == group)
            return true;
    return false;
}

int unix_peer_check(int fd, const char *path, uid_t *ret_uid, struct error *err)
{
    struct ucred peer;
    socklen_t len = sizeof(peer);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
        return error_wrap(err, -errno, "cannot find out who the peer is");
    struct stat st;
    bool allowed =
        peer.uid == 0 || peer.uid == geteuid() ||
        (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) && peer_has_group(fd, &peer, st.st_gid));
    if (!allowed)
        return error_set(err, -EACCES, ERROR_DENIED, "denied",
                         "user %u is neither root nor the daemon's user, nor in the group of the "
                         "socket",
                         (unsigned)peer.uid);
    *ret_uid = peer.uid;
    return 0;
}
