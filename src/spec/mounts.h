/* SPDX-License-Identifier: MIT
 *
 * One entry of `volumes` in its parts, and what volumes and tmpfs share.
 */
#pragma once

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>

#include "spec/keys.h"

#define MOUNT_TEXT_MAX (2 * PATH_MAX)

/* The shortest spelling of an absolute path, in place: no "//", "/./", "/../", no slash at the end.
 */
void mount_clean_path(char *path);

/* A path in the container, cleaned in place. */
int mount_read_destination(struct reader *r, char *path);

/* One place, one mount: whoever comes second hears of the first. */
int mount_claim_destination(struct reader *r, const char *path);

/* Each entry through `read_entry`, sorted by qsort's `compare` (of json_t *). */
typedef int mount_read_fn(struct reader *r, const json_t *value, json_t **ret);
int mount_read_list(struct reader *r, const json_t *list, mount_read_fn *read_entry,
                    int (*compare)(const void *, const void *), json_t **ret);

enum mount_kind {
    MOUNT_ANONYMOUS, /* "/data" */
    MOUNT_VOLUME,    /* "key:/data" */
    MOUNT_BIND,      /* "/host:/data" */
};

/* The long form in the parts of the short one. */
struct mount_long {
    const char *type;
    char source[PATH_MAX], target[PATH_MAX];
    char options[128]; /* "ro,nocopy" */
};
int mount_read_long(struct reader *r, const json_t *value, struct mount_long *ret);

/* Points into the text that it was taken from. */
struct mount {
    enum mount_kind kind;
    const char *source; /* "" for an anonymous one */
    const char *destination;
    const char *options; /* "" for none; never "rw" in a canonical text */
    bool read_only;
};

/* Takes a canonical entry apart, in place: its colons become NUL. */
void mount_split(char *text, struct mount *ret);

/* Mount what an earlier container left in anonymous volumes, where the spec mounts nothing. */
int mounts_put_remembered(struct maker *m);
