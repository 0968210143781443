/* SPDX-License-Identifier: MIT
 *
 * tmpfs: "/path[:options]", one or a list.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec/mounts.h"

static bool is_tmpfs_option(const char *name)
{
    static const char *const values[] = {"size",      "mode",      "uid", "gid",
                                         "nr_inodes", "nr_blocks", "mpol"};
    static const char *const flags[] = {"ro",         "rw",          "exec",          "noexec",
                                        "suid",       "nosuid",      "dev",           "nodev",
                                        "sync",       "async",       "dirsync",       "atime",
                                        "noatime",    "diratime",    "nodiratime",    "relatime",
                                        "norelatime", "strictatime", "nostrictatime", "remount",
                                        "mand",       "nomand",      "defaults"};
    size_t len = strcspn(name, "=");
    for (size_t i = 0; i < ARRAY_LEN(values); i++)
        if (name[len] == '=' && name[len + 1] != '\0' && strlen(values[i]) == len &&
            strncmp(name, values[i], len) == 0)
            return true;
    for (size_t i = 0; i < ARRAY_LEN(flags); i++)
        if (strcmp(name, flags[i]) == 0)
            return true;
    return false;
}

/* The engine looks at them only when the container starts: too late. */
static int check_tmpfs_options(struct reader *r, const char *text)
{
    _cleanup_free_ char *copy = strdup(text);
    char quoted[READER_QUOTE_SIZE], *rest = copy;
    if (!copy)
        return reader_no_memory(r);
    for (char *name; (name = strsep(&rest, ","));)
        if (!is_tmpfs_option(name))
            return reader_fail(
                r,
                "unknown option \"%s\" of a tmpfs; size=, mode=, uid=, gid=, noexec, … are known",
                reader_quote(quoted, name));
    return 0;
}

static int read_tmpfs_entry(struct reader *r, const json_t *value, json_t **ret)
{
    char text[MOUNT_TEXT_MAX];
    const char *written;
    int rc = reader_text(r, value, "text such as \"/run:size=64m\"", &written);
    if (rc < 0)
        return rc;
    if ((size_t)snprintf(text, sizeof(text), "%s", written) >= sizeof(text))
        return reader_fail(r, "longer than %d bytes", MOUNT_TEXT_MAX);
    char *tmpfs_options = strchr(text, ':');
    if (tmpfs_options)
        *tmpfs_options++ = '\0';
    rc = mount_read_destination(r, text);
    if (rc == 0)
        rc = mount_claim_destination(r, text);
    if (rc == 0 && tmpfs_options)
        rc = check_tmpfs_options(r, tmpfs_options);
    if (rc < 0)
        return rc;
    return reader_give(
        r,
        json_sprintf("%s%s%s", text, tmpfs_options ? ":" : "", tmpfs_options ? tmpfs_options : ""),
        ret);
}

static int tmpfs_by_destination(const void *pa, const void *pb)
{
    return strcmp(json_string_value(*(json_t *const *)pa), json_string_value(*(json_t *const *)pb));
}

int read_tmpfs(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    if (json_is_array(value))
        return mount_read_list(r, value, read_tmpfs_entry, tmpfs_by_destination, ret);
    if (!json_is_string(value))
        return reader_expected(r, "text or a list", value);
    json_auto_t *list = json_pack("[O]", value);
    if (!list)
        return reader_no_memory(r);
    return mount_read_list(r, list, read_tmpfs_entry, tmpfs_by_destination, ret);
}

int put_tmpfs(struct maker *m, const struct key *key, const json_t *value)
{
    json_t *map = maker_map(m, "HostConfig.Tmpfs");
    size_t i;
    json_t *entry;
    json_array_foreach (value, i, entry) {
        const char *text = json_string_value(entry), *colon = strchr(text, ':');
        size_t len = colon ? (size_t)(colon - text) : strlen(text);
        if (!map || json_object_setn_new(map, text, len, json_string(colon ? colon + 1 : "")) < 0)
            return -ENOMEM;
    }
    return 0;
}

int say_tmpfs(struct line *l, const struct key *key, const json_t *value)
{
    size_t i;
    json_t *entry;
    json_array_foreach (value, i, entry)
        line_option(l, "--tmpfs", json_string_value(entry));
    return 0;
}
