/* SPDX-License-Identifier: MIT */
#include "compose/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const default_names[] = {
    "compose.yaml",
    "compose.yml",
    "docker-compose.yaml",
    "docker-compose.yml",
};

static const char *const override_names[] = {
    "compose.override.yaml",
    "compose.override.yml",
    "docker-compose.override.yaml",
    "docker-compose.override.yml",
};

static void close_fd(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

static int fail_errno(struct error *err, const char *shown_as, int r)
{
    return error_set(err, r, r == -ENOENT ? ERROR_NOT_FOUND : ERROR_FAILED, "unreadable",
                     "cannot read %s: %s", shown_as, strerror(-r));
}

static int fail_size(struct error *err, const char *shown_as, size_t max)
{
    return error_set(err, -EFBIG, ERROR_INVALID, "too_large",
                     "%s is larger than the %zu bytes that are read", shown_as, max);
}

static int check_file(int fd, const char *shown_as, bool allow_pipe, struct error *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return fail_errno(err, shown_as, -errno);
    if (S_ISDIR(st.st_mode))
        return error_set(err, -EISDIR, ERROR_INVALID, "unreadable",
                         "%s is a folder; name the file in it", shown_as);
    if (!S_ISREG(st.st_mode) && !(allow_pipe && S_ISFIFO(st.st_mode)))
        return error_set(err, -EINVAL, ERROR_INVALID, "unreadable", "%s is not a regular file",
                         shown_as);
    if (S_ISFIFO(st.st_mode) && fcntl(fd, F_SETFL, 0) < 0)
        return fail_errno(err, shown_as, -errno);
    return 0;
}

int file_read(const char *path, const char *shown_as, bool allow_pipe, struct buf *ret_text,
              struct error *err)
{
    /* Without O_NONBLOCK the open of a pipe that nobody writes would hang. */
    _cleanup_(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return fail_errno(err, shown_as, -errno);
    int r = check_file(fd, shown_as, allow_pipe, err);
    if (r < 0)
        return r;
    char chunk[16384];
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof(chunk));
        if (n == 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return fail_errno(err, shown_as, -errno);
        r = n > 0 ? buf_append(ret_text, chunk, (size_t)n) : 0;
        if (r == -EFBIG)
            return fail_size(err, shown_as, ret_text->max);
        if (r < 0)
            return r;
    }
}

/* Append one part of a path to `text`, of which `len` bytes are there; returns the new length. */
static size_t put_part(char *text, size_t len, const char *part, size_t n)
{
    if (n == 0 || (n == 1 && part[0] == '.'))
        return len;
    if (n == 2 && memcmp(part, "..", 2) == 0) {
        while (len > 0 && text[--len] != '/')
            ;
        return len;
    }
    text[len++] = '/';
    memcpy(text + len, part, n);
    return len + n;
}

int path_join(const char *folder, const char *path, char **ret_path)
{
    const char *parts[] = {path[0] == '/' ? "" : folder, path};
    char *text = malloc(strlen(folder) + strlen(path) + 4);
    if (!text)
        return -ENOMEM;
    size_t len = 0;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        for (const char *p = parts[i]; *p;) {
            size_t n = strcspn(p, "/");
            len = put_part(text, len, p, n);
            p += n + (p[n] == '/');
        }
    if (len == 0)
        text[len++] = '/';
    text[len] = '\0';
    *ret_path = text;
    return 0;
}

int path_working_folder(char **ret_folder, struct error *err)
{
    *ret_folder = getcwd(NULL, 0);
    if (!*ret_folder)
        return error_set(err, -errno, ERROR_FAILED, "unreadable",
                         "cannot tell the working folder: %s", strerror(errno));
    return 0;
}

int path_folder(const char *path, char **ret_folder)
{
    size_t n = (size_t)(strrchr(path, '/') - path);
    *ret_folder = n == 0 ? strdup("/") : strndup(path, n);
    return *ret_folder ? 0 : -ENOMEM;
}

const char *path_base(const char *path)
{
    return strrchr(path, '/') + 1;
}

/* What cannot be looked at is there: to read it says what is wrong. */
static bool exists_in(const char *folder, const char *name)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof(path), "%s/%s", folder, name);
    return n > 0 && (size_t)n < sizeof(path) &&
           (access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR));
}

static const char *first_in(const char *folder, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (exists_in(folder, names[i]))
            return names[i];
    return NULL;
}

/* A second one of the names, or NULL. */
static const char *second_in(const char *folder, const char *const *names, size_t n,
                             const char *first)
{
    for (size_t i = 0; first && i < n; i++)
        if (strcmp(first, names[i]) != 0 && exists_in(folder, names[i]))
            return names[i];
    return NULL;
}

static int take_found(const char *folder, const char *name, char **ret_path, char **ret_override,
                      char ret_ignored[FILE_NAME_MAX])
{
    const size_t n = ARRAY_LEN(default_names);
    const char *override = first_in(folder, override_names, n);
    const char *ignored = second_in(folder, default_names, n, name);
    if (!ignored)
        ignored = second_in(folder, override_names, n, override);
    (void)snprintf(ret_ignored, FILE_NAME_MAX, "%s", ignored ? ignored : "");
    int r = path_join(folder, name, ret_path);
    return r < 0 || !override ? r : path_join(folder, override, ret_override);
}

int file_find(const char *folder, char **ret_path, char **ret_override,
              char ret_ignored[FILE_NAME_MAX], struct error *err)
{
    _cleanup_free_ char *at = strdup(folder);
    if (!at)
        return -ENOMEM;
    for (;;) {
        const char *name = first_in(at, default_names, ARRAY_LEN(default_names));
        if (name)
            return take_found(at, name, ret_path, ret_override, ret_ignored);
        char *slash = strrchr(at, '/');
        if (!slash || at[1] == '\0')
            break;
        slash[slash == at] = '\0'; /* the root keeps its slash */
    }
    return error_set(err, -ENOENT, ERROR_NOT_FOUND, "no_file",
                     "no compose.yaml (compose.yml, docker-compose.yaml, docker-compose.yml) here "
                     "or in a folder above; name the file");
}
