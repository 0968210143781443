/* SPDX-License-Identifier: MIT */
#include "cli/own_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/sha256.h"

#define SALT_NAME "salt"

static void close_fd(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

static int fail(struct error *err, const char *what, const char *path)
{
    int r = -errno;
    return error_set(err, r, ERROR_FAILED, "files", "cannot %s %s: %s", what, path, strerror(-r));
}

/* The salt ---------------------------------------------------------------------------------------
 */

static int make_salt(struct own_files *files, struct error *err)
{
    uint8_t random[(sizeof(files->salt) - 1) / 2];
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return fail(err, "get random bytes for", files->folder);
    hex_format(random, sizeof(random), files->salt);
    return 0;
}

int own_files_find(const struct cli *cli, struct own_files *files, struct error *err)
{
    char path[PATH_MAX + 8], here[PATH_MAX] = "";
    if (cli->db_path[0] != '/' && !getcwd(here, sizeof(here)))
        return fail(err, "tell the working folder for", cli->db_path);
    (void)snprintf(files->folder, sizeof(files->folder), "%s%s%s.files", here, *here ? "/" : "",
                   cli->db_path);
    (void)snprintf(path, sizeof(path), "%s/" SALT_NAME, files->folder);
    memset(files->salt, 0, sizeof(files->salt));
    _cleanup_(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EACCES))
        return make_salt(files, err);
    if (fd < 0)
        return fail(err, "read", path);
    ssize_t n = read(fd, files->salt, sizeof(files->salt) - 1);
    if (n < 0)
        return fail(err, "read", path);
    return n == (ssize_t)sizeof(files->salt) - 1 ? 0 : make_salt(files, err);
}

static bool is_hash(const char *name)
{
    return strlen(name) == SHA256_HEX_SIZE - 1 &&
           strspn(name, "0123456789abcdef") == SHA256_HEX_SIZE - 1;
}

bool own_files_is_name(const char *name)
{
    return is_hash(name) || strcmp(name, SALT_NAME) == 0;
}

/* Writing ----------------------------------------------------------------------------------------
 */

static int write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, text, len);
        if (n < 0 && errno != EINTR)
            return -errno;
        text += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

/* Whole and with its owner and mode before it has its name. */
static int put_file(int folder, const char *name, const struct compose_file *f)
{
    static const char temporary[] = "new";
    (void)unlinkat(folder, temporary, 0);
    _cleanup_(close_fd) int fd =
        openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    int r = write_all(fd, f->content, strlen(f->content));
    if (r < 0)
        return r;
    bool owned = f->uid >= 0 || f->gid >= 0;
    if (owned && fchown(fd, f->uid >= 0 ? (uid_t)f->uid : (uid_t)-1,
                        f->gid >= 0 ? (gid_t)f->gid : (gid_t)-1) < 0)
        return -errno;
    if (fchmod(fd, f->mode) < 0 || fsync(fd) < 0 || renameat(folder, temporary, folder, name) < 0)
        return -errno;
    return 0;
}

static int write_file(int folder, const struct compose_file *f, struct error *err)
{
    const char *name = strrchr(f->path, '/') + 1;
    if (utimensat(folder, name, NULL, AT_SYMLINK_NOFOLLOW) == 0)
        return 0; /* it is there, and in use from today on */
    int r = put_file(folder, name, f);
    if (r == -EPERM && (f->uid >= 0 || f->gid >= 0))
        return error_set(
            err, r, ERROR_DENIED, "files",
            "only root can give a secret or config a uid and gid; remove these, or run "
            "it as root");
    errno = -r;
    return r < 0 ? fail(err, "write", f->path) : 0;
}

static bool is_named(const struct compose_project *p, const struct rows *rows, const char *name)
{
    for (size_t i = 0; i < p->n_files; i++)
        if (strcmp(strrchr(p->files[i].path, '/') + 1, name) == 0)
            return true;
    for (size_t i = 0; i < rows->n; i++)
        if (strstr(rows->rows[i].spec, name))
            return true;
    return false;
}

static void remove_old(int folder, const struct compose_project *p, const struct rows *rows)
{
    int copy = dup(folder);
    DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
    time_t before = time(NULL) - (time_t)OWN_FILES_KEEP_DAYS * 24 * 3600;
    struct stat st;
    if (!dir) {
        close_fd(&copy);
        return;
    }
    for (struct dirent *e; (e = readdir(dir));)
        if (is_hash(e->d_name) && fstatat(folder, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(st.st_mode) && st.st_mtime < before && !is_named(p, rows, e->d_name))
            (void)unlinkat(folder, e->d_name, 0);
    (void)closedir(dir);
}

static int open_folder(const struct own_files *files, int *ret_fd, struct error *err)
{
    struct compose_file salt = {
        .content = (char *)(uintptr_t)files->salt, .mode = 0400, .uid = -1, .gid = -1};
    if (mkdir(files->folder, 0700) < 0 && errno != EEXIST)
        return fail(err, "make the folder", files->folder);
    *ret_fd = open(files->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (*ret_fd < 0)
        return fail(err, "open the folder", files->folder);
    struct stat st;
    if (fstat(*ret_fd, &st) < 0 || st.st_uid != geteuid() || (st.st_mode & 077) != 0)
        return error_set(err, -EPERM, ERROR_DENIED, "files",
                         "the folder %s must belong to who runs roost, with mode 0700",
                         files->folder);
    if (faccessat(*ret_fd, SALT_NAME, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return 0;
    int r = put_file(*ret_fd, SALT_NAME, &salt);
    errno = -r;
    return r < 0 ? fail(err, "write in", files->folder) : 0;
}

int own_files_write(const struct own_files *files, const struct compose_project *project,
                    const struct rows *rows, struct error *err)
{
    _cleanup_(close_fd) int folder = -1;
    if (project->n_files == 0 && access(files->folder, F_OK) < 0)
        return 0;
    int r = open_folder(files, &folder, err);
    for (size_t i = 0; r == 0 && i < project->n_files; i++)
        r = write_file(folder, &project->files[i], err);
    if (r < 0)
        return r;
    remove_old(folder, project, rows);
    return fsync(folder) < 0 ? fail(err, "write in", files->folder) : 0;
}
