/* SPDX-License-Identifier: MIT
 *
 * Words like lifecycle=lazy, carried out on a row.
 */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "cli/assign.h"

static struct row new_row(const char *spec)
{
    struct row row = {0};
    assert_int_equal(row_set(&row.name, "web"), 0);
    assert_int_equal(row_set(&row.lifecycle, "hot"), 0);
    assert_int_equal(row_set(&row.image, "busybox"), 0);
    assert_int_equal(row_set(&row.idle_timeout, "5m"), 0);
    assert_int_equal(row_set(&row.pool, "p"), 0);
    assert_int_equal(row_set(&row.held_reason, "why"), 0);
    assert_int_equal(row_set(&row.spec, spec), 0);
    row.held = true;
    return row;
}

/* Words are separated by "|". */
static int assign(struct row *row, const char *line, struct error *err)
{
    char text[512];
    const char *words[16];
    size_t n = 0;
    (void)snprintf(text, sizeof(text), "%s", line);
    for (char *word = strtok(text, "|"); word; word = strtok(NULL, "|"))
        words[n++] = word;
    return assign_words(row, words, n, err);
}

static void test_columns(void **state)
{
    _cleanup_(row_close) struct row row = new_row("{ }");
    assert_int_equal(assign(&row,
                            "lifecycle=lazy|image=other|idle_timeout=90m|pool=q|held=false|"
                            "source=/a/compose.yaml",
                            NULL),
                     0);
    assert_string_equal(row.lifecycle, "lazy");
    assert_string_equal(row.image, "other");
    assert_string_equal(row.idle_timeout, "1h30m");
    assert_string_equal(row.pool, "q");
    assert_string_equal(row.source, "/a/compose.yaml");
    assert_false(row.held);
    assert_null(row.held_reason);
    assert_string_equal(row.spec, "{ }"); /* not touched, so as it was written */
    assert_int_equal(assign(&row, "idle_timeout=|pool=|source=|held=1", NULL), 0);
    assert_null(row.idle_timeout);
    assert_null(row.pool);
    assert_null(row.source);
    assert_true(row.held);
}

