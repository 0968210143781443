/* SPDX-License-Identifier: MIT
 *
 * roost top without a terminal: keys, the joined view, frames.
 */
#include "unit.h"

#include <locale.h>
#include <string.h>

#include "base/text.h"
#include "cli/frame.h"
#include "cli/key.h"
#include "cli/overview.h"

static int set_locale(void **state)
{
    return setlocale(LC_CTYPE, "C.UTF-8") ? 0 : -1;
}

static json_t *parse(const char *text)
{
    json_error_t at;
    json_t *json = json_loads(text, 0, &at);
    if (!json)
        fail_msg("%s: %s", at.text, text);
    return json;
}

/* Keys ------------------------------------------------------------------------------------------
 */

static void each_key(void **state)
{
    static const struct {
        const char *bytes;
        enum key key;
        size_t used;
    } rows[] = {
        {"q", KEY_QUIT, 1},
        {"wq", KEY_WAKE, 1},
        {"s", KEY_SLEEP, 1},
        {"h", KEY_HOLD, 1},
        {"k", KEY_UP, 1},
        {"j", KEY_DOWN, 1},
        {"x", KEY_NONE, 1},
        {"\xc3\xa4", KEY_NONE, 1},
        {"\x0c", KEY_REDRAW, 1},
        {"\033[A", KEY_UP, 3},
        {"\033OA", KEY_UP, 3},
        {"\033[Bq", KEY_DOWN, 3},
        {"\033[5~", KEY_PAGE_UP, 4},
        {"\033[6~", KEY_PAGE_DOWN, 4},
        {"\033[H", KEY_HOME, 3},
        {"\033[4~", KEY_END, 4},
        {"\033", KEY_MORE, 0},
        {"\033[", KEY_MORE, 0},
        {"\033[5", KEY_MORE, 0},
        {"\033O", KEY_MORE, 0},
        {"\033q", KEY_NONE, 1},
        {"\033[1;5A", KEY_NONE, 6},
        {"\033[99999999999999", KEY_NONE, 16},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t used = 99;
        ROW("%zu", i);
        assert_int_equal(key_decode(rows[i].bytes, strlen(rows[i].bytes), &used), rows[i].key);
        assert_int_equal(used, rows[i].used);
    }
}

/* Whatever bytes come: each call takes some or asks for more, and asks for no more than there is
 * room for. */
static void any_bytes_end(void **state)
{
    char bytes[KEY_BYTES_MAX * 2];
    unsigned seed = 1;
    for (unsigned round = 0; round < 20000; round++) {
        size_t len = 1 + round % sizeof(bytes), used = 99;
        for (size_t i = 0; i < len; i++) {
            seed = seed * 1103515245U + 12345U;
            bytes[i] = "\033[O;0159~ABq"[(seed >> 16) % 12];
        }
        enum key key = key_decode(bytes, len, &used);
        assert_true(used <= len);
        assert_int_equal(used == 0, key == KEY_MORE);
        assert_true(key != KEY_MORE || len < KEY_BYTES_MAX);
    }
}

/* The joined view -------------------------------------------------------------------------------
 */

#define AGENTS                                                                                     \
    "{\"fleet\":\"demo\",\"agents\":["                                                             \
    "{\"name\":\"a-sleeper\",\"lifecycle\":\"lazy\",\"state\":\"stopped\",\"held\":false,"         \
    "\"container\":{\"status\":\"exited\"}},"                                                      \
    "{\"name\":\"b\",\"lifecycle\":\"lazy\",\"state\":\"running\",\"held\":true,"                  \
    "\"container\":{\"status\":\"running\"},\"leases\":["                                          \
    "{\"id\":\"1\",\"expires_at\":\"2026-11-29T12:00:10Z\"},"                                      \
    "{\"id\":\"2\",\"expires_at\":\"2026-11-29T12:01:30Z\"}]},"                                    \
    "{\"name\":\"web\",\"lifecycle\":\"hot\",\"state\":\"failed\",\"held\":false,"                 \
    "\"container\":null}]}"
#define STATS                                                                                      \
    "{\"agents\":[{\"name\":\"b\",\"cpu_percent\":12.34,\"memory_bytes\":557056,"                  \
    "\"memory_limit_bytes\":25276502016,\"error\":null}]}"
#define NOW_MS 1795953600000 /* 2026-11-29T12:00:00Z */

