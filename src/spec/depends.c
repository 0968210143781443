/* SPDX-License-Identifier: MIT
 *
 * depends_on: a list of names, or a map of what to wait for. The canonical form is the map, each
 * with its condition; of the rest only `required: false` and
 * `restart: true` say anything.
 */
#include <errno.h>
#include <string.h>

#include "spec/keys.h"

static int read_dependency_part(struct reader *r, const char *name, const json_t *value,
                                json_t *parts)
{
    static const char *const known[] = {"condition", "restart", "required", NULL};
    static const char *const conditions[] = {"service_started", "service_healthy",
                                             "service_completed_successfully", NULL};
    json_t *canonical = NULL;
    int rc;
    if (strncmp(name, "x-", 2) == 0)
        return 0;
    if (strcmp(name, "condition") != 0 && strcmp(name, "restart") != 0 &&
        strcmp(name, "required") != 0)
        return reader_unknown_key(r, name, known);
    if (json_is_null(value))
        return 0;
    size_t mark = reader_enter(r, name);
    rc = strcmp(name, "condition") == 0 ? reader_choice(r, value, conditions, &canonical)
                                        : reader_flag(r, value, &canonical);
    if (rc < 0)
        return rc;
    reader_leave(r, mark);
    bool says = strcmp(name, "condition") == 0 ||
                (strcmp(name, "required") == 0 && json_is_false(canonical)) ||
                (strcmp(name, "restart") == 0 && json_is_true(canonical));
    if (!says) {
        json_decref(canonical);
        return 0;
    }
    return json_object_set_new(parts, name, canonical) < 0 ? reader_no_memory(r) : 0;
}

static int read_dependency(struct reader *r, const json_t *value, json_t **ret)
{
    json_auto_t *parts = json_pack("{s:s}", "condition", "service_started");
    const char *name;
    json_t *part;
    if (!parts)
        return reader_no_memory(r);
    if (!json_is_null(value) && !json_is_object(value))
        return reader_expected(r, "a map", value);
    json_object_foreach ((json_t *)value, name, part) {
        int rc = read_dependency_part(r, name, part, parts);
        if (rc < 0)
            return rc;
    }
    return reader_give(r, json_incref(parts), ret);
}

static int check_agent(struct reader *r, const char *name)
{
    char quoted[READER_QUOTE_SIZE];
    return agent_name_is_valid(name)
               ? 0
               : reader_fail(r, "\"%s\" is no name of an agent", reader_quote(quoted, name));
}

static int add_dependency(struct reader *r, json_t *map, const char *name, const json_t *value)
{
    json_t *canonical = NULL;
    int rc = check_agent(r, name);
    if (rc == 0)
        rc = read_dependency(r, value, &canonical);
    if (rc < 0)
        return rc;
    return json_object_set_new(map, name, canonical) < 0 ? reader_no_memory(r) : 0;
}

int read_depends_on(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    json_auto_t *map = json_object();
    const char *name;
    json_t *item;
    size_t i, mark;
    int rc = 0;
    if (!map)
        return reader_no_memory(r);
    if (!json_is_array(value) && !json_is_object(value))
        return reader_expected(r, "a list or a map", value);
    json_array_foreach (value, i, item) {
        mark = reader_enter_index(r, i);
        rc = reader_text(r, item, "an agent's name", &name);
        if (rc == 0)
            rc = add_dependency(r, map, name, json_null());
        if (rc < 0)
            return rc;
        reader_leave(r, mark);
    }
    json_object_foreach ((json_t *)value, name, item) {
        mark = reader_enter(r, name);
        rc = add_dependency(r, map, name, item);
        if (rc < 0)
            return rc;
        reader_leave(r, mark);
    }
    if (json_object_size(map) > 0)
        *ret = json_incref(map);
    return 0;
}
