/* SPDX-License-Identifier: MIT
 *
 * What is the same for every engine.
 */
#include "engine/engine.h"

#include <string.h>

const char *engine_container_label(const struct engine_container *c, const char *key)
{
    for (size_t i = 0; i < c->n_labels; i++)
        if (strcmp(c->labels[i].key, key) == 0)
            return c->labels[i].value;
    return NULL;
}

bool engine_cpu_percent(const struct engine_stats *before, const struct engine_stats *now,
                        double *ret_percent)
{
    if (now->read_ns <= before->read_ns || now->cpu_ns < before->cpu_ns)
        return false;
    *ret_percent =
        100.0 * (double)(now->cpu_ns - before->cpu_ns) / (double)(now->read_ns - before->read_ns);
    return true;
}
