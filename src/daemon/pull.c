/* SPDX-License-Identifier: MIT
 *
 * Images are pulled once, however many wait for one: agents whose containers are to be made of it,
 * people who ask for it. How many are pulled at a time the engine's client bounds.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/fleet.h"

struct pull_waiter {
    struct pull_waiter *next;
    fleet_pull_news_fn *news;
    fleet_pulled_fn *done;
    void *ctx;
};

struct fleet_pull {
    struct fleet_pull *prev, *next;
    struct fleet *f;
    char *image;
    char *label;
    struct pull_waiter *waiters;
};

static void on_news(void *ctx, const struct engine_pull_news *news)
{
    struct fleet_pull *p = ctx;
    for (struct pull_waiter *w = p->waiters; w; w = w->next)
        if (w->news)
            w->news(w->ctx, p->label, news);
}

static void note_time(struct fleet *f, const char *image)
{
    struct error err = ERROR_INIT;
    if (store_write_pull(f->store, image, clock_wall_ms(), &err) < 0)
        log_warning("the time of the pull of %s is not kept: %s", image, err.text);
}

static void free_pull(struct fleet_pull *p)
{
    while (p->waiters) {
        struct pull_waiter *w = p->waiters;
        p->waiters = w->next;
        free(w);
    }
    free(p->image);
    free(p->label);
    free(p);
}

static void on_done(void *ctx, const struct engine_result *result)
{
    struct fleet_pull *p = ctx;
    DL_DELETE(p->f->pulls, p); /* who asks from now on gets a new one */
    if (result->outcome == ENGINE_DONE) {
        log_info("pulled %s", p->label);
        note_time(p->f, p->image);
    }
    for (struct pull_waiter *w = p->waiters; w; w = w->next)
        w->done(w->ctx, p->label, result);
    free_pull(p);
}

char *fleet_pull_label(const char *image, const char *platform)
{
    char *label = NULL;
    if (!platform)
        return strdup(image);
    return asprintf(&label, "%s (%s)", image, platform) < 0 ? NULL : label;
}

static struct fleet_pull *find(struct fleet *f, const char *label)
{
    struct fleet_pull *p;
    DL_FOREACH(f->pulls, p)
    if (strcmp(p->label, label) == 0)
        return p;
    return NULL;
}

static struct fleet_pull *begin(struct fleet *f, const char *image, const char *platform,
                                const char *label)
{
    struct fleet_pull *p = calloc(1, sizeof(*p));
    if (!p)
        return NULL;
    p->f = f;
    p->image = strdup(image);
    p->label = strdup(label);
    if (!p->image || !p->label) {
        free_pull(p);
        return NULL;
    }
    DL_APPEND(f->pulls, p);
    engine_image_pull(f->engine, p->image, platform, on_news, on_done, p);
    return p;
}

int fleet_pull(struct fleet *f, const char *image, const char *platform, fleet_pull_news_fn *news,
               fleet_pulled_fn *done, void *ctx)
{
    _cleanup_free_ char *label = fleet_pull_label(image, platform);
    struct pull_waiter *w = calloc(1, sizeof(*w));
    struct fleet_pull *p = label ? find(f, label) : NULL;
    if (!w)
        return -ENOMEM;
    if (label && !p)
        p = begin(f, image, platform, label);
    if (!p) {
        free(w);
        return -ENOMEM;
    }
    *w = (struct pull_waiter){.news = news, .done = done, .ctx = ctx};
    LL_APPEND(p->waiters, w);
    return 0;
}

void fleet_drop_pulls(struct fleet *f)
{
    struct fleet_pull *p, *next;
    DL_FOREACH_SAFE(f->pulls, p, next)
    {
        DL_DELETE(f->pulls, p);
        free_pull(p);
    }
}

int64_t fleet_pulled_at(struct fleet *f, const char *image)
{
    struct error err = ERROR_INIT;
    int64_t ms = 0;
    if (store_read_pull(f->store, image, &ms, &err) < 0)
        log_warning("%s", err.text);
    return ms;
}
