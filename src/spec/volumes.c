/* SPDX-License-Identifier: MIT
 *
 * volumes. The canonical form is Compose's short one.
 *
 * Host paths become Binds, not Mounts: Compose makes a host's folder that is not there, and so
 * do Binds only.
 */
#include "spec/mounts.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS_MAX 16

/* Which options go with which mounts, and of which group only one may be given. */
struct option {
    const char *name;
    char group;
    bool volume, bind;
};

static const struct option options[] = {
    {"ro", 'm', true, true},         {"rw", 'm', true, true},          {"z", 'z', true, true},
    {"Z", 'z', true, true},          {"nocopy", 'n', true, false},     {"shared", 'p', false, true},
    {"rshared", 'p', false, true},   {"slave", 'p', false, true},      {"rslave", 'p', false, true},
    {"private", 'p', false, true},   {"rprivate", 'p', false, true},   {"cached", 'c', false, true},
    {"delegated", 'c', false, true}, {"consistent", 'c', false, true},
};

static bool is_volume_name(const char *name)
{
    if (!isalnum((unsigned char)name[0]))
        return false;
    for (; *name != '\0'; name++)
        if (!isalnum((unsigned char)*name) && !strchr("_.-", *name))
            return false;
    return true;
}

static int read_source(struct reader *r, char *source, enum mount_kind *ret_kind)
{
    char quoted[READER_QUOTE_SIZE];
    if (source[0] == '/') {
        mount_clean_path(source);
        *ret_kind = MOUNT_BIND;
        return 0;
    }
    if (source[0] == '.' || source[0] == '~' || strchr(source, '/'))
        return reader_fail(r,
                           "\"%s\" is relative, and a row has no folder that it could be relative "
                           "to; give the absolute path",
                           reader_quote(quoted, source));
    if (!is_volume_name(source))
        return reader_fail(
            r, "\"%s\" is no name of a volume; use letters, digits, \"_\", \".\" and \"-\"",
            reader_quote(quoted, source));
    *ret_kind = MOUNT_VOLUME;
    return 0;
}

/* NULL: refused, the message is set. */
static const struct option *find_option(struct reader *r, const char *name, enum mount_kind kind)
{
    char quoted[READER_QUOTE_SIZE];
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        if (strcmp(options[i].name, name) != 0)
            continue;
        if (kind == MOUNT_BIND ? options[i].bind : options[i].volume)
            return &options[i];
        (void)reader_fail(r, "\"%s\" does not go with a %s; remove it", name,
                          kind == MOUNT_BIND ? "folder of the host" : "volume");
        return NULL;
    }
    (void)reader_fail(
        r, "unknown option \"%s\"; ro, rw, z, Z, nocopy and the propagation of a mount are known",
        reader_quote(quoted, name));
    return NULL;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const struct option *const *)a)->name,
                  (*(const struct option *const *)b)->name);
}

/* Sorted, once each, and without "rw", which is so anyway. */
static int read_options(struct reader *r, char *text, enum mount_kind kind, struct buf *ret)
{
    const struct option *found[OPTIONS_MAX];
    size_t n = 0;
    for (char *name; (name = strsep(&text, ","));) {
        const struct option *option = find_option(r, name, kind);
        if (!option)
            return -EINVAL;
        bool known = false;
        for (size_t i = 0; i < n; i++) {
            known = known || found[i] == option;
            if (found[i] != option && found[i]->group == option->group)
                return reader_fail(r, "\"%s\" contradicts \"%s\"; remove one", option->name,
                                   found[i]->name);
        }
        if (!known)
            found[n++] = option; /* at most one a group */
    }
    qsort(found, n, sizeof(const struct option *), by_name);
    for (size_t i = 0; i < n; i++)
        if (strcmp(found[i]->name, "rw") != 0)
            (void)buf_printf(ret, "%c%s", ret->len == 0 ? ':' : ',', found[i]->name);
    return ret->error < 0 ? reader_no_memory(r) : 0;
}

static int read_parts(struct reader *r, char *source, char *destination, char *mode, json_t **ret)
{
    _cleanup_(buf_close) struct buf text = BUF_INIT(256);
    enum mount_kind kind = MOUNT_ANONYMOUS;
    int rc = source ? read_source(r, source, &kind) : 0;
    if (rc == 0)
        rc = mount_read_destination(r, destination);
    if (rc == 0 && mode)
        rc = read_options(r, mode, kind, &text);
    if (rc == 0)
        rc = mount_claim_destination(r, destination);
    if (rc < 0)
        return rc;
    return reader_give(r,
                       json_sprintf("%s%s%s%s", source ? source : "", source ? ":" : "",
                                    destination, buf_text(&text)),
                       ret);
}

static int read_long(struct reader *r, const json_t *value, json_t **ret)
{
    struct mount_long l = {0};
    int rc = mount_read_long(r, value, &l);
    if (rc < 0)
        return rc;
    return read_parts(r, l.source[0] ? l.source : NULL, l.target, l.options[0] ? l.options : NULL,
                      ret);
}

