/* SPDX-License-Identifier: MIT
 *
 * The lock is an open file description lock (fcntl(2), F_OFD_SETLK) on
 * "roost.db.lock". Not on the database: SQLite keeps POSIX locks there, which any close() of
 * that file in this process would drop. Not a POSIX lock: looking at our own lock file and
 * closing it would drop it too. The price is that the kernel does not tell the holder's pid, so
 * the owner writes it into the file. The file is never removed, or two processes could each
 * lock a file of that name. */
#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/files.h"

static void close_fdp(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

static struct flock whole_file(void)
{
    return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
}

static int lock_file_open(const char *path, int flags, int *ret_fd, struct error *err)
{
    _cleanup_free_ char *lock_path = NULL;
    struct stat st;
    if (asprintf(&lock_path, "%s" FILES_LOCK_SUFFIX, path) < 0)
        return error_set(err, -ENOMEM, ERROR_FAILED, "no_memory", "out of memory");
    _cleanup_(close_fdp) int fd =
        open(lock_path, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
    if (fd < 0 && errno == ENOENT)
        return -ENOENT;
    if (fd < 0 || fstat(fd, &st) < 0)
        return error_wrap(err, -errno, "lock file %s", lock_path);
    int r = files_check_stat(lock_path, &st, err);
    if (r < 0)
        return r;
    *ret_fd = steal_fd(&fd);
    return 0;
}

static int pid_read(int fd)
{
    char text[16] = "";
    if (pread(fd, text, sizeof(text) - 1, 0) < 0)
        return 0;
    return (int)strtol(text, NULL, 10);
}

static int pid_write(int fd)
{
    char text[16];
    int len = snprintf(text, sizeof(text), "%d\n", (int)getpid());
    if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)len, 0) != len)
        return -errno;
    return 0;
}

static int lock_refuse(const char *path, int pid, struct error *err)
{
    if (pid > 0)
        return error_set(
            err, -EBUSY, ERROR_CONFLICT, "locked",
            "the database %s is in use by roost (pid %d); stop that one first or use its "
            "socket",
            path, pid);
    return error_set(
        err, -EBUSY, ERROR_CONFLICT, "locked",
        "the database %s is in use by another roost; stop that one first or use its socket", path);
}

int lock_take(const char *path, int *ret_fd, struct error *err)
{
    _cleanup_(close_fdp) int fd = -1;
    int r = lock_file_open(path, O_RDWR | O_CREAT, &fd, err);
    if (r < 0)
        return r;
    struct flock lock = whole_file();
    if (fcntl(fd, F_OFD_SETLK, &lock) < 0) {
        if (errno == EAGAIN || errno == EACCES)
            return lock_refuse(path, pid_read(fd), err);
        return error_wrap(err, -errno, "cannot lock %s" FILES_LOCK_SUFFIX, path);
    }
    r = pid_write(fd);
    if (r == -ENOSPC || r == -EDQUOT)
        r = 0; /* the lock holds without its label; a full disk must not keep the fleet down */
    if (r < 0)
        return error_wrap(err, r, "cannot write %s" FILES_LOCK_SUFFIX, path);
    *ret_fd = steal_fd(&fd);
    return 0;
}

void lock_give(int fd)
{
    if (fd < 0)
        return;
    (void)!ftruncate(fd, 0); /* so that nobody is told the pid of an owner that has gone */
    (void)close(fd);
}

int lock_keep(const char *path, int *fd, struct error *err)
{
    struct stat st;
    int again = -1;
    if (fstat(*fd, &st) == 0 && st.st_nlink > 0)
        return 0;
    int r = lock_take(path, &again, err);
    if (r < 0)
        return r;
    (void)close(*fd);
    *fd = again;
    return 0;
}

int lock_owner(const char *path, int *ret_pid, struct error *err)
{
    _cleanup_(close_fdp) int fd = -1;
    int r = lock_file_open(path, O_RDONLY, &fd, err);
    if (r == -ENOENT) {
        *ret_pid = 0;
        return 0;
    }
    if (r < 0)
        return r;
    struct flock lock = whole_file();
    if (fcntl(fd, F_OFD_GETLK, &lock) < 0)
        return error_wrap(err, -errno, "lock file of %s", path);
    int pid = pid_read(fd);
    *ret_pid = lock.l_type == F_UNLCK ? 0 : pid > 0 ? pid : -1;
    return 0;
}
