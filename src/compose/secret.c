/* SPDX-License-Identifier: MIT
 *
 * secrets and configs: files that a container finds at a path. What is a file on the host is
 * mounted from there. What is a variable's value or stands in the compose file becomes a file of
 * roost's own, named by a hash of what is in it, so that a row holds no value and a new value is a
 * new path; the caller writes these files.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/nearest.h"
#include "base/sha256.h"
#include "base/text.h"
#include "compose/load.h"

static const struct kind {
    const char *name, *section, *folder;
} kinds[] = {
    {"secret", "secrets", "/run/secrets/"},
    {"config", "configs", "/"},
};

/* A service's use of one. */
struct use {
    struct loader *l;
    const struct kind *kind;
    const struct node *at;         /* where the service names it */
    const struct node_entry *what; /* what the file declares */
    char *source, *target;
    long uid, gid, mode; /* -1: not given */
};

static void use_close(struct use *u)
{
    free(u->source);
    free(u->target);
}

/* ---- what the file declares ---- */

static int check_declared(struct loader *l, const struct kind *kind, const struct node_entry *e)
{
    static const char *const sources[] = {"file", "environment", "content"};
    size_t n = 0;
    if (e->value->kind != NODE_MAP)
        return node_error(l, e->key, "the %s \"%s\" must be a mapping such as {file: PATH}",
                          kind->name, SHOWN(e->key->text));
    for (size_t i = 0; i < e->value->n_entries; i++) {
        const struct node *key = e->value->entries[i].key, *value = e->value->entries[i].value;
        bool is_source = false;
        for (size_t k = 0; k < ARRAY_LEN(sources); k++)
            is_source |= strcmp(key->text, sources[k]) == 0;
        n += is_source;
        if (strcmp(key->text, "external") == 0 && !(value->text && !strcmp(value->text, "false")))
            return node_error(l, key,
                              "the %s \"%s\" is external, and one engine keeps none; give it as "
                              "file, environment or content",
                              kind->name, SHOWN(e->key->text));
        if (!is_source && strcmp(key->text, "name") != 0 && strcmp(key->text, "external") != 0 &&
            strncmp(key->text, "x-", 2) != 0)
            return node_error(l, key,
                              "the %s \"%s\" has the keys file, environment and content, not "
                              "\"%s\"",
                              kind->name, SHOWN(e->key->text), SHOWN(key->text));
        if (is_source && (value->kind != NODE_SCALAR || node_is_null(value)))
            return node_error(l, key, "%s of the %s \"%s\" must be a text", key->text, kind->name,
                              SHOWN(e->key->text));
    }
    return n == 1 ? 0
                  : node_error(l, e->key,
                               "the %s \"%s\" must have one of file, environment and content",
                               kind->name, SHOWN(e->key->text));
}

static int check_section(struct loader *l, const struct kind *kind)
{
    const struct node_entry *section = node_entry(l->root, kind->section);
    if (!section || node_is_null(section->value))
        return 0;
    if (section->value->kind != NODE_MAP)
        return node_error(l, section->key, "\"%s\" must be a mapping of names", kind->section);
    for (size_t i = 0; i < section->value->n_entries; i++) {
        int r = check_declared(l, kind, &section->value->entries[i]);
        if (r < 0)
            return r;
    }
    return 0;
}

int secrets_check(struct loader *l)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < ARRAY_LEN(kinds); i++)
        r = check_section(l, &kinds[i]);
    return r;
}

/* ---- what a service says ---- */

static int refuse_use(const struct use *u, const char *wanted)
{
    return node_error(u->l, u->at, "%s takes names, or {source, target, uid, gid, mode}: %s",
                      u->kind->section, wanted);
}

/* A number in octal when it is a text, as it reads when it is a number. */
static int take_number(struct use *u, const char *key, const json_t *value, int base, long *ret)
{
    const char *text = json_string_value(value);
    char *end = NULL;
    long number = json_is_integer(value) ? (long)json_integer_value(value)
                  : text && *text        ? strtol(text, &end, base)
                                         : -1;
    if (number < 0 || number > UINT16_MAX || (end && *end))
        return node_error(u->l, u->at, "%s: %s must be a number", u->kind->section, key);
    *ret = number;
    return 0;
}

