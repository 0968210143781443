/* SPDX-License-Identifier: MIT
 *
 * Lines behind the name of their agent, however the bytes come.
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "cli/log_lines.h"

static char *told; /* to free */
static size_t told_size;

static void open_lines(struct log_lines *l, bool color)
{
    log_lines_init(l, open_memstream(&told, &told_size));
    assert_non_null(l->out);
    l->name = "web";
    l->width = 5;
    l->index = 11;
    l->color = color;
}

static void expect(struct log_lines *l, const char *text)
{
    assert_int_equal(log_lines_end(l), 0);
    (void)fclose(l->out);
    assert_string_equal(told, text);
    free(told);
    log_lines_close(l);
}

static void lines_are_whole_however_they_come(void **state)
{
    static const char text[] = "one\n\ntwo\r\nthe end";
    for (size_t piece = 1; piece < sizeof(text); piece++) {
        ROW("%zu at a time", piece);
        struct log_lines l;
        open_lines(&l, false);
        for (size_t at = 0; at < sizeof(text) - 1; at += piece) {
            size_t left = sizeof(text) - 1 - at;
            assert_int_equal(log_lines_feed(&l, text + at, left < piece ? left : piece), 0);
        }
        expect(&l, "web   | one\nweb   | \nweb   | two\r\nweb   | the end\n");
    }
}

static void the_name_has_a_colour(void **state)
{
    struct log_lines l;
    open_lines(&l, true);
    assert_int_equal(log_lines_feed(&l, "x\n", 2), 0);
    expect(&l, "\033[33mweb   | \033[0mx\n");
}

static void a_line_without_end_is_told_in_pieces(void **state)
{
    struct log_lines l;
    char *text = malloc(LOG_LINE_MAX);
    assert_non_null(text);
    memset(text, 'x', LOG_LINE_MAX);
    open_lines(&l, false);
    for (int i = 0; i < 3; i++)
        assert_int_equal(log_lines_feed(&l, text, LOG_LINE_MAX), 0);
    assert_int_equal(log_lines_feed(&l, "\n", 1), 0);
    assert_int_equal(log_lines_end(&l), 0);
    (void)fclose(l.out);
    assert_int_equal(told_size, 3 * (LOG_LINE_MAX + sizeof("web   | ")));
    free(told);
    free(text);
    log_lines_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_whole_however_they_come),
        cmocka_unit_test(the_name_has_a_colour),
        cmocka_unit_test(a_line_without_end_is_told_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
