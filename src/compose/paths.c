/* SPDX-License-Identifier: MIT
 *
 * Relative paths of a file begin at the file's folder, not where roost happens to run.
 */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "compose/file.h"
#include "compose/load.h"

static int check_text(const struct loader *l, const struct node *node, const char *path)
{
    return text_is_utf8(path, strlen(path))
               ? 0
               : node_error(l, node, "the path of the folder is not UTF-8");
}

int paths_absolute(struct loader *l, const struct node *node, const char *path, char **ret_path)
{
    if (path[0] != '~')
        return path_join(node->origin->folder, path, ret_path);
    if (path[1] != '/' && path[1] != '\0')
        return node_error(l, node, "\"~\" stands for your own home alone; write the whole path");
    const char *home = scope_lookup(l, node->origin, "HOME");
    if (!home || home[0] != '/')
        return node_error(l, node, "\"~\" needs HOME in the environment; write the whole path");
    return path_join(home, path[1] ? path + 2 : "", ret_path);
}

/* In the short form a source with a slash, dot or tilde at its start is a path, any other the
 * name of a volume. */
static bool is_relative(const char *source)
{
    return source[0] == '.' || source[0] == '~';
}

static int refuse_source(const struct loader *l, const struct node *node, const char *text)
{
    return node_error(l, node, "\"%s\" is taken for the name of a volume; begin a path with \"./\"",
                      shown_value(node, text).text);
}

static int resolve_short(struct loader *l, const struct node *node, const char *text,
                         json_t **ret_fresh)
{
    size_t n = strcspn(text, ":");
    if (text[0] == '/' || text[n] == '\0')
        return 0;
    if (!is_relative(text))
        return memchr(text, '/', n) ? refuse_source(l, node, text) : 0;
    _cleanup_free_ char *source = strndup(text, n), *path = NULL;
    if (!source)
        return -ENOMEM;
    int r = paths_absolute(l, node, source, &path);
    if (!path)
        return r;
    if (strchr(path, ':')) /* it would end the source */
        return node_error(l, node,
                          "the folder's path has a \":\" in it, which the short form of "
                          "volumes cannot say");
    r = check_text(l, node, path);
    if (r < 0)
        return r;
    *ret_fresh = json_sprintf("%s%s", path, text + n);
    return *ret_fresh ? 0 : -ENOMEM;
}

static int resolve_long(struct loader *l, const struct node *node, json_t *volume)
{
    const char *type = json_string_value(json_object_get(volume, "type"));
    const char *source = json_string_value(json_object_get(volume, "source"));
    if (!type || !source || strcmp(type, "bind") != 0)
        return 0;
    _cleanup_free_ char *path = NULL;
    int r = paths_absolute(l, node, source, &path);
    if (!path)
        return r;
    r = check_text(l, node, path);
    if (r < 0)
        return r;
    return json_object_set_new(volume, "source", json_string(path)) < 0 ? -ENOMEM : 0;
}

/* "seccomp=FILE": the profile itself, as one line. */
static int resolve_profile(struct loader *l, const struct node *node, const char *text,
                           json_t **ret_fresh)
{
    static const char prefix[] = "seccomp";
    const char *name = text + sizeof(prefix);
    if (strncmp(text, prefix, sizeof(prefix) - 1) != 0 || !strchr(":=", text[sizeof(prefix) - 1]) ||
        text[sizeof(prefix) - 1] == '\0' || strcmp(name, "unconfined") == 0 ||
        strcmp(name, "builtin") == 0 || name[0] == '{')
        return 0;
    _cleanup_(buf_close) struct buf content = BUF_INIT(SPEC_JSON_MAX);
    _cleanup_free_ char *path = NULL, *line = NULL;
    struct shown room;
    struct error why = ERROR_INIT;
    int r = paths_absolute(l, node, name, &path);
    if (r < 0)
        return r;
    r = file_read(path, source_shown_path(node, path, &room), false, &content, &why);
    if (r < 0)
        return r == -ENOMEM ? r : node_error(l, node, "security_opt: %s", why.text);
    json_auto_t *profile = json_loads(buf_text(&content), 0, NULL);
    if (!json_is_object(profile))
        return node_error(l, node, "the seccomp profile \"%s\" is no JSON object",
                          shown_value(node, path).text);
    line = json_dumps(profile, JSON_COMPACT);
    *ret_fresh = line ? json_sprintf("seccomp=%s", line) : NULL;
    return *ret_fresh ? 0 : -ENOMEM;
}

static int resolve_security(struct loader *l, const struct node *node, json_t *service)
{
    json_t *options = json_object_get(service, "security_opt"), *option;
    size_t i;
    json_array_foreach (options, i, option) {
        char place[64];
        (void)snprintf(place, sizeof(place), "security_opt[%zu]", i);
        const char *text = json_string_value(option);
        json_t *fresh = NULL;
        int r = text ? resolve_profile(l, node_locate(node, place), text, &fresh) : 0;
        if (r == 0 && fresh && json_array_set_new(options, i, fresh) < 0)
            r = -ENOMEM;
        if (r < 0)
            return r;
    }
    return 0;
}

static int resolve_volumes(struct loader *l, const struct node *node, json_t *service)
{
    json_t *volumes = json_object_get(service, "volumes"), *volume;
    size_t i;
    json_array_foreach (volumes, i, volume) {
        char place[64];
        (void)snprintf(place, sizeof(place), "volumes[%zu]", i);
        const struct node *at = node_locate(node, place);
        json_t *fresh = NULL;
        int r = json_is_string(volume) ? resolve_short(l, at, json_string_value(volume), &fresh)
                                       : resolve_long(l, at, volume);
        if (r == 0 && fresh && json_array_set_new(volumes, i, fresh) < 0)
            r = -ENOMEM;
        if (r < 0)
            return r;
    }
    return 0;
}

int paths_resolve(struct loader *l, const struct node *node, json_t *service)
{
    int r = resolve_volumes(l, node, service);
    return r < 0 ? r : resolve_security(l, node, service);
}
