/* SPDX-License-Identifier: MIT
 *
 * Copies. VACUUM INTO neither syncs what it writes nor minds the file's mode, and leaves half a
 * file when it is interrupted: hence the temporary file, made by us. */
#include "store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/files.h"
#include "store/internal.h"

static int refuse_existing(const char *path, struct error *err)
{
    return error_set(err, -EEXIST, ERROR_CONFLICT, "exists",
                     "%s exists already; give another name, or remove it first", path);
}

static int vacuum_into(struct sql *sql, const char *path, struct error *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(sql->db, "VACUUM INTO ?", -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(stmt, 1, path, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    int r = rc == SQLITE_DONE ? 0 : sql_fail(sql, rc, err);
    (void)sqlite3_finalize(stmt);
    return r;
}

/* Never over an existing file, even one that came just now. */
static int publish(const char *temporary, const char *path, bool replace, struct error *err)
{
    int r = renameat2(AT_FDCWD, temporary, AT_FDCWD, path, replace ? 0 : RENAME_NOREPLACE) < 0
                ? -errno
                : 0;
    if (r == -EINVAL || r == -ENOSYS) /* a file system without RENAME_NOREPLACE */
        r = link(temporary, path) < 0 || unlink(temporary) < 0 ? -errno : 0;
    if (r == -EEXIST)
        return refuse_existing(path, err);
    if (r == 0)
        r = files_sync_folder(path);
    return r < 0 ? error_wrap(err, r, "cannot write %s", path) : 0;
}

int backup_write(struct sql *sql, const char *path, bool replace, struct error *err)
{
    _cleanup_free_ char *temporary = NULL;
    if (!replace && access(path, F_OK) == 0)
        return refuse_existing(path, err);
    if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
        return error_set(err, -ENOMEM, ERROR_FAILED, "no_memory", "out of memory");
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return error_wrap(err, -errno, "cannot write %s", path);
    int r = vacuum_into(sql, temporary, err);
    if (r < 0)
        (void)error_wrap(err, r, "cannot copy to %s", path);
    else if (fsync(fd) < 0)
        r = error_wrap(err, -errno, "cannot write %s", path);
    (void)close(fd);
    if (r == 0)
        r = publish(temporary, path, replace, err);
    if (r < 0)
        (void)unlink(temporary);
    return r;
}

int store_backup(struct store *store, const char *path, struct error *err)
{
    return backup_write(&store->sql, path, false, err);
}