static int read_volume(struct reader *r, const json_t *value, json_t **ret)
{
    char text[MOUNT_TEXT_MAX];
    const char *written;
    if (json_is_object(value))
        return read_long(r, value, ret);
    int rc = reader_text(r, value, "text such as \"data:/var/lib/data\"", &written);
    if (rc < 0)
        return rc;
    if ((size_t)snprintf(text, sizeof(text), "%s", written) >= sizeof(text))
        return reader_fail(r, "longer than %d bytes", MOUNT_TEXT_MAX);
    char *parts[4] = {0}, *rest = text;
    size_t n = 0;
    while (rest && n < ARRAY_LEN(parts))
        parts[n++] = strsep(&rest, ":");
    if (n > 3)
        return reader_fail(r, "too many colons; write \"source:/path:mode\"");
    return n == 1 ? read_parts(r, NULL, parts[0], NULL, ret)
                  : read_parts(r, parts[0], parts[1], parts[2], ret);
}

/* Where in an entry the destination begins. */
static const char *destination_of(const json_t *entry)
{
    const char *text = json_string_value(entry), *colon = strchr(text, ':');
    return colon && colon[1] == '/' ? colon + 1 : text;
}

static int by_destination(const void *pa, const void *pb)
{
    const char *a = destination_of(*(json_t *const *)pa), *b = destination_of(*(json_t *const *)pb);
    size_t a_len = strcspn(a, ":"), b_len = strcspn(b, ":");
    int c = memcmp(a, b, a_len < b_len ? a_len : b_len);
    return c ? c : (a_len > b_len) - (a_len < b_len);
}

int read_volumes(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    if (!json_is_array(value))
        return reader_expected(r, "a list", value);
    return mount_read_list(r, value, read_volume, by_destination, ret);
}

static bool has_option(const char *list, const char *name)
{
    size_t len = strlen(name);
    for (const char *p = list; *p != '\0'; p += strcspn(p, ","), p += *p == ',')
        if (strcspn(p, ",") == len && memcmp(p, name, len) == 0)
            return true;
    return false;
}

void mount_split(char *text, struct mount *ret)
{
    char *rest = text, *first = strsep(&rest, ":"), *second = strsep(&rest, ":");
    ret->kind = !second ? MOUNT_ANONYMOUS : first[0] == '/' ? MOUNT_BIND : MOUNT_VOLUME;
    ret->source = second ? first : "";
    ret->destination = second ? second : first;
    ret->options = rest ? rest : "";
    ret->read_only = has_option(ret->options, "ro");
}

static int put_bind(struct maker *m, const char *source, const struct mount *mount)
{
    json_t *binds = maker_list(m, "HostConfig.Binds");
    if (!binds)
        return -ENOMEM;
    json_t *bind = json_sprintf("%s:%s%s%s", source, mount->destination,
                                mount->options[0] ? ":" : "", mount->options);
    return json_array_append_new(binds, bind) < 0 ? -ENOMEM : 0;
}

static const char *remembered(const struct spec_context *context, const char *destination)
{
    for (size_t i = 0; i < context->n_volumes; i++)
        if (strcmp(context->volumes[i].destination, destination) == 0)
            return context->volumes[i].name;
    return NULL;
}

static int put_anonymous(struct maker *m, const struct mount *mount)
{
    const char *name = remembered(m->context, mount->destination);
    if (name)
        return put_bind(m, name, mount);
    json_t *volumes = maker_map(m, "Volumes");
    return volumes && json_object_set_new(volumes, mount->destination, json_object()) == 0
               ? 0
               : -ENOMEM;
}

static int put_mount(struct maker *m, const struct mount *mount)
{
    _cleanup_(buf_close) struct buf name = BUF_INIT(1024);
    switch (mount->kind) {
    case MOUNT_ANONYMOUS:
        return put_anonymous(m, mount);
    case MOUNT_BIND:
        return put_bind(m, mount->source, mount);
    case MOUNT_VOLUME:
        if (maker_resource(m->context, "volume", mount->source, &name) < 0)
            return -ENOMEM;
        return put_bind(m, buf_text(&name), mount);
    }
    return -EINVAL;
}

int put_volumes(struct maker *m, const struct key *key, const json_t *value)
{
    size_t i;
    json_t *entry;
    json_array_foreach (value, i, entry) {
        _cleanup_free_ char *text = strdup(json_string_value(entry));
        struct mount mount;
        if (!text)
            return -ENOMEM;
        mount_split(text, &mount);
        int rc = put_mount(m, &mount);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static bool is_mounted(const struct maker *m, const char *destination)
{
    size_t i, len = strlen(destination);
    json_t *entry;
    json_array_foreach (json_object_get(m->root, "volumes"), i, entry) {
        const char *d = destination_of(entry);
        if (strncmp(d, destination, len) == 0 && (d[len] == '\0' || d[len] == ':'))
            return true;
    }
    const json_t *host = json_object_get(m->body, "HostConfig");
    return json_object_get(json_object_get(host, "Tmpfs"), destination) != NULL;
}

int mounts_put_remembered(struct maker *m)
{
    for (size_t i = 0; i < m->context->n_volumes; i++) {
        const struct spec_volume *volume = &m->context->volumes[i];
        struct mount mount = {.destination = volume->destination, .options = ""};
        if (is_mounted(m, volume->destination))
            continue;
        int rc = put_bind(m, volume->name, &mount);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* Also the remembered ones: from the request, not from what the user wrote. */
int say_volumes(struct line *l, const struct key *key, const json_t *value)
{
    size_t i;
    const char *destination;
    json_t *entry;
    json_array_foreach (json_object_get(json_object_get(l->body, "HostConfig"), "Binds"), i, entry)
        line_option(l, "-v", json_string_value(entry));
    json_object_foreach (json_object_get(l->body, "Volumes"), destination, entry)
        line_option(l, "-v", destination);
    return 0;
}
