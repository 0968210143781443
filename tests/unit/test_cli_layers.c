/* SPDX-License-Identifier: MIT
 *
 * How pulls are shown: bars that come and go on a terminal, tenths of an image elsewhere.
 */
#include "unit.h"

#include <string.h>

#include "base/cleanup.h"
#include "cli/layers.h"

#define FULL  "##############################"
#define HALF  "###############               "
#define EMPTY "                              "
#define UP    "\033[A\033[K"

struct news {
    const char *layer, *status;
    int current, total;
    const char *image; /* NULL: "busybox" */
};

static void tell(struct layers *layers, const struct news *news)
{
    json_auto_t *json = json_pack(
        "{s:s, s:s?, s:s?, s:i, s:i}", "image", news->image ? news->image : "busybox", "layer",
        news->layer, "status", news->status, "current", news->current, "total_bytes", news->total);
    layers_show(layers, json);
}

static char *show(bool bars, const struct news *news, size_t n)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct layers layers;
    layers_open(&layers, out, bars);
    for (size_t i = 0; i < n; i++)
        tell(&layers, &news[i]);
    layers_close(&layers);
    assert_int_equal(fclose(out), 0);
    return text;
}

/* Each time all bars are drawn anew; what is over, or was there, has none; at last none is left. */
static void bars(void **state)
{
    static const struct news news[] = {
        {"aaa", "Pulling fs layer", 0, 0},      {"aaa", "Downloading", 500000, 1000000},
        {"bbb", "Already exists", 0, 0},        {"aaa", "Download complete", 0, 0},
        {"aaa", "Extracting", 100000, 1000000}, {"aaa", "Pull complete", 0, 0},
    };
    _cleanup_free_ char *text = show(true, news, ARRAY_LEN(news));
    assert_string_equal(text, "aaa          [" EMPTY "]   0.0/0.0 MB Pulling fs layer\n" UP
                              "aaa          [" HALF "]   0.5/1.0 MB Downloading\n" UP
                              "aaa          [" HALF "]   0.5/1.0 MB Downloading\n" UP
                              "aaa          [" FULL "]   1.0/1.0 MB Download complete\n" UP
                              "aaa          [" FULL "]   1.0/1.0 MB Extracting\n" UP);
}

static void of_several_images(void **state)
{
    static const struct news news[] = {{"aaa", "Waiting", 0, 0, "one"},
                                       {"aaa", "Waiting", 0, 0, "two"}};
    _cleanup_free_ char *text = show(true, news, ARRAY_LEN(news));
    assert_string_equal(text, "aaa          [" EMPTY "]   0.0/0.0 MB Waiting\n" UP
                              "aaa          [" EMPTY "]   0.0/0.0 MB Waiting\n"
                              "aaa          [" EMPTY "]   0.0/0.0 MB Waiting\n" UP UP);
}

/* A terminal has only so many lines: what does not fit is counted, and each drawn line is wiped. */
static void many_layers(void **state)
{
    char *text = NULL, name[16];
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct layers layers;
    layers_open(&layers, out, true);
    for (int i = 0; i < LAYERS_SHOWN_MAX + 3; i++) {
        (void)snprintf(name, sizeof(name), "layer-%02d", i);
        tell(&layers, &(struct news){name, "Waiting", 0, 0, NULL});
    }
    assert_int_equal(layers.drawn, LAYERS_SHOWN_MAX + 1);
    assert_int_equal(fflush(out), 0);
    assert_non_null(strstr(text, "… and 3 more layers\n"));
    assert_null(strstr(text, "layer-16"));
    layers_end(&layers);
    assert_int_equal(layers.drawn, 0);
    layers_end(&layers); /* wipes nothing twice */
    layers_close(&layers);
    assert_int_equal(fclose(out), 0);
    const char *end = text + size;
    for (int i = 0; i <= LAYERS_SHOWN_MAX; i++, end -= strlen(UP))
        assert_memory_equal(end - strlen(UP), UP, strlen(UP));
    assert_memory_equal(end - 1, "\n", 1);
    free(text);
}

static void tenths(void **state)
{
    static const struct news news[] = {
        {"aaa", "Downloading", 1000000, 10000000},
        {"aaa", "Downloading", 1500000, 10000000},
        {"bbb", "Downloading", 0, 10000000}, /* a layer more: never back */
        {"bbb", "Downloading", 5000000, 10000000},
        {"aaa", "Verifying Checksum", 0, 0},
        {"aaa", "Extracting", 1, 10000000},
        {"aaa", "Pull complete", 0, 0},
        {"bbb", "Pull complete", 0, 0},
        {"bbb", "Pull complete", 0, 0},
    };
    _cleanup_free_ char *text = show(false, news, ARRAY_LEN(news));
    assert_string_equal(text, "busybox: 10% of 10.0 MB\n"
                              "busybox: 30% of 20.0 MB\n"
                              "busybox: 70% of 20.0 MB\n"
                              "busybox: 100% of 20.0 MB\n");
}

/* What the engine and the registry say may be anything. */
static void nonsense(void **state)
{
    static const struct news news[] = {
        {NULL, "Pulling from library/busybox", 0, 0},
        {"", "Status", 0, 0},
        {"aaa", NULL, 5, 10},
        {"aaa", "Downloading", 70, 10},
        {"bbb", "Downloading", -7, 10},
        {"ccc", "Downloading", 5, -1},
        {"ddd", "Downloading", 9, 0},
    };
    _cleanup_free_ char *lines = show(false, news, ARRAY_LEN(news));
    assert_string_equal(lines, "busybox: 100% of 0.0 MB\n");
    _cleanup_free_ char *drawn = show(true, news, ARRAY_LEN(news));
    assert_null(strstr(drawn, FULL));
    static const struct news evil[] = {{"\033[2Jlayer", "Down\nload\x07", 1, 2, "evil\033]0;x"}};
    _cleanup_free_ char *shown = show(true, evil, 1), *told = show(false, evil, 1);
    assert_non_null(strstr(shown, "\\x1b[2Jlaye"));
    assert_non_null(strstr(shown, "Down\\x0aload\\x07"));
    assert_string_equal(told, "");
    struct news over = evil[0];
    over.status = "Downloading";
    _cleanup_free_ char *line = show(false, &over, 1);
    assert_string_equal(line, "evil\\x1b]0;x: 50% of 0.0 MB\n");
}

static void not_of_an_image(void **state)
{
    struct layers layers;
    layers_open(&layers, stderr, true);
    json_auto_t *other = json_pack("{s:i, s:i}", "done", 1, "total", 2);
    layers_show(&layers, other);
    assert_int_equal(layers.drawn, 0);
    layers_close(&layers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bars),        cmocka_unit_test(of_several_images),
        cmocka_unit_test(many_layers), cmocka_unit_test(tenths),
        cmocka_unit_test(nonsense),    cmocka_unit_test(not_of_an_image),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