static json_t *demo(void)
{
    json_auto_t *agents = parse(AGENTS), *stats = parse(STATS), *last = json_object();
    json_auto_t *page = parse("{\"events\":[{\"id\":5,\"agent\":\"web\",\"kind\":\"old\"},"
                              "{\"id\":6,\"agent\":null,\"kind\":\"engine_lost\"},"
                              "{\"id\":7,\"agent\":\"web\",\"kind\":\"container_stopped\","
                              "\"time\":\"2026-11-29T11:59:00.123Z\",\"reason\":\"no room\"}]}");
    json_auto_t *none = parse("{\"events\":[]}");
    assert_int_equal(overview_note_events(last, page, 0), 7);
    assert_int_equal(overview_note_events(last, none, 7), 7);
    json_t *overview = overview_join(agents, stats, last);
    assert_non_null(overview);
    return overview;
}

static const json_t *agent(const json_t *overview, size_t i)
{
    return json_array_get(json_object_get(overview, "agents"), i);
}

static void the_awake_come_first(void **state)
{
    static const char *const names[] = {"b", "web", "a-sleeper"};
    json_auto_t *overview = demo();
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        assert_string_equal(json_string_value(json_object_get(agent(overview, i), "name")),
                            names[i]);
    assert_true(json_real_value(json_object_get(agent(overview, 0), "cpu_percent")) > 12);
    assert_true(json_is_null(json_object_get(agent(overview, 0), "last_event")));
    assert_true(json_is_null(json_object_get(agent(overview, 1), "memory_bytes")));
    assert_string_equal(json_string_value(json_object_get(
                            json_object_get(agent(overview, 1), "last_event"), "kind")),
                        "container_stopped");
}

static void joining_copes_with_nothing(void **state)
{
    json_auto_t *agents = parse("{\"fleet\":\"x\",\"agents\":[],\"engine_error\":\"gone\"}");
    json_auto_t *overview = overview_join(agents, NULL, NULL);
    assert_int_equal(json_array_size(json_object_get(overview, "agents")), 0);
    assert_string_equal(json_string_value(json_object_get(overview, "engine_error")), "gone");
}

/* Frames ----------------------------------------------------------------------------------------
 */

static char *draw(const struct frame *frame)
{
    struct buf out = BUF_INIT((size_t)1 << 20);
    frame_draw(frame, &out);
    assert_int_equal(out.error, 0);
    return buf_steal(&out);
}

static void a_frame(void **state)
{
    json_auto_t *overview = demo();
    struct frame frame = {.overview = overview,
                          .columns = 120,
                          .lines = 8,
                          .selected = 1,
                          .message = "",
                          .now_ms = NOW_MS};
    _cleanup_free_ char *text = draw(&frame);
    /* clang-format off */
    static const char *const parts[] = {
        "\033[1;1H\033[Kdemo: 3 agents, 1 running, 1 held  CPU 12.3%  MEM",
        "\033[2;1H\033[K  NAME       LIFECYCLE    STATE    CPU %  MEM USAGE / LIMIT  LEASES     LAST EVENT ",
        "\033[3;1H\033[K  b          lazy (held)  running  12.3   544KiB / 23.54GiB  2 (1m30s)  -",
        "\033[4;1H\033[K> web        hot          failed   -      -                  -          ",
        "11:59:00Z container_stopped: no room\033[5;",
        "\033[5;1H\033[K  a-sleeper  lazy         stopped  -",
        "\033[6;1H\033[K\033[7;1H\033[K\033[8;1H\033[KUp/Down select  w wake",
    };
    /* clang-format on */
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (!strstr(text, parts[i]))
            fail_msg("no \"%s\" in:\n%s", parts[i], text);
    assert_null(strstr(text, "\033[0m")); /* without colour */

    frame.now_ms += 24 * 3600 * 1000;
    _cleanup_free_ char *next_day = draw(&frame);
    assert_non_null(strstr(next_day, "2026-11-29 container_stopped: no room"));

    frame.color = true;
    frame.message = "cannot";
    frame.bad = true;
    _cleanup_free_ char *colored = draw(&frame);
    assert_non_null(strstr(colored, "\033[7m> web"));
    assert_non_null(strstr(colored, "\033[32mrunning\033[0m"));
    assert_non_null(strstr(colored, "\033[31mcannot\033[0m"));
}