static int take_part(struct use *u, const char *key, const json_t *value)
{
    char **text = strcmp(key, "source") == 0   ? &u->source
                  : strcmp(key, "target") == 0 ? &u->target
                                               : NULL;
    if (json_is_null(value))
        return 0;
    if (text && (!json_is_string(value) || json_string_length(value) == 0))
        return refuse_use(u, "source and target are texts");
    if (text) {
        *text = strdup(json_string_value(value));
        return *text ? 0 : -ENOMEM;
    }
    if (strcmp(key, "uid") == 0)
        return take_number(u, key, value, 10, &u->uid);
    if (strcmp(key, "gid") == 0)
        return take_number(u, key, value, 10, &u->gid);
    if (strcmp(key, "mode") == 0)
        return take_number(u, key, value, 8, &u->mode);
    return refuse_use(u, SHOWN(key));
}

static int read_use(struct use *u, const json_t *value)
{
    const char *key;
    json_t *part;
    if (json_is_string(value))
        return take_part(u, "source", value);
    if (!json_is_object(value))
        return refuse_use(u, "expected one of these");
    json_object_foreach ((json_t *)value, key, part) {
        int r = take_part(u, key, part);
        if (r < 0)
            return r;
    }
    return u->source ? 0 : refuse_use(u, "source is missing");
}

static int find_declared(struct use *u)
{
    const struct node *section = node_get(u->l->root, u->kind->section);
    struct nearest nearest = {.word = u->source};
    u->what = node_entry(section, u->source);
    if (u->what)
        return 0;
    for (size_t i = 0; section && section->kind == NODE_MAP && i < section->n_entries; i++)
        nearest_offer(&nearest, section->entries[i].key->text);
    struct shown name = shown_value(u->at, u->source);
    if (nearest.best)
        return node_error(u->l, u->at,
                          "the %s \"%s\" is not declared in the file; did you mean \"%s\"?",
                          u->kind->name, name.text, SHOWN(nearest.best));
    return node_error(u->l, u->at,
                      "the %s \"%s\" is not declared in the file; add it under \"%s:\" at the top "
                      "level",
                      u->kind->name, name.text, u->kind->section);
}

/* ---- where it comes from ---- */

static int host_file(struct use *u, const struct node *n, char **ret_path)
{
    json_auto_t *made = NULL;
    int r = convert_node(u->l, n, true, &made);
    if (r < 0)
        return r;
    r = paths_absolute(u->l, n, json_string_value(made), ret_path);
    if (r < 0)
        return r;
    struct shown shown_as = shown_value(n, *ret_path);
    if (access(*ret_path, F_OK) < 0)
        return node_error(u->l, n, "the file %s of the %s \"%s\" is not there; make it first",
                          shown_as.text, u->kind->name, SHOWN(u->what->key->text));
    if (u->uid < 0 && u->gid < 0 && u->mode < 0)
        return 0;
    char key[64];
    (void)snprintf(key, sizeof(key), "%p:%d:%d", (const void *)u->at->origin, u->at->line,
                   u->at->column);
    return node_warning(u->l, u->at, key,
                        "uid, gid and mode do nothing for the %s \"%s\", which is a file: it has "
                        "its own",
                        u->kind->name, SHOWN(u->what->key->text));
}

static int value_of(struct use *u, json_t **ret_value)
{
    const struct node *content = node_get(u->what->value, "content");
    const struct node *variable = node_get(u->what->value, "environment");
    json_auto_t *name = NULL;
    if (content)
        return convert_node(u->l, content, true, ret_value);
    int r = convert_node(u->l, variable, true, &name);
    if (r < 0)
        return r;
    const char *value = scope_lookup(u->l, variable->origin, json_string_value(name));
    if (!value)
        return node_error(u->l, variable,
                          "the variable \"%s\" of the %s \"%s\" is not set; set it in the "
                          "environment or in .env",
                          shown_value(variable, json_string_value(name)).text, u->kind->name,
                          SHOWN(u->what->key->text));
    r = convert_charge(u->l, variable, strlen(value));
    if (r < 0)
        return r;
    if (!text_is_utf8(value, strlen(value)))
        return node_error(u->l, variable, "the value of the %s \"%s\" is not UTF-8", u->kind->name,
                          SHOWN(u->what->key->text));
    *ret_value = json_string(value);
    return *ret_value ? 0 : -ENOMEM;
}

