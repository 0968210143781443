/* SPDX-License-Identifier: MIT
 *
 * The long form of an entry of volumes: the same in words. It becomes the parts of the short form;
 * what that cannot say is refused.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "spec/mounts.h"

typedef int read_part_fn(struct reader *r, const json_t *value, struct mount_long *l);

struct part {
    const char *name;
    read_part_fn *read;
};

static void add_option(struct mount_long *l, const char *option)
{
    size_t len = strlen(l->options);
    (void)snprintf(l->options + len, sizeof(l->options) - len, "%s%s", len > 0 ? "," : "", option);
}

/* A map whose keys are `parts` (a row without a name ends them). */
static int read_parts(struct reader *r, const json_t *value, const struct part *parts,
                      struct mount_long *l)
{
    const char *name, *known[12] = {0};
    json_t *part;
    for (size_t i = 0; parts[i].name; i++)
        known[i] = parts[i].name;
    if (!json_is_object(value))
        return reader_expected(r, "a map", value);
    json_object_foreach ((json_t *)value, name, part) {
        size_t i = 0;
        if (strncmp(name, "x-", 2) == 0)
            continue;
        while (known[i] && strcmp(known[i], name) != 0)
            i++;
        if (!known[i])
            return reader_unknown_key(r, name, known);
        size_t mark = reader_enter(r, name);
        int rc = json_is_null(part) ? 0 : parts[i].read(r, part, l);
        if (rc < 0)
            return rc;
        reader_leave(r, mark);
    }
    return 0;
}

static int read_type(struct reader *r, const json_t *value, struct mount_long *l)
{
    static const char *const types[] = {"volume",  "bind",  "tmpfs", "image",
                                        "cluster", "npipe", NULL};
    static const char *const refused[] = {
        NULL,
        NULL,
        "a row has it under the key tmpfs",
        "it needs Docker 28, whose API roost does not speak; copy the files into a volume",
        "only a swarm has such volumes",
        "only Windows has it",
    };
    size_t i = 0;
    int rc = reader_word(r, value, types, &i);
    if (rc == 0 && refused[i])
        return reader_fail(r, "\"%s\": %s", types[i], refused[i]);
    l->type = types[i];
    return rc;
}

static int read_path(struct reader *r, const json_t *value, char ret_path[PATH_MAX])
{
    const char *text;
    int rc = reader_text(r, value, "text", &text);
    if (rc < 0)
        return rc;
    if ((size_t)snprintf(ret_path, PATH_MAX, "%s", text) >= PATH_MAX || strchr(text, ':'))
        return reader_fail(r, "at most %d bytes and no colon can stand here", PATH_MAX - 1);
    return 0;
}

static int read_source(struct reader *r, const json_t *value, struct mount_long *l)
{
    return read_path(r, value, l->source);
}

static int read_target(struct reader *r, const json_t *value, struct mount_long *l)
{
    return read_path(r, value, l->target);
}

static int read_read_only(struct reader *r, const json_t *value, struct mount_long *l)
{
    bool on = false;
    int rc = reader_bool(r, value, &on);
    if (on)
        add_option(l, "ro");
    return rc;
}

static int read_nocopy(struct reader *r, const json_t *value, struct mount_long *l)
{
    bool on = false;
    int rc = reader_bool(r, value, &on);
    if (on)
        add_option(l, "nocopy");
    return rc;
}

static int read_create(struct reader *r, const json_t *value, struct mount_long *l)
{
    bool on = true;
    int rc = reader_bool(r, value, &on);
    return on ? rc : reader_fail(r, "not carried out: a folder that is missing is made; remove it");
}

/* What is mounted below the folder comes along: the kernel's way, and the engine's. */
static int read_recursive(struct reader *r, const json_t *value, struct mount_long *l)
{
    static const char *const words[] = {"enabled", "disabled", "writable", "readonly", NULL};
    size_t i = 0;
    int rc = reader_word(r, value, words, &i);
    if (rc == 0 && i > 0)
        return reader_fail(r, "only \"enabled\" is carried out; remove it");
    return rc;
}

static int refuse_subpath(struct reader *r, const json_t *value, struct mount_long *l)
{
    return reader_fail(r, "not carried out: it needs Docker 26; mount the whole volume");
}

static int refuse_labels(struct reader *r, const json_t *value, struct mount_long *l)
{
    return reader_fail(r, "not carried out: write labels under volumes at the top level");
}

static int read_word(struct reader *r, const json_t *value, const char *const *words,
                     struct mount_long *l)
{
    size_t i = 0;
    int rc = reader_word(r, value, words, &i);
    if (rc == 0)
        add_option(l, words[i]);
    return rc;
}

static int read_propagation(struct reader *r, const json_t *value, struct mount_long *l)
{
    static const char *const words[] = {"shared",  "rshared",  "slave", "rslave",
                                        "private", "rprivate", NULL};
    return read_word(r, value, words, l);
}

static int read_selinux(struct reader *r, const json_t *value, struct mount_long *l)
{
    static const char *const words[] = {"z", "Z", NULL};
    return read_word(r, value, words, l);
}

static int read_consistency(struct reader *r, const json_t *value, struct mount_long *l)
{
    static const char *const words[] = {"consistent", "cached", "delegated", NULL};
    return read_word(r, value, words, l);
}

static int read_bind(struct reader *r, const json_t *value, struct mount_long *l)
{
    static const struct part parts[] = {{"propagation", read_propagation},
                                        {"create_host_path", read_create},
                                        {"recursive", read_recursive},
                                        {"selinux", read_selinux},
                                        {0}};
    return read_parts(r, value, parts, l);
}

static int read_volume(struct reader *r, const json_t *value, struct mount_long *l)
{
    static const struct part parts[] = {
        {"nocopy", read_nocopy}, {"subpath", refuse_subpath}, {"labels", refuse_labels}, {0}};
    return read_parts(r, value, parts, l);
}

int mount_read_long(struct reader *r, const json_t *value, struct mount_long *ret)
{
    static const struct part parts[] = {{"type", read_type},
                                        {"source", read_source},
                                        {"target", read_target},
                                        {"read_only", read_read_only},
                                        {"consistency", read_consistency},
                                        {"bind", read_bind},
                                        {"volume", read_volume},
                                        {0}};
    int rc = read_parts(r, value, parts, ret);
    if (rc < 0)
        return rc;
    if (!ret->type)
        return reader_fail(r, "the type is missing; write {type: volume, …} or {type: bind, …}");
    if (ret->target[0] == '\0')
        return reader_fail(r, "the target is missing; write {target: /path}");
    bool is_path = strchr(ret->source, '/') != NULL;
    if (strcmp(ret->type, "bind") == 0 && ret->source[0] != '/')
        return reader_fail(
            r, "the source of a bind is an absolute path of the host; write {source: /path}");
    if (strcmp(ret->type, "volume") == 0 && is_path)
        return reader_fail(
            r, "the source of a volume is its name; for a path of the host write {type: bind}");
    return 0;
}