/* Walks a frame as a terminal does, and holds each line to its size. */
static void check_frame(const char *text, const struct frame *frame)
{
    size_t line = 0, width = 0, lines_seen = 0;
    for (const char *p = text; *p;) {
        if (*p == '\033') {
            assert_int_equal(p[1], '[');
            size_t n = strspn(p + 2, "0123456789;");
            char final = p[2 + n];
            assert_true(final == 'H' || final == 'K' || (final == 'm' && frame->color));
            if (final == 'H') {
                line = strtoul(p + 2, NULL, 10);
                lines_seen++;
                width = 0;
                assert_int_equal(line, lines_seen);
            }
            p += 3 + n;
            continue;
        }
        size_t n = text_char_len(p, strlen(p));
        char one[8] = "";
        assert_true(n > 0 && (unsigned char)*p >= 0x20 && *p != 0x7f);
        memcpy(one, p, n);
        width += text_width(one);
        assert_true(width <= frame->columns);
        p += n;
    }
    assert_int_equal(lines_seen, frame->lines);
}

#define EVIL "\\u001b[2J\\u0007\\r\\n\\u009b31m\\u00e4\\u65e5\\u672c"

static void no_size_and_no_text_breaks_a_frame(void **state)
{
    json_auto_t *evil = parse(
        "{\"fleet\":\"" EVIL "\",\"agents\":[{\"name\":\"" EVIL "\",\"lifecycle\":\"" EVIL
        "\",\"state\":\"" EVIL "\",\"held\":1,\"container\":7,\"leases\":[{\"expires_at\":\"" EVIL
        "\"}],\"cpu_percent\":1e300,\"memory_bytes\":9e18,\"memory_limit_bytes\":-1,"
        "\"last_event\":{\"time\":\"" EVIL "\",\"kind\":\"" EVIL "\",\"reason\":\"" EVIL "\"}}],"
        "\"engine_error\":\"" EVIL "\"}");
    json_auto_t *good = demo();
    const json_t *const all[] = {evil, good, NULL};
    for (size_t o = 0; o < ARRAY_LEN(all); o++)
        for (size_t lines = 1; lines <= 9; lines++)
            for (size_t columns = 1; columns <= 130; columns++)
                for (int color = 0; color < 2; color++) {
                    ROW("overview %zu, %zu lines, %zu columns", o, lines, columns);
                    struct frame frame = {.overview = all[o],
                                          .columns = columns,
                                          .lines = lines,
                                          .message = columns % 2 ? "" : "\033]0;evil\a",
                                          .color = color,
                                          .now_ms = NOW_MS};
                    _cleanup_free_ char *text = draw(&frame);
                    check_frame(text, &frame);
                }
}

static void one_line_is_the_selected_agent(void **state)
{
    json_auto_t *overview = demo();
    struct frame frame = {.overview = overview,
                          .columns = 20,
                          .lines = 1,
                          .selected = 1,
                          .first = 1,
                          .message = "",
                          .now_ms = NOW_MS};
    _cleanup_free_ char *text = draw(&frame);
    assert_string_equal(text, "\033[1;1H\033[K> web   failed");
}

static void scrolling_keeps_the_selected_in_sight(void **state)
{
    for (size_t room = 1; room < 7; room++)
        for (size_t agents = 0; agents < 12; agents++)
            for (size_t selected = 0; selected < (agents ? agents : 1); selected++)
                for (size_t first = 0; first < 14; first++) {
                    ROW("%zu of %zu in %zu from %zu", selected, agents, room, first);
                    size_t now = frame_scroll(first, selected, agents, room);
                    assert_true(now <= selected && selected < now + room);
                    assert_true(now == 0 || now + room <= agents); /* no empty line */
                    /* What is in sight already does not move. */
                    if (first <= selected && selected < first + room && first + room <= agents)
                        assert_int_equal(now, first);
                }
    for (size_t lines = 1; lines < 50; lines++)
        assert_true(frame_room(lines) >= 1 && frame_room(lines) <= lines);
}

static void the_table(void **state)
{
    json_auto_t *overview = demo();
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct table table;
    frame_table(overview, NOW_MS, &table);
    assert_int_equal(table_print(&table, out, false), 0);
    table_close(&table);
    (void)fclose(out);
    assert_non_null(strstr(text, "b          lazy (held)  running  12.3   544KiB / 23.54GiB"));
    assert_non_null(strstr(text, "  11:59:00Z container_stopped: no room\n"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_key),
        cmocka_unit_test(any_bytes_end),
        cmocka_unit_test(the_awake_come_first),
        cmocka_unit_test(joining_copes_with_nothing),
        cmocka_unit_test(a_frame),
        cmocka_unit_test(no_size_and_no_text_breaks_a_frame),
        cmocka_unit_test(one_line_is_the_selected_agent),
        cmocka_unit_test(scrolling_keeps_the_selected_in_sight),
        cmocka_unit_test(the_table),
    };
    return cmocka_run_group_tests(tests, set_locale, NULL);
}