static void test_paths(void **state)
{
    static const struct {
        const char *before, *line, *after;
    } rows[] = {
        {"{}", "environment.A=1", "{\"environment\":{\"A\":\"1\"}}"},
        {"{}", "environment.A=1.10|environment.B=true|environment.C=",
         "{\"environment\":{\"A\":\"1.10\",\"B\":\"true\",\"C\":\"\"}}"},
        {"{}", "environment.A={\"x\":1}", NULL},
        {"{}", "environment.A=\"{x}\"", "{\"environment\":{\"A\":\"{x}\"}}"},
        {"{}", "environment.A=a=b", "{\"environment\":{\"A\":\"a=b\"}}"},
        {"{\"environment\":[\"A=1\"]}", "environment.B=2",
         "{\"environment\":{\"A\":\"1\",\"B\":\"2\"}}"},
        {"{\"environment\":{\"A\":\"1\",\"B\":\"2\"}}", "environment.A=null",
         "{\"environment\":{\"B\":\"2\"}}"},
        {"{\"environment\":{\"A\":\"1\"}}", "environment=null", "{}"},
        {"{\"environment\":{\"A\":\"1\"}}", "environment={\"B\":\"2\"}",
         "{\"environment\":{\"B\":\"2\"}}"},
        {"{}", "labels.com.example.a=b", "{\"labels\":{\"com.example.a\":\"b\"}}"},
        {"{}", "read_only=true", "{\"read_only\":true}"},
        {"{}", "user=1000", "{\"user\":\"1000\"}"},
        {"{}", "user=007", "{\"user\":\"007\"}"},
        {"{}", "cpus=0.5", "{\"cpus\":\"0.5\"}"},
        {"{}", "pids_limit=100", "{\"pids_limit\":100}"},
        {"{}", "command=[\"sleep\",\"9\"]", "{\"command\":[\"sleep\",\"9\"]}"},
        {"{}", "command=sleep 9", "{\"command\":[\"sleep\",\"9\"]}"},
        {"{}", "x-roost.ready.tcp=8080", "{\"x-roost\":{\"ready\":{\"tcp\":8080}}}"},
        {"{}", "healthcheck.interval=5s|healthcheck.retries=3|healthcheck.test=true",
         "{\"healthcheck\":{\"interval\":\"5s\",\"retries\":3,\"test\":[\"CMD-SHELL\",\"true\"]}}"},
        {"{}", "spec={\"read_only\":true}|user=me", "{\"read_only\":true,\"user\":\"me\"}"},
        {"nonsense", "spec={}", "{}"},
        {"nonsense", "lifecycle=lazy", "nonsense"},
        {"{\"restart\":\"always\"}", "lifecycle=lazy|restart=null", "{}"},
        {"{}", "hostname=null", "{}"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%s %s", rows[i].before, rows[i].line);
        _cleanup_(row_close) struct row row = new_row(rows[i].before);
        struct error err = ERROR_INIT;
        int r = assign(&row, rows[i].line, &err);
        assert_int_equal(r, rows[i].after ? 0 : -EINVAL);
        if (rows[i].after)
            assert_string_equal(row.spec, rows[i].after);
    }
}

static void test_wrong(void **state)
{
    static const struct {
        const char *before, *line;
        enum error_kind kind;
        const char *part; /* of the message */
    } rows[] = {
        {"{}", "lifecycle=warm", ERROR_USAGE, "hot or lazy, not \"warm\""},
        {"{}", "lifecycel=hot", ERROR_USAGE, "did you mean \"lifecycle\"?"},
        {"{}", "enviroment.A=1", ERROR_USAGE, "did you mean \"environment\"?"},
        {"{}", "frobnicate=1", ERROR_USAGE, "`roost help set`"},
        {"{}", "held=perhaps", ERROR_USAGE, "true or false"},
        {"{}", "idle_timeout=soon", ERROR_USAGE, "90s or 1h30m"},
        {"{}", "idle_timeout=5", ERROR_USAGE, "90s or 1h30m"},
        {"{}", "idle_timeout=0s", ERROR_USAGE, "90s or 1h30m"},
        {"{}", "image=", ERROR_USAGE, "needs an image"},
        {"{}", "source=compose.yaml", ERROR_USAGE, "absolute path"},
        {"{}", "spec=[]", ERROR_USAGE, "spec is a JSON object"},
        {"{}", "spec={", ERROR_USAGE, "spec is a JSON object"},
        {"{}", "spec={\"a\":1,\"a\":2}", ERROR_USAGE, "spec is a JSON object"},
        {"{}", "ports=[1", ERROR_USAGE, "ports: not valid JSON"},
        {"{}", "environment.=1", ERROR_USAGE, "a key is missing"},
        {"{}", ".a=1", ERROR_USAGE, "unknown key \"\""},
        {"{}", "lifecycle", ERROR_USAGE, "key=value"},
        {"{}", "=1", ERROR_USAGE, "key=value"},
        {"{}", "user=\xff", ERROR_USAGE, "UTF-8"},
        {"{\"command\":[\"a\"]}", "command.x=1", ERROR_USAGE, "no keys below command"},
        {"{\"x-roost\":{\"ready\":\"started\"}}", "x-roost.ready.tcp=80", ERROR_USAGE,
         "no keys below x-roost.ready; give it whole: x-roost.ready=…"},
        {"{}", "stop_grace_period=soon", ERROR_INVALID, "stop_grace_period"},
        {"{}", "spec={\"no_such_key\":1}", ERROR_INVALID, "no_such_key"},
        {"nonsense", "image=other", ERROR_INVALID, "not valid JSON"},
        {"nonsense", "user=me", ERROR_INVALID, "spec='{…}'"},
        {"{\"restart\":\"always\"}", "lifecycle=lazy", ERROR_INVALID, "restart"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%s", rows[i].line);
        _cleanup_(row_close) struct row row = new_row(rows[i].before);
        struct error err = ERROR_INIT;
        assert_int_equal(assign(&row, rows[i].line, &err), -EINVAL);
        assert_int_equal(err.kind, rows[i].kind);
        if (!strstr(err.text, rows[i].part))
            fail_msg("\"%s\" is not in \"%s\"", rows[i].part, err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_wrong),
    };
    return cmocka_run_group_tests_name("cli_assign", tests, NULL, NULL);
}
