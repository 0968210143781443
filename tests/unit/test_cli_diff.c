/* SPDX-License-Identifier: MIT
 *
 * What apply makes of a file and a table.
 */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "cli/diff.h"

#define FILE_PATH "/srv/compose.yaml"

/* One row against one service (either may be missing) of a file of that one service. */
struct pair {
    struct row row;
    struct compose_service service;
};

static char applied_text[APPLIED_SIZE];

/* The fingerprint of what apply wrote some time ago. */
static char *applied(const char *lifecycle, const char *image, const char *idle, const char *spec)
{
    applied_format(lifecycle, image, idle, spec, applied_text);
    return applied_text;
}

static int diff_of(struct row *rows, size_t n_rows, struct compose_service *services,
                   size_t n_services, struct diff *ret_diff, struct error *err)
{
    static struct compose_project project;
    static struct rows table;
    project = (struct compose_project){
        .name = "demo", .file = FILE_PATH, .services = services, .n_services = n_services};
    table = (struct rows){.rows = rows, .n = n_rows};
    return diff_make(&project, &table, ret_diff, err);
}

static struct row row_of(char *lifecycle, char *image, char *idle, char *spec, char *was_applied)
{
    return (struct row){.name = "web",
                        .lifecycle = lifecycle,
                        .image = image,
                        .spec = spec,
                        .idle_timeout = idle,
                        .source = FILE_PATH,
                        .applied = was_applied};
}

static struct compose_service service_of(enum lifecycle lifecycle, char *image, char *idle,
                                         char *spec)
{
    return (struct compose_service){
        .name = "web", .lifecycle = lifecycle, .image = image, .idle_timeout = idle, .spec = spec};
}

