/* SPDX-License-Identifier: MIT
 *
 * Profiles: a service that names some is left out until one of them is active. They come from
 * --profile, or else from COMPOSE_PROFILES ("a,b"); "*" is all of them.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "compose/load.h"

static int activate(struct loader *l, const char *name, size_t len)
{
    while (len > 0 && isspace((unsigned char)*name))
        name++, len--;
    while (len > 0 && isspace((unsigned char)name[len - 1]))
        len--;
    if (len == 0)
        return 0;
    return json_object_setn_new(l->profiles, name, len, json_true()) < 0 ? -ENOMEM : 0;
}

int profiles_read(struct loader *l)
{
    const struct compose_options *o = l->options;
    int r = 0;
    for (size_t i = 0; r == 0 && i < o->n_profiles; i++)
        r = activate(l, o->profiles[i], strlen(o->profiles[i]));
    const char *p =
        o->n_profiles > 0 ? NULL : scope_lookup(l, &l->main->origin, "COMPOSE_PROFILES");
    while (r == 0 && p && *p) {
        size_t n = strcspn(p, ",");
        r = activate(l, p, n);
        p += n + (p[n] == ',');
    }
    return r;
}

static bool is_profile_name(const char *name)
{
    if (!isalnum((unsigned char)*name))
        return false;
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && !strchr("_.-", *name))
            return false;
    return true;
}

static int refuse(const struct loader *l, const struct node *key, const struct node *at)
{
    return node_error(l, at,
                      "service \"%s\": profiles must be a list of names of letters, digits and "
                      "_ . -",
                      SHOWN(key->text));
}

int profiles_check(struct loader *l, const struct node *key, const struct node *service,
                   bool *ret_active)
{
    const struct node *list = node_get(service, "profiles");
    json_auto_t *names = NULL;
    json_t *name, *first = NULL;
    size_t i;
    *ret_active = true;
    if (!list || node_is_null(list))
        return 0;
    if (list->kind != NODE_LIST)
        return refuse(l, key, list);
    int r = convert_node(l, list, true, &names);
    if (r < 0)
        return r;
    bool any = json_object_get(l->profiles, "*") != NULL;
    json_array_foreach (names, i, name) {
        if (!json_is_string(name) || !is_profile_name(json_string_value(name)))
            return refuse(l, key, list->entries[i].value);
        first = first ? first : name;
        any |= json_object_get(l->profiles, json_string_value(name)) != NULL;
    }
    if (any || !first)
        return 0;
    *ret_active = false;
    return json_object_set(l->inactive, key->text, first) < 0 ? -ENOMEM : 0;
}
