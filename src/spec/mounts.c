/* SPDX-License-Identifier: MIT
 *
 * What volumes and tmpfs share: paths in the container, and that each is mounted over once only.
 */
#include "spec/mounts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The shortest spelling of an absolute path, in place: no "//", "/./", "/../", no slash at the end.
 */
void mount_clean_path(char *path)
{
    char *out = path;
    for (const char *p = path; *p != '\0';) {
        while (*p == '/')
            p++;
        size_t len = strcspn(p, "/");
        if (len == 2 && memcmp(p, "..", 2) == 0) {
            while (out > path && *--out != '/')
                ;
        } else if (len > 0 && !(len == 1 && *p == '.')) {
            *out++ = '/';
            memmove(out, p, len);
            out += len;
        }
        p += len;
    }
    if (out == path)
        *out++ = '/';
    *out = '\0';
}

int mount_read_destination(struct reader *r, char *path)
{
    char quoted[READER_QUOTE_SIZE];
    if (path[0] != '/')
        return reader_fail(
            r, "the path in the container, \"%s\", is not absolute; begin it with \"/\"",
            reader_quote(quoted, path));
    mount_clean_path(path);
    if (path[1] == '\0')
        return reader_fail(
            r, "nothing can be mounted over \"/\" of the container; name a folder below it");
    return 0;
}

/* One place, one mount: whoever comes second hears of the first. */
int mount_claim_destination(struct reader *r, const char *path)
{
    const json_t *taken = json_object_get(r->destinations, path);
    char quoted[READER_QUOTE_SIZE];
    if (taken)
        return reader_fail(r, "%s mounts something at %s already; remove one",
                           json_string_value(taken), reader_quote(quoted, path));
    if (json_object_set_new(r->destinations, path, json_string(r->path)) < 0)
        return reader_no_memory(r);
    return 0;
}

int mount_read_list(struct reader *r, const json_t *list, mount_read_fn *read_entry,
                    int (*compare)(const void *, const void *), json_t **ret)
{
    size_t n = json_array_size(list);
    json_auto_t *keep = json_array(), *sorted = json_array();
    _cleanup_free_ json_t **items = calloc(n + 1, sizeof(json_t *));
    if (!keep || !sorted || !items)
        return reader_no_memory(r);
    for (size_t i = 0; i < n; i++) {
        size_t mark = reader_enter_index(r, i);
        int rc = read_entry(r, json_array_get(list, i), &items[i]);
        if (rc < 0)
            return rc;
        reader_leave(r, mark);
        if (json_array_append_new(keep, items[i]) < 0)
            return reader_no_memory(r);
    }
    qsort(items, n, sizeof(json_t *), compare);
    for (size_t i = 0; i < n; i++)
        if (json_array_append(sorted, items[i]) < 0)
            return reader_no_memory(r);
    if (n > 0)
        *ret = json_incref(sorted);
    return 0;
}
