/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "engine/docker/split.h"

#define OBJECTS_MAX 16

struct seen {
    char text[OBJECTS_MAX][256];
    size_t n;
    int stop_at; /* return -ECANCELED from this object on; 0: never */
};

static int on_object(void *ctx, const char *json, size_t len)
{
    struct seen *seen = ctx;
    assert_true(seen->n < OBJECTS_MAX);
    (void)snprintf(seen->text[seen->n++], sizeof(seen->text[0]), "%.*s", (int)len, json);
    return seen->stop_at && (int)seen->n >= seen->stop_at ? -ECANCELED : 0;
}

/* Feed `text` in pieces of `piece` bytes (the first of them `first` bytes). */
static int split_text(enum split_shape shape, size_t max, const char *text, size_t first,
                      size_t piece, struct seen *seen)
{
    struct split s;
    split_init(&s, shape, max, on_object, seen);
    size_t len = strlen(text);
    int r = split_feed(&s, text, first);
    for (size_t at = first; r == 0 && at < len; at += piece)
        r = split_feed(&s, text + at, piece < len - at ? piece : len - at);
    if (r == 0)
        r = split_end(&s);
    else
        assert_int_equal(split_end(&s), r); /* the first error sticks */
    split_close(&s);
    return r;
}

static const struct {
    const char *name;
    enum split_shape shape;
    const char *text;
    int result;
    const char *objects[4];
} rows[] = {
    {"empty list", SPLIT_ARRAY, "[]", 0, {0}},
    {"white space", SPLIT_ARRAY, " \r\n[\t] \n", 0, {0}},
    {"two", SPLIT_ARRAY, "[{\"a\":1},{\"b\":2}]", 0, {"{\"a\":1}", "{\"b\":2}"}},
    {"spaced", SPLIT_ARRAY, "[ {} , { } ]\n", 0, {"{}", "{ }"}},
    {"brackets in a string",
     SPLIT_ARRAY,
     "[{\"a\":\"]}\\\"}{[,\"}]",
     0,
     {"{\"a\":\"]}\\\"}{[,\"}"}},
    {"a backslash at a string's end",
     SPLIT_ARRAY,
     "[{\"a\":\"\\\\\"},{}]",
     0,
     {"{\"a\":\"\\\\\"}", "{}"}},
    {"nested", SPLIT_ARRAY, "[{\"a\":[{\"b\":[]}]}]", 0, {"{\"a\":[{\"b\":[]}]}"}},
    {"cut before it began", SPLIT_ARRAY, "", -ENODATA, {0}},
    {"cut in an object", SPLIT_ARRAY, "[{\"a\":1},{\"b\"", -ENODATA, {"{\"a\":1}"}},
    {"cut before the end", SPLIT_ARRAY, "[{}", -ENODATA, {"{}"}},
    {"cut after a comma", SPLIT_ARRAY, "[{},", -ENODATA, {"{}"}},
    {"comma and no object", SPLIT_ARRAY, "[{},]", -EBADMSG, {"{}"}},
    {"leading comma", SPLIT_ARRAY, "[,{}]", -EBADMSG, {0}},
    {"no comma", SPLIT_ARRAY, "[{}{}]", -EBADMSG, {"{}"}},
    {"an object where a list should be", SPLIT_ARRAY, "{\"message\":\"x\"}", -EBADMSG, {0}},
    {"a page", SPLIT_ARRAY, "<html>", -EBADMSG, {0}},
    {"null", SPLIT_ARRAY, "null", -EBADMSG, {0}},
    {"numbers", SPLIT_ARRAY, "[1,2]", -EBADMSG, {0}},
    {"list in a list", SPLIT_ARRAY, "[[{}]]", -EBADMSG, {0}},
    {"something behind the list", SPLIT_ARRAY, "[]x", -EBADMSG, {0}},
    {"two lists", SPLIT_ARRAY, "[][]", -EBADMSG, {0}},
    {"nothing yet", SPLIT_STREAM, "", 0, {0}},
    {"glued", SPLIT_STREAM, "{\"a\":1}{\"b\":2}", 0, {"{\"a\":1}", "{\"b\":2}"}},
    {"by lines", SPLIT_STREAM, "{\"a\":1}\n{\"b\":2}\n", 0, {"{\"a\":1}", "{\"b\":2}"}},
    {"cut in the stream", SPLIT_STREAM, "{}\n{\"a\":\"}", -ENODATA, {"{}"}},
    {"a list in the stream", SPLIT_STREAM, "{}[{}]", -EBADMSG, {"{}"}},
    {"a comma in the stream", SPLIT_STREAM, "{},{}", -EBADMSG, {"{}"}},
    {"a bracket too many", SPLIT_STREAM, "{}}", -EBADMSG, {"{}"}},
    {"text in the stream", SPLIT_STREAM, "{}ok", -EBADMSG, {"{}"}},
};