static void test_one_agent(void **state)
{
    static const struct {
        const char *what;
        char *row[4];     /* lifecycle, image, idle_timeout, spec as they stand */
        char *applied[4]; /* as apply wrote them */
        char *file[4];
        enum change_kind kind;
        const char *fields, *by_hand; /* NULL: none */
    } rows[] = {
        {"as in the file",
         {"hot", "a", NULL, "{}"},
         {"hot", "a", NULL, "{}"},
         {"hot", "a", NULL, "{}"},
         CHANGE_UNCHANGED,
         NULL,
         NULL},
        {"the file has a new image",
         {"hot", "a", NULL, "{}"},
         {"hot", "a", NULL, "{}"},
         {"hot", "b", NULL, "{}"},
         CHANGE_CHANGED,
         "image",
         NULL},
        {"lifecycle by hand",
         {"lazy", "a", NULL, "{}"},
         {"hot", "a", NULL, "{}"},
         {"hot", "a", NULL, "{}"},
         CHANGE_CHANGED,
         "lifecycle",
         "lifecycle changed by hand (lazy), file says hot"},
        {"by hand what the file says by now",
         {"lazy", "a", NULL, "{}"},
         {"hot", "a", NULL, "{}"},
         {"lazy", "a", NULL, "{}"},
         CHANGE_UNCHANGED,
         NULL,
         NULL},
        {"one column by hand, another by the file",
         {"lazy", "a", NULL, "{}"},
         {"hot", "a", NULL, "{}"},
         {"hot", "b", NULL, "{}"},
         CHANGE_CHANGED,
         "lifecycle, image",
         "lifecycle changed by hand (lazy), file says hot"},
        {"idle_timeout by hand, none in the file",
         {"lazy", "a", "5m", "{}"},
         {"lazy", "a", NULL, "{}"},
         {"lazy", "a", NULL, "{}"},
         CHANGE_CHANGED,
         "idle_timeout",
         "idle_timeout changed by hand (5m), file says none"},
        {"none by hand is not the empty text",
         {"lazy", "a", NULL, "{}"},
         {"lazy", "a", "", "{}"},
         {"lazy", "a", "", "{}"},
         CHANGE_CHANGED,
         "idle_timeout",
         "idle_timeout changed by hand (none), file says "},
        {"a secret by hand is not told",
         {"hot", "a", NULL, "{\"environment\":{\"A\":\"canary\",\"B\":\"1\"}}"},
         {"hot", "a", NULL, "{\"environment\":{\"A\":\"x\",\"B\":\"1\"}}"},
         {"hot", "a", NULL, "{\"environment\":{\"A\":\"x\",\"B\":\"1\"}}"},
         CHANGE_CHANGED,
         "environment.A",
         "environment.A changed by hand, file says otherwise"},
        {"a spec in other words",
         {"hot", "a", NULL, "{ }"},
         {"hot", "a", NULL, "{}"},
         {"hot", "a", NULL, "{}"},
         CHANGE_CHANGED,
         "spec",
         "spec changed by hand, file says otherwise"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%s", rows[i].what);
        const typeof(rows[0]) *t = &rows[i];
        struct row row =
            row_of(t->row[0], t->row[1], t->row[2], t->row[3],
                   applied(t->applied[0], t->applied[1], t->applied[2], t->applied[3]));
        enum lifecycle lifecycle = LIFECYCLE_HOT;
        assert_true(lifecycle_parse(t->file[0], &lifecycle));
        struct compose_service s = service_of(lifecycle, t->file[1], t->file[2], t->file[3]);
        _cleanup_(diff_close) struct diff diff = {0};
        assert_int_equal(diff_of(&row, 1, &s, 1, &diff, NULL), 0);
        assert_int_equal(diff.n, 1);
        assert_int_equal(diff.changes[0].kind, t->kind);
        assert_string_equal(diff.changes[0].fields ? diff.changes[0].fields : "",
                            t->fields ? t->fields : "");
        assert_string_equal(diff.changes[0].by_hand ? diff.changes[0].by_hand : "",
                            t->by_hand ? t->by_hand : "");
    }
}

static void test_fingerprint_is_of_the_file(void **state)
{
    struct compose_service s = service_of(LIFECYCLE_LAZY, "a", "5m", "{}");
    _cleanup_(diff_close) struct diff diff = {0};
    assert_int_equal(diff_of(NULL, 0, &s, 1, &diff, NULL), 0);
    assert_int_equal(diff.changes[0].kind, CHANGE_CREATED);
    assert_string_equal(diff.changes[0].applied, applied("lazy", "a", "5m", "{}"));
}

/* A fingerprint that we did not write tells nothing, rather than something false. */
static void test_strange_fingerprint(void **state)
{
    static char *const strange[] = {NULL, "", "abc", "v2:0123456789abcdef"};
    for (size_t i = 0; i < ARRAY_LEN(strange); i++) {
        ROW("%s", strange[i] ? strange[i] : "(null)");
        struct row row = row_of("lazy", "a", NULL, "{}", strange[i]);
        struct compose_service s = service_of(LIFECYCLE_HOT, "a", NULL, "{}");
        _cleanup_(diff_close) struct diff diff = {0};
        assert_int_equal(diff_of(&row, 1, &s, 1, &diff, NULL), 0);
        assert_int_equal(diff.changes[0].kind, CHANGE_CHANGED);
        assert_null(diff.changes[0].by_hand);
    }
}

static void test_other_source(void **state)
{
    static const struct {
        char *source;
        const char *part;
    } rows[] = {
        {NULL, "made by hand"},
        {"/elsewhere/compose.yaml", "comes from /elsewhere/compose.yaml"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%s", rows[i].part);
        struct row row = row_of("hot", "a", NULL, "{}", NULL);
        row.source = rows[i].source;
        struct compose_service s = service_of(LIFECYCLE_HOT, "a", NULL, "{}");
        struct diff diff = {0};
        struct error err = ERROR_INIT;
        assert_int_equal(diff_of(&row, 1, &s, 1, &diff, &err), -EEXIST);
        assert_int_equal(err.kind, ERROR_CONFLICT);
        assert_non_null(strstr(err.text, rows[i].part));
        assert_non_null(strstr(err.text, "roost set web source=" FILE_PATH));
    }
}

static void test_vanished(void **state)
{
    struct row rows[] = {
        {.name = "a", .lifecycle = "hot", .image = "i", .spec = "{}", .source = FILE_PATH},
        {.name = "b",
         .lifecycle = "hot",
         .image = "i",
         .spec = "{}",
         .source = FILE_PATH,
         .held = true},
        {.name = "c", .lifecycle = "hot", .image = "i", .spec = "{}", .source = "/other"},
        {.name = "d", .lifecycle = "hot", .image = "i", .spec = "{}"},
        {.name = "web", .lifecycle = "hot", .image = "i", .spec = "{}", .source = FILE_PATH},
    };
    struct compose_service s = service_of(LIFECYCLE_HOT, "i", NULL, "{}");
    _cleanup_(diff_close) struct diff diff = {0};
    assert_int_equal(diff_of(rows, ARRAY_LEN(rows), &s, 1, &diff, NULL), 0);
    assert_int_equal(diff.n, 3);
    assert_int_equal(diff.n_source, 3);
    assert_string_equal(diff.changes[0].name, "web");
    assert_int_equal(diff.changes[0].kind, CHANGE_UNCHANGED);
    assert_string_equal(diff.changes[1].name, "a");
    assert_int_equal(diff.changes[1].kind, CHANGE_PRUNED);
    assert_string_equal(diff.changes[2].name, "b");
    assert_int_equal(diff.changes[2].kind, CHANGE_KEPT);
    assert_int_equal(diff.counts[CHANGE_PRUNED], 1);
}

static void test_prunes_much(void **state)
{
    static const struct {
        size_t pruned, source;
        bool much;
    } rows[] = {{0, 0, false},  {0, 9, false}, {1, 5, false},      {1, 4, true},     {1, 1, true},
                {2, 10, false}, {3, 10, true}, {200, 1000, false}, {201, 1000, true}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%zu of %zu", rows[i].pruned, rows[i].source);
        struct diff diff = {.n_source = rows[i].source};
        diff.counts[CHANGE_PRUNED] = rows[i].pruned;
        assert_int_equal(diff_prunes_much(&diff), rows[i].much);
    }
}

static void test_paths(void **state)
{
    static const struct {
        const char *a, *b, *paths;
    } rows[] = {
        {"{\"a\":1}", "{\"a\":2}", "a"},
        {"{\"a\":1}", "{}", "a"},
        {"{}", "{\"a\":1}", "a"},
        {"{\"a\":{\"b\":{\"c\":1}}}", "{\"a\":{\"b\":{\"c\":2}}}", "a.b.c"},
        {"{\"a\":[1,2]}", "{\"a\":[1,3]}", "a"},
        {"{\"a\":{\"x\":1},\"b\":2}", "{\"a\":{\"y\":1},\"b\":3}", "a.x, a.y, b"},
        {"{\"a\":{}}", "{\"a\":1}", "a"},
        {"nonsense", "{}", "spec"},
        {"[]", "{}", "spec"},
        {"{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1}", "{}",
         "a, b, c, d, e, f, g, h and 2 more"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%s %s", rows[i].a, rows[i].b);
        _cleanup_(buf_close) struct buf text = BUF_INIT(4096);
        assert_int_equal(spec_difference_paths(rows[i].a, rows[i].b, &text), 0);
        assert_string_equal(buf_text(&text), rows[i].paths);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_agent),
        cmocka_unit_test(test_fingerprint_is_of_the_file),
        cmocka_unit_test(test_strange_fingerprint),
        cmocka_unit_test(test_other_source),
        cmocka_unit_test(test_vanished),
        cmocka_unit_test(test_prunes_much),
        cmocka_unit_test(test_paths),
    };
    return cmocka_run_group_tests_name("cli_diff", tests, NULL, NULL);
}
