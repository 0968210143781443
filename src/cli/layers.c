/* SPDX-License-Identifier: MIT */
#include "cli/layers.h"

#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define BAR_WIDTH 30

void layers_open(struct layers *layers, FILE *out, bool bars)
{
    *layers =
        (struct layers){.out = out, .bars = bars, .images = json_object(), .tenths = json_object()};
}

/* A layer of which only its end is told, for it was there, has no size. */
static bool is_over(const char *status)
{
    return strcmp(status, "Pull complete") == 0 || strcmp(status, "Already exists") == 0;
}

/* Its size is told while it comes; extracting counts the same bytes once more. */
static void take(struct layers *l, const char *image, const json_t *news)
{
    const char *layer = json_string_value(json_object_get(news, "layer"));
    const char *status = json_string_value(json_object_get(news, "status"));
    json_int_t current = json_integer_value(json_object_get(news, "current"));
    json_int_t total = json_integer_value(json_object_get(news, "total_bytes"));
    json_t *layers = json_object_get(l->images, image);
    if (!layer || !layer[0] || !status)
        return;
    if (!layers) {
        layers = json_object();
        (void)json_object_set_new(l->images, image, layers);
    }
    if (total <= 0)
        total = json_integer_value(json_object_get(json_object_get(layers, layer), "total"));
    if (strcmp(status, "Downloading") != 0)
        current = is_over(status) || strcmp(status, "Extracting") == 0 ||
                          strcmp(status, "Download complete") == 0 ||
                          strcmp(status, "Verifying Checksum") == 0
                      ? total
                      : 0;
    (void)json_object_set_new(
        layers, layer,
        json_pack("{s:s, s:I, s:I}", "status", status, "current", current, "total", total));
}

void layers_end(struct layers *l)
{
    for (; l->drawn > 0; l->drawn--)
        (void)fputs("\033[A\033[K", l->out);
    (void)fflush(l->out);
}

static void draw_layer(struct layers *l, const char *name, const json_t *layer)
{
    static const char full[] = "##############################";
    char id[32], status[40];
    json_int_t current = json_integer_value(json_object_get(layer, "current"));
    json_int_t total = json_integer_value(json_object_get(layer, "total"));
    text_visible(name, id, sizeof(id));
    text_visible(json_string_value(json_object_get(layer, "status")), status, sizeof(status));
    int n = total > 0 && current <= total && current >= 0
                ? (int)((double)current * BAR_WIDTH / (double)total)
                : 0;
    (void)fprintf(l->out, "%-12.12s [%.*s%*s] %5.1f/%.1f MB %s\n", id, n, full, BAR_WIDTH - n, "",
                  (double)current / 1e6, (double)total / 1e6, status);
    l->drawn++;
}

static void draw(struct layers *l)
{
    const char *image, *name;
    json_t *layers, *layer;
    unsigned hidden = 0;
    layers_end(l);
    json_object_foreach (l->images, image, layers) {
        json_object_foreach (layers, name, layer) {
            if (is_over(json_string_value(json_object_get(layer, "status"))))
                continue;
            if (l->drawn < LAYERS_SHOWN_MAX)
                draw_layer(l, name, layer);
            else
                hidden++;
        }
    }
    if (hidden > 0) {
        (void)fprintf(l->out, "… and %u more layers\n", hidden);
        l->drawn++;
    }
    (void)fflush(l->out);
}

static void tell_tenth(struct layers *l, const char *image)
{
    const char *name;
    json_t *layer;
    double done = 0, all = 0;
    json_object_foreach (json_object_get(l->images, image), name, layer) {
        json_int_t current = json_integer_value(json_object_get(layer, "current"));
        json_int_t total = json_integer_value(json_object_get(layer, "total"));
        done += (double)(current < total ? current : total);
        all += (double)total;
    }
    json_int_t tenth = all > 0 ? (json_int_t)(done * 10 / all) : 0;
    if (tenth <= json_integer_value(json_object_get(l->tenths, image)))
        return;
    char clean[256];
    text_visible(image, clean, sizeof(clean));
    (void)json_object_set_new(l->tenths, image, json_integer(tenth));
    (void)fprintf(l->out, "%s: %" PRId64 "0%% of %.1f MB\n", clean, (int64_t)tenth, all / 1e6);
}

void layers_show(void *ctx, const json_t *news)
{
    struct layers *l = ctx;
    const char *image = json_string_value(json_object_get(news, "image"));
    if (!image)
        return;
    take(l, image, news);
    if (l->bars)
        draw(l);
    else
        tell_tenth(l, image);
}

void layers_close(struct layers *l)
{
    layers_end(l);
    json_decref(l->images);
    json_decref(l->tenths);
}