/* What is in the file, and who may read it, names it. */
static int name_file(const struct compose_options *o, const struct compose_file *f, char **ret_path)
{
    char head[96], name[SHA256_HEX_SIZE];
    uint8_t hash[SHA256_SIZE];
    _cleanup_(buf_close) struct buf all = BUF_INIT(2UL * COMPOSE_FILE_MAX);
    int n = snprintf(head, sizeof(head), "roost file 1 %o %ld %ld", f->mode, f->uid, f->gid);
    (void)buf_append(&all, head, (size_t)n + 1);
    (void)buf_puts(&all, o->files_salt ? o->files_salt : "");
    (void)buf_putc(&all, '\0');
    (void)buf_puts(&all, f->content);
    if (all.error)
        return all.error;
    sha256(all.data, all.len, hash);
    hex_format(hash, sizeof(hash), name);
    if (asprintf(ret_path, "%s/%s", o->files_folder ? o->files_folder : COMPOSE_FILES_FOLDER,
                 name) < 0)
        *ret_path = NULL;
    return *ret_path ? 0 : -ENOMEM;
}

static int add_file(struct compose_project *p, const struct compose_file *f)
{
    for (size_t i = 0; i < p->n_files; i++)
        if (strcmp(p->files[i].path, f->path) == 0)
            return 1;
    struct compose_file *grown = realloc(p->files, (p->n_files + 1) * sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    p->files = grown;
    p->files[p->n_files++] = *f;
    return 0;
}

static int own_file(struct use *u, char **ret_path)
{
    json_auto_t *value = NULL;
    struct compose_file f = {
        .mode = u->mode < 0 ? 0444 : (unsigned)u->mode & 0555, .uid = u->uid, .gid = u->gid};
    int r = value_of(u, &value);
    if (r < 0)
        return r;
    f.content = strdup(json_string_value(value));
    r = f.content ? name_file(u->l->options, &f, &f.path) : -ENOMEM;
    if (r == 0 && !(*ret_path = strdup(f.path)))
        r = -ENOMEM;
    if (r == 0)
        r = add_file(u->l->project, &f);
    if (r == 0)
        return 0;
    free(f.content);
    free(f.path);
    return r < 0 ? r : 0;
}

/* ---- as a mount ---- */

static int add_mount(const struct use *u, json_t *service, const char *path)
{
    json_t *volumes = json_object_get(service, "volumes");
    const char *target = u->target ? u->target : u->source;
    json_t *mount = json_pack("{s:s, s:s, s:s++, s:b}", "type", "bind", "source", path, "target",
                              target[0] == '/' ? "" : u->kind->folder, target, "", "read_only", 1);
    if (!mount)
        return -ENOMEM;
    if (!volumes || json_is_null(volumes)) {
        volumes = json_array();
        if (json_object_set_new(service, "volumes", volumes) < 0) {
            json_decref(mount);
            return -ENOMEM;
        }
    }
    if (!json_is_array(volumes)) { /* for the spec to refuse */
        json_decref(mount);
        return 0;
    }
    return json_array_append_new(volumes, mount) < 0 ? -ENOMEM : 0;
}

static int apply_use(struct use *u, const json_t *value, json_t *service)
{
    _cleanup_free_ char *path = NULL;
    int r = read_use(u, value);
    if (r == 0)
        r = find_declared(u);
    if (r < 0)
        return r;
    const struct node *file = node_get(u->what->value, "file");
    r = file ? host_file(u, file, &path) : own_file(u, &path);
    return r < 0 ? r : add_mount(u, service, path);
}

static int apply_kind(struct loader *l, const struct kind *kind, const struct node *node,
                      json_t *service)
{
    const json_t *list = json_object_get(service, kind->section);
    const struct node *at = node_get(node, kind->section);
    size_t i;
    json_t *value;
    if (!list || json_is_null(list))
        return 0;
    if (!json_is_array(list))
        return node_error(l, at, "%s must be a list", kind->section);
    json_array_foreach (list, i, value) {
        _cleanup_(use_close) struct use u = {
            .l = l, .kind = kind, .at = at->entries[i].value, .uid = -1, .gid = -1, .mode = -1};
        int r = apply_use(&u, value, service);
        if (r < 0)
            return r;
    }
    return 0;
}

int secrets_apply(struct loader *l, const struct node *node, json_t *service)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < ARRAY_LEN(kinds); i++) {
        r = apply_kind(l, &kinds[i], node, service);
        (void)json_object_del(service, kinds[i].section);
    }
    return r;
}
