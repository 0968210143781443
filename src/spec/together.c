/* SPDX-License-Identifier: MIT
 *
 * Keys that contradict one another. Each alone is right, so only here can it be seen.
 */
#include <string.h>

#include "spec/internal.h"

static bool is_word(const json_t *value, const char *word)
{
    return json_is_string(value) && strcmp(json_string_value(value), word) == 0;
}

static int check_network(struct reader *r, const json_t *root)
{
    const char *mode = json_string_value(json_object_get(root, "network_mode"));
    if (!mode)
        return 0;
    if (json_object_get(root, "networks")) {
        (void)reader_enter(r, "network_mode");
        return reader_fail(r, "it cannot stand beside networks; remove one");
    }
    if (json_object_get(root, "ports") && strcmp(mode, "bridge") != 0) {
        (void)reader_enter(r, "ports");
        return reader_fail(r, "with network_mode: %s no port can be published; remove one", mode);
    }
    return 0;
}

static int check_roost(struct reader *r, const json_t *root)
{
    const json_t *roost = json_object_get(root, "x-roost"),
                 *ready = json_object_get(roost, "ready");
    const json_t *test = json_object_get(json_object_get(root, "healthcheck"), "test");
    (void)reader_enter(r, "x-roost");
    if (is_word(ready, "healthy") && is_word(json_array_get(test, 0), "NONE")) {
        (void)reader_enter(r, "ready");
        return reader_fail(
            r, "it would wait for a health check, which healthcheck switches off; remove one");
    }
    if (json_is_object(ready) && is_word(json_object_get(root, "network_mode"), "none")) {
        (void)reader_enter(r, "ready");
        return reader_fail(
            r, "with network_mode: none there is no address to try; use started or healthy");
    }
    if (json_object_get(roost, "stop_after") &&
        !is_word(json_object_get(roost, "sleep"), "pause")) {
        (void)reader_enter(r, "stop_after");
        return reader_fail(r, "it goes only with sleep: pause; add that, or remove it");
    }
    return 0;
}

int check_together(struct reader *r, const json_t *root)
{
    int rc = check_network(r, root);
    if (rc < 0)
        return rc;
    rc = check_roost(r, root);
    if (rc == 0)
        reader_leave(r, 0);
    return rc;
}
