/* SPDX-License-Identifier: MIT
 *
 * The files of roost's own beside a copy of the database. They never change once they have their
 * name, so what is there already is left.
 */
#include "cli/own_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

static const char temporary[] = "new";

static void close_fd(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

static int copy_bytes(int from, int to, off_t size)
{
    while (size > 0) {
        ssize_t n = sendfile(to, from, NULL, (size_t)size);
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        size -= n;
    }
    return 0;
}

/* Whole and with its owner and mode before it has its name. */
static int copy_file(int from_folder, int to_folder, const char *name)
{
    struct stat st;
    _cleanup_(close_fd) int from = openat(from_folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (from < 0 || fstat(from, &st) < 0)
        return -errno;
    (void)unlinkat(to_folder, temporary, 0);
    _cleanup_(close_fd) int to =
        openat(to_folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (to < 0)
        return -errno;
    int r = copy_bytes(from, to, st.st_size);
    if (r < 0)
        return r;
    if (st.st_uid != geteuid() || st.st_gid != getegid())
        r = fchown(to, st.st_uid, st.st_gid) < 0 ? -errno : 0;
    if (r == 0 && (fchmod(to, st.st_mode & 07777) < 0 || fsync(to) < 0 ||
                   renameat(to_folder, temporary, to_folder, name) < 0))
        r = -errno;
    return r;
}

static int copy_entry(int from, int to, const char *name, size_t *n)
{
    struct stat st;
    if (!own_files_is_name(name))
        return 0;
    if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISREG(st.st_mode) || faccessat(to, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return 0;
    int r = copy_file(from, to, name);
    *n += r == 0;
    return r;
}

static int copy_all(int from, int to, size_t *n)
{
    int copy = dup(from), r = 0;
    DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
    if (!dir) {
        r = -errno;
        close_fd(&copy);
        return r;
    }
    rewinddir(dir);
    do {
        errno = 0;
        struct dirent *e = readdir(dir);
        if (!e && errno == 0)
            break;
        r = e ? copy_entry(from, to, e->d_name, n) : -errno;
    } while (r == 0);
    (void)closedir(dir);
    if (r == 0 && fsync(to) < 0)
        r = -errno;
    return r;
}

int own_files_copy(const struct own_files *files, const char *folder, size_t *n, struct error *err)
{
    _cleanup_(close_fd) int from =
        open(files->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (from < 0 && errno == ENOENT)
        return 0;
    if (from < 0)
        return error_wrap(err, -errno, "cannot read %s", files->folder);
    if (mkdir(folder, 0700) < 0 && errno != EEXIST)
        return error_wrap(err, -errno, "cannot make the folder %s", folder);
    _cleanup_(close_fd) int to = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (to < 0)
        return error_wrap(err, -errno, "cannot open %s", folder);
    int r = copy_all(from, to, n);
    return r < 0 ? error_wrap(err, r, "cannot copy the files of %s to %s", files->folder, folder)
                 : 0;
}

void own_files_drop_copy(const char *folder)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return;
    for (struct dirent *e; (e = readdir(dir));)
        if (own_files_is_name(e->d_name) || strcmp(e->d_name, temporary) == 0)
            (void)unlinkat(dirfd(dir), e->d_name, 0);
    (void)closedir(dir);
    (void)rmdir(folder);
}
