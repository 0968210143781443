/* SPDX-License-Identifier: MIT
 *
 * Agents by name and by container name, the two queues, and the heap of due times.
 */
#include "core/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct agent *agents_find(const struct core *core, const char *name)
{
    struct agent *a = NULL;
    HASH_FIND_STR(core->agents, name, a);
    return a;
}

/* {fleet}-{agent} is found by the agent's name; only other names are in a table of their own. */
struct agent *agents_find_by_container_name(const struct core *core, const char *container_name)
{
    struct agent *a = NULL;
    HASH_FIND(hh_name, core->by_container_name, container_name, strlen(container_name), a);
    if (a)
        return a;
    size_t len = strlen(core->fleet);
    if (strncmp(container_name, core->fleet, len) != 0 || container_name[len] != '-')
        return NULL;
    a = agents_find(core, container_name + len + 1);
    return a && !a->container_name ? a : NULL;
}

struct agent *agents_add(struct core *core, const char *name)
{
    struct agent *a = calloc(1, sizeof(*a));
    if (a)
        a->name = strdup(name);
    if (!a || !a->name)
        goto fail;
    /* uthash leaves the key's handle cleared when it could not allocate. */
    HASH_ADD_KEYPTR(hh, core->agents, a->name, strlen(a->name), a);
    if (!a->hh.tbl)
        goto fail;
    a->serial = ++core->serial;
    a->retry_at_ns = 0;
    a->due_ns = NEVER_NS;
    return a;
fail:
    core->starved = true;
    if (a)
        free(a->name);
    free(a);
    return NULL;
}

static void free_depends(struct agent *a)
{
    for (size_t i = 0; i < a->n_depends; i++)
        free((char *)(uintptr_t)a->depends[i].agent);
    free(a->depends);
}

/* Only of an agent that has no row (any more), and so is nobody's dependent. */
void agents_remove(struct core *core, struct agent *a)
{
    pass_forget(core, a);
    leases_free(core, a);
    queue_drop(core, a);
    clock_set(core, a, NEVER_NS);
    (void)agents_set_container_name(core, a, NULL);
    HASH_DELETE(hh, core->agents, a);
    if (a->rolling)
        core->rolling--;
    free_depends(a);
    free(a->dependents);
    free(a->invalid);
    free(a->reason);
    free(a->name);
    free(a);
}

bool set_text(struct core *core, char **text, const char *value)
{
    if (value && *text && strcmp(*text, value) == 0)
        return true;
    char *copy = value ? strdup(value) : NULL;
    if (value && !copy) {
        core->starved = true;
        return false;
    }
    free(*text);
    *text = copy;
    return true;
}

bool agents_set_container_name(struct core *core, struct agent *a, const char *container_name)
{
    if (container_name && a->container_name && strcmp(container_name, a->container_name) == 0)
        return true;
    char *copy = container_name ? strdup(container_name) : NULL;
    if (container_name && !copy) {
        core->starved = true;
        return false;
    }
    if (a->container_name) {
        HASH_DELETE(hh_name, core->by_container_name, a);
        free(a->container_name);
    }
    a->container_name = copy;
    if (!copy)
        return true;
    memset(&a->hh_name, 0, sizeof(a->hh_name));
    HASH_ADD_KEYPTR(hh_name, core->by_container_name, copy, strlen(copy), a);
    if (a->hh_name.tbl)
        return true;
    free(copy);
    a->container_name = NULL;
    core->starved = true;
    return false;
}

const char *agent_container_name(const struct core *core, const struct agent *a, enum slot slot,
                                 char *buf, size_t size)
{
    static const char *const suffixes[SLOTS] = {"", AGENT_SUFFIX_NEW, AGENT_SUFFIX_OLD};
    if (a->container_name)
        (void)snprintf(buf, size, "%s%s", a->container_name, suffixes[slot]);
    else
        (void)snprintf(buf, size, "%s-%s%s", core->fleet, a->name, suffixes[slot]);
    return buf;
}

/* An agent is in one queue at most; dirty wins, since settling it finds out whether it waits again.
 */
void queue_push(struct core *core, struct agent *a, enum queue queue)
{
    if (a->queue == queue || a->queue == QUEUE_DIRTY)
        return;
    queue_drop(core, a);
    struct agent_queue *q = &core->queues[queue];
    a->queue = queue;
    a->prev = q->tail;
    if (q->tail)
        q->tail->next = a;
    else
        q->head = a;
    q->tail = a;
}

struct agent *queue_pop(struct core *core, enum queue queue)
{
    struct agent *a = core->queues[queue].head;
    if (a)
        queue_drop(core, a);
    return a;
}

void queue_drop(struct core *core, struct agent *a)
{
    if (a->queue == QUEUE_NONE)
        return;
    struct agent_queue *q = &core->queues[a->queue];
    if (a->prev)
        a->prev->next = a->next;
    else
        q->head = a->next;
    if (a->next)
        a->next->prev = a->prev;
    else
        q->tail = a->prev;
    a->queue = QUEUE_NONE;
    a->prev = a->next = NULL;
}

static bool earlier(const struct core *core, size_t i, size_t j)
{
    return core->heap[i - 1]->due_ns < core->heap[j - 1]->due_ns;
}

static void heap_swap(struct core *core, size_t i, size_t j)
{
    struct agent *a = core->heap[i - 1], *b = core->heap[j - 1];
    core->heap[i - 1] = b;
    core->heap[j - 1] = a;
    b->heap_index = i;
    a->heap_index = j;
}

static void heap_fix(struct core *core, size_t i)
{
    for (; i > 1 && earlier(core, i, i / 2); i /= 2)
        heap_swap(core, i, i / 2);
    for (;;) {
        size_t least = i;
        if (2 * i <= core->heap_n && earlier(core, 2 * i, least))
            least = 2 * i;
        if (2 * i + 1 <= core->heap_n && earlier(core, 2 * i + 1, least))
            least = 2 * i + 1;
        if (least == i)
            return;
        heap_swap(core, i, least);
        i = least;
    }
}

/* Room in the heap is made for every agent at its first use, never given back: arming cannot fail
 * later. */
static bool heap_reserve(struct core *core)
{
    if (core->heap_n < core->heap_cap)
        return true;
    size_t cap = core->heap_cap ? core->heap_cap * 2 : 16;
    struct agent **heap = realloc(core->heap, cap * sizeof(struct agent *));
    if (!heap) {
        core->starved = true;
        return false;
    }
    core->heap = heap;
    core->heap_cap = cap;
    return true;
}

void clock_set(struct core *core, struct agent *a, uint64_t due_ns)
{
    if (a->due_ns == due_ns)
        return;
    a->due_ns = due_ns;
    if (due_ns == NEVER_NS) {
        size_t i = a->heap_index; /* who is due is in the heap */
        heap_swap(core, i, core->heap_n);
        core->heap_n--;
        a->heap_index = 0;
        if (i <= core->heap_n)
            heap_fix(core, i);
        return;
    }
    if (a->heap_index == 0) {
        if (!heap_reserve(core)) {
            a->due_ns = NEVER_NS;
            return;
        }
        core->heap[core->heap_n++] = a;
        a->heap_index = core->heap_n;
    }
    heap_fix(core, a->heap_index);
}

struct agent *clock_pop_due(struct core *core)
{
    if (core->heap_n == 0 || core->heap[0]->due_ns > core->now_ns)
        return NULL;
    struct agent *a = core->heap[0];
    clock_set(core, a, NEVER_NS);
    return a;
}
