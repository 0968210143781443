/* SPDX-License-Identifier: MIT
 *
 * Checks before SQLite touches a file. They look with lstat() and never open the
 * database itself: closing any descriptor of a file drops all POSIX locks that
 * this process has on it, SQLite's too. SQLite then opens with SQLITE_OPEN_NOFOLLOW. */
#include "store/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int no_memory(struct error *err)
{
    return error_set(err, -ENOMEM, ERROR_FAILED, "no_memory", "out of memory");
}

/* An errno of a call on a path, by meaning. */
static int path_fail(struct error *err, int r, const char *what, const char *path)
{
    enum error_kind kind = r == -EACCES || r == -EPERM     ? ERROR_DENIED
                           : r == -ENOENT || r == -ENOTDIR ? ERROR_NOT_FOUND
                                                           : ERROR_STORAGE;
    return error_set(err, r, kind, NULL, "%s %s: %s", what, path, strerror(-r));
}

int files_check_stat(const char *path, const struct stat *st, struct error *err)
{
    if (S_ISLNK(st->st_mode))
        return error_set(err, -ELOOP, ERROR_DENIED, "unsafe_file",
                         "%s is a symbolic link; give the path of the file itself", path);
    if (!S_ISREG(st->st_mode))
        return error_set(err, -EINVAL, ERROR_DENIED, "unsafe_file",
                         "%s is not a regular file; give the path of a database file", path);
    if (st->st_uid != geteuid() && st->st_uid != 0)
        return error_set(
            err, -EPERM, ERROR_DENIED, "unsafe_file",
            "%s belongs to user %u, who is neither root nor the user %u of this program; "
            "run roost as that user, or chown the file",
            path, (unsigned)st->st_uid, (unsigned)geteuid());
    if (st->st_mode & (S_IRWXG | S_IRWXO))
        return error_set(err, -EPERM, ERROR_DENIED, "unsafe_file",
                         "%s is open to other users (mode %04o); chmod 600 %s", path,
                         (unsigned)st->st_mode & 07777, path);
    if (st->st_nlink > 1)
        return error_set(
            err, -EMLINK, ERROR_DENIED, "unsafe_file",
            "%s has %lu names (hard links), each with a journal of its own; remove the "
            "others, and copy with `roost backup`",
            path, (unsigned long)st->st_nlink);
    return 0;
}

static int folder_check(const char *folder, struct error *err)
{
    struct stat st;
    if (stat(folder, &st) < 0)
        return path_fail(err, -errno, "folder", folder);
    /* In a folder like /tmp only the owner of a file can exchange it, when the folder is root's. */
    bool sticky = (st.st_mode & S_ISVTX) && st.st_uid == 0;
    if ((st.st_mode & S_IWOTH) && !sticky)
        return error_set(err, -EPERM, ERROR_DENIED, "unsafe_folder",
                         "folder %s can be written by everybody, who could exchange the database; "
                         "chmod o-w %s, or choose another folder",
                         folder, folder);
    return 0;
}

/* mkdir -p, with 0700 for what is new. */
static int folder_make(const char *folder, struct error *err)
{
    _cleanup_free_ char *path = strdup(folder);
    if (!path)
        return no_memory(err);
    for (char *p = path + 1;; p++) {
        if (*p != '/' && *p != '\0')
            continue;
        char end = *p;
        *p = '\0';
        if (mkdir(path, 0700) < 0 && errno != EEXIST)
            return path_fail(err, -errno, "cannot make folder", path);
        if (end == '\0')
            return 0;
        *p = end;
    }
}

int files_resolve(const char *path, bool create_folder, char **ret_path, struct error *err)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    if (*base == '\0' || strcmp(base, ".") == 0 || strcmp(base, "..") == 0)
        return error_set(err, -EINVAL, ERROR_USAGE, "bad_path",
                         "\"%s\" names no file; give the path of a database file", path);
    _cleanup_free_ char *folder = slash ? strndup(path, (size_t)(slash - path)) : strdup(".");
    if (!folder)
        return no_memory(err);
    const char *name = slash == path ? "/" : folder;
    int r = create_folder ? folder_make(name, err) : 0;
    if (r < 0)
        return r;
    _cleanup_free_ char *real = realpath(name, NULL);
    if (!real)
        return path_fail(err, -errno, "folder", name);
    return asprintf(ret_path, "%s/%s", strcmp(real, "/") == 0 ? "" : real, base) < 0
               ? no_memory(err)
               : 0;
}

static int file_create(const char *path, struct error *err)
{
    int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
        return 0; /* another process was faster: what it made is checked next */
    if (fd < 0)
        return path_fail(err, -errno, "cannot make database", path);
    (void)close(fd);
    int r = files_sync_folder(path);
    return r < 0 ? path_fail(err, r, "cannot make database", path) : 0;
}

int files_sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    _cleanup_free_ char *folder = !slash          ? strdup(".")
                                  : slash == path ? strdup("/")
                                                  : strndup(path, (size_t)(slash - path));
    if (!folder)
        return -ENOMEM;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int r = fsync(fd) < 0 ? -errno : 0;
    (void)close(fd);
    return r;
}

static int file_check(const char *path, bool create, struct error *err)
{
    struct stat st;
    int r = lstat(path, &st) < 0 ? -errno : 0;
    if (r == -ENOENT && create) {
        r = file_create(path, err);
        if (r < 0)
            return r;
        r = lstat(path, &st) < 0 ? -errno : 0;
    }
    if (r == -ENOENT)
        return error_set(err, r, ERROR_NOT_FOUND, "no_database",
                         "there is no database %s; `roost apply` or `roost serve` makes one", path);
    if (r < 0)
        return path_fail(err, r, "database", path);
    return files_check_stat(path, &st, err);
}

int files_check_beside(const char *path, struct error *err)
{
    static const char *const suffixes[] = {"-wal", "-shm", "-journal", FILES_LOCK_SUFFIX};
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        struct stat st;
        _cleanup_free_ char *beside = NULL;
        if (asprintf(&beside, "%s%s", path, suffixes[i]) < 0)
            return no_memory(err);
        if (lstat(beside, &st) < 0) {
            if (errno == ENOENT)
                continue;
            return path_fail(err, -errno, "file", beside);
        }
        int r = files_check_stat(beside, &st, err);
        if (r < 0)
            return r;
    }
    return 0;
}

int files_prepare(const char *path, bool create, char **ret_path, struct error *err)
{
    _cleanup_free_ char *real = NULL;
    int r = files_resolve(path, create, &real, err);
    /* Without its folder there is no database either, and that is what is said. */
    if (r == -ENOENT)
        return error_set(err, r, ERROR_NOT_FOUND, "no_database",
                         "there is no database %s; `roost apply` or `roost serve` makes one", path);
    if (r < 0)
        return r;
    /* files_resolve() sets it when all is well.
     * NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
    _cleanup_free_ char *folder = strndup(real, (size_t)(strrchr(real, '/') - real) + 1);
    if (!folder)
        return no_memory(err);
    r = folder_check(folder, err);
    if (r == 0)
        r = file_check(real, create, err);
    if (r == 0)
        r = files_check_beside(real, err);
    if (r == 0)
        *ret_path = steal(&real);
    return r;
}
