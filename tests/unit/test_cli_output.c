/* SPDX-License-Identifier: MIT
 *
 * What the program prints: tables, progress, reports, masked specs.
 */
#include "unit.h"

#include <errno.h>
#include <locale.h>
#include <string.h>

#include "cli/agent_view.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/table.h"

static int set_locale(void **state)
{
    return setlocale(LC_CTYPE, "C.UTF-8") ? 0 : -1;
}

static void test_width(void **state)
{
    static const struct {
        const char *text;
        size_t width;
    } rows[] = {
        {"", 0},          {"abc", 3},      {"ä", 1},         {"日本", 4},
        {"e\xcc\x81", 1}, {"\xff\xfe", 2}, {"a\xe6\x97", 3},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%zu", i);
        assert_int_equal(text_width(rows[i].text), rows[i].width);
    }
}

/* Cells two a row; the text is the caller's. */
static char *print_cells(const char *const *cells, size_t n, enum style style, bool color)
{
    static const char *const heads[] = {"NAME", "WHAT"};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct table table;
    table_open(&table, heads, 2);
    for (size_t i = 0; i < n; i++)
        table_add(&table, cells[i], style);
    assert_int_equal(table_print(&table, out, color), 0);
    table_close(&table);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void test_table(void **state)
{
    const char *const cells[] = {"a", "first", "日本語", "second", "", NULL, "evil\033[2J", "\n"};
    _cleanup_free_ char *text = print_cells(cells, ARRAY_LEN(cells), STYLE_PLAIN, true);
    assert_string_equal(text, "NAME         WHAT\n"
                              "a            first\n"
                              "日本語       second\n"
                              "-            -\n"
                              "evil\\x1b[2J  \\x0a\n");
}

static void test_table_without_rows_is_nothing(void **state)
{
    _cleanup_free_ char *text = print_cells(NULL, 0, STYLE_PLAIN, false);
    assert_string_equal(text, "");
}

static void test_table_colors(void **state)
{
    const char *const cells[] = {"a", "b"};
    _cleanup_free_ char *plain = print_cells(cells, 2, STYLE_BAD, false);
    assert_null(strchr(plain, '\033'));
    _cleanup_free_ char *colored = print_cells(cells, 2, STYLE_BAD, true);
    assert_non_null(strstr(colored, "\033[31ma\033[0m"));
}

static char *show_progress(bool bar, const int (*news)[2], size_t n)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct progress progress;
    progress_open(&progress, out, bar);
    for (size_t i = 0; i < n; i++) {
        json_auto_t *json = json_pack("{s:i,s:i}", "done", news[i][0], "total", news[i][1]);
        progress_show(&progress, json);
    }
    progress_close(&progress);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void test_progress_lines(void **state)
{
    static const int news[][2] = {{0, 40}, {1, 40}, {4, 40}, {5, 40}, {20, 40}, {40, 40}, {40, 40}};
    _cleanup_free_ char *text = show_progress(false, news, ARRAY_LEN(news));
    assert_string_equal(text, "10% (4 of 40)\n50% (20 of 40)\n100% (40 of 40)\n");
}

static void test_progress_bar(void **state)
{
    static const int news[][2] = {{1, 2}, {2, 2}};
    _cleanup_free_ char *text = show_progress(true, news, ARRAY_LEN(news));
    assert_string_equal(text, "\r[###############               ] 1/2"
                              "\r[##############################] 2/2\r\033[K");
}

static void test_progress_passes_over_nonsense(void **state)
{
    static const int news[][2] = {{0, 0}, {1, 0}, {-1, 5}, {6, 5}, {0, -3}};
    _cleanup_free_ char *text = show_progress(true, news, ARRAY_LEN(news));
    assert_string_equal(text, "");
}

static json_t *report_of(const char *action, const char *error)
{
    json_t *report = report_new();
    json_auto_t *more =
        json_pack("{s:{s:i},s:[{s:s,s:s,s:s,s:s?,s:s?}]}", "summary", action, 1, "agents", "name",
                  "web", "lifecycle", "hot", "action", action, "reason", "why", "error", error);
    assert_int_equal(report_add(report, more), 0);
    return report;
}

static void test_report_actions(void **state)
{
    static const struct {
        const char *action;
        const char *error;
        bool changes, fails;
    } rows[] = {
        {"created", NULL, true, false},          {"started", NULL, true, false},
        {"recreated", NULL, true, false},        {"rolled_back", NULL, true, false},
        {"updated", NULL, true, false},          {"renamed", NULL, true, false},
        {"stopped", NULL, true, false},          {"paused", NULL, true, false},
        {"removed", NULL, true, false},          {"pending", NULL, true, false},
        {"adopted", NULL, false, false},         {"deferred", NULL, false, false},
        {"orphaned", NULL, false, false},        {"held", NULL, false, false},
        {"unchanged", NULL, false, false},       {"error", NULL, false, true},
        {"error", "no such image", false, true}, {"unchanged", "", false, false},
        {"created", "port taken", true, true},   {"of_a_newer_roost", NULL, true, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%s %s", rows[i].action, rows[i].error ? rows[i].error : "");
        json_auto_t *report = report_of(rows[i].action, rows[i].error);
        assert_int_equal(report_has_changes(report), rows[i].changes);
        assert_int_equal(report_has_error(report), rows[i].fails);
        assert_int_equal(report_agent_done(report, "web"), !rows[i].fails);
        assert_false(report_agent_done(report, "other"));
    }
}

static void test_report_sums(void **state)
{
    json_auto_t *report = report_new();
    _cleanup_(buf_close) struct buf text = BUF_INIT(4096);
    assert_int_equal(report_summary(report, false, &text), 0);
    assert_string_equal(buf_text(&text), "nothing");
    static const char *const more[] = {
        "{\"summary\":{\"unchanged\":3,\"created\":1},\"agents\":[{},{},{},{}]}",
        "{\"summary\":{\"created\":1,\"removed\":2,\"newer\":1,\"held\":0},\"agents\":[{}]}",
    };
    for (size_t i = 0; i < ARRAY_LEN(more); i++) {
        json_auto_t *one = json_loads(more[i], 0, NULL);
        assert_int_equal(report_add(report, one), 0);
    }
    assert_int_equal(json_array_size(json_object_get(report, "agents")), 5);
    buf_reset(&text);
    assert_int_equal(report_summary(report, false, &text), 0);
    assert_string_equal(buf_text(&text), "2 created, 2 removed, 3 unchanged, 1 newer");
    buf_reset(&text);
    assert_int_equal(report_summary(report, true, &text), 0);
    assert_string_equal(buf_text(&text), "2 to create, 2 to remove, 3 unchanged, 1 newer");
}

static void test_report_of_something_else(void **state)
{
    json_auto_t *report = report_new();
    static const char *const wrong[] = {"{}", "[]", "{\"summary\":{}}", "{\"agents\":[]}",
                                        "{\"summary\":[],\"agents\":[]}"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        ROW("%s", wrong[i]);
        json_auto_t *one = json_loads(wrong[i], 0, NULL);
        assert_int_equal(report_add(report, one), -EBADMSG);
    }
    assert_int_equal(report_add(report, NULL), -EBADMSG);
}

static void test_mask(void **state)
{
    static const struct {
        const char *agent, *masked;
    } rows[] = {
        {"{}", "{}"},
        {"{\"spec\":null}", "{\"spec\":null}"},
        {"{\"spec\":{\"command\":[\"a\"]}}", "{\"spec\":{\"command\":[\"a\"]}}"},
        {"{\"spec\":{\"environment\":{\"A\":\"secret\",\"B\":null,\"C\":5}}}",
         "{\"spec\":{\"environment\":{\"A\":\"***\",\"B\":null,\"C\":\"***\"}}}"},
        {"{\"spec\":{\"environment\":[\"A=secret=x\",\"B\",7]}}",
         "{\"spec\":{\"environment\":[\"A=***\",\"B\",\"***\"]}}"},
        {"{\"spec\":{\"environment\":\"A=secret\"}}", "{\"spec\":{\"environment\":\"***\"}}"},
        {"{\"spec\":\"{environment: secret\"}", "{\"spec\":\"***\"}"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%s", rows[i].agent);
        json_auto_t *agent = json_loads(rows[i].agent, 0, NULL);
        assert_int_equal(view_mask_spec(agent), 0);
        _cleanup_free_ char *text = json_dumps(agent, JSON_COMPACT);
        assert_string_equal(text, rows[i].masked);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_table_without_rows_is_nothing),
        cmocka_unit_test(test_table_colors),
        cmocka_unit_test(test_progress_lines),
        cmocka_unit_test(test_progress_bar),
        cmocka_unit_test(test_progress_passes_over_nonsense),
        cmocka_unit_test(test_report_actions),
        cmocka_unit_test(test_report_sums),
        cmocka_unit_test(test_report_of_something_else),
        cmocka_unit_test(test_mask),
    };
    return cmocka_run_group_tests_name("cli_output", tests, set_locale, NULL);
}