static void check(size_t i, size_t first, size_t piece)
{
    struct seen seen = {0};
    assert_int_equal(split_text(rows[i].shape, 1000, rows[i].text, first, piece, &seen),
                     rows[i].result);
    for (size_t o = 0; o < ARRAY_LEN(rows[i].objects); o++) {
        if (o < seen.n)
            assert_string_equal(seen.text[o], rows[i].objects[o]);
        else
            assert_null(rows[i].objects[o]);
    }
}

static void the_same_however_it_is_cut(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t len = strlen(rows[i].text);
        for (size_t cut = 0; cut <= len; cut++) {
            ROW("%s, cut at %zu", rows[i].name, cut);
            check(i, cut, len + 1);
        }
        ROW("%s, byte by byte", rows[i].name);
        check(i, 0, 1);
    }
}

static void objects_have_a_ceiling(void **state)
{
    static const struct {
        const char *text;
        size_t max;
        int result;
    } ceilings[] = {
        {"[{\"a\":1}]", 7, 0},
        {"[{\"a\":1}]", 6, -EMSGSIZE},
        {"[{},{\"a\":1}]", 6, -EMSGSIZE},
        {"[{},{},{},{},{}]", 2, 0}, /* of one object, not of all */
    };
    for (size_t i = 0; i < ARRAY_LEN(ceilings); i++)
        for (size_t piece = 1; piece < 12; piece++) {
            struct seen seen = {0};
            ROW("%s in %zu bytes, by %zu", ceilings[i].text, ceilings[i].max, piece);
            assert_int_equal(
                split_text(SPLIT_ARRAY, ceilings[i].max, ceilings[i].text, 0, piece, &seen),
                ceilings[i].result);
        }
}

static void depth_has_a_ceiling(void **state)
{
    for (int depth = SPLIT_DEPTH_MAX - 1; depth <= SPLIT_DEPTH_MAX + 1; depth++) {
        char text[4 * SPLIT_DEPTH_MAX + 8] = "{\"a\":";
        size_t at = strlen(text);
        for (int i = 1; i < depth; i++)
            text[at++] = '[';
        for (int i = 1; i < depth; i++)
            text[at++] = ']';
        text[at++] = '}';
        struct seen seen = {0};
        ROW("depth %d", depth);
        assert_int_equal(split_text(SPLIT_STREAM, 1000, text, 0, 1, &seen),
                         depth <= SPLIT_DEPTH_MAX ? 0 : -EMSGSIZE);
    }
}

static void the_receiver_may_stop_it(void **state)
{
    struct seen seen = {.stop_at = 2};
    assert_int_equal(split_text(SPLIT_STREAM, 100, "{}{}{}", 6, 6, &seen), -ECANCELED);
    assert_int_equal(seen.n, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_however_it_is_cut),
        cmocka_unit_test(objects_have_a_ceiling),
        cmocka_unit_test(depth_has_a_ceiling),
        cmocka_unit_test(the_receiver_may_stop_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
