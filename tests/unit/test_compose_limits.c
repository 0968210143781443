/* SPDX-License-Identifier: MIT
 *
 * Each limit of compose.h: what is just inside loads, what is past it is refused by a message
 * that names the limit.
 */
#include "compose_fixture.h"

#include "compose/yaml.h"

#define SERVICE "services: {web: {image: busybox}}\n"

static struct buf text_of(void)
{
    return (struct buf)BUF_INIT(2UL * COMPOSE_FILE_MAX);
}

static void repeat(struct buf *b, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        (void)buf_puts(b, text);
}

static void loads(const struct buf *text)
{
    assert_int_equal(text->error, 0);
    _cleanup_project_ struct compose_project *p = fixture_good(buf_text(text), NULL);
    assert_int_equal(p->n_warnings, 0);
}

static void refused(const struct buf *text, const char *const *env, const char *message)
{
    _cleanup_project_ struct compose_project *p = NULL;
    struct error err = ERROR_INIT;
    assert_int_equal(text->error, 0);
    assert_int_equal(fixture_load(buf_text(text), env, &p, &err), -EINVAL);
    assert_string_equal(err.text, message);
}

static void put_nested(struct buf *b, size_t levels, const char *inside)
{
    repeat(b, "[", levels);
    (void)buf_puts(b, inside);
    repeat(b, "]", levels);
}

static void depth(void **state)
{
    _cleanup_(buf_close) struct buf in = text_of(), out = text_of(), alias = text_of();
    (void)buf_puts(&in, SERVICE "x-a: ");
    put_nested(&in, COMPOSE_DEPTH_MAX - 1, "a");
    loads(&in);
    (void)buf_puts(&out, SERVICE "x-a: ");
    put_nested(&out, COMPOSE_DEPTH_MAX, "a");
    refused(&out, NULL, "compose.yaml:2:37: nested deeper than 32 levels");
    (void)buf_puts(&alias, SERVICE "x-a: &a ");
    put_nested(&alias, 16, "a");
    (void)buf_puts(&alias, "\nx-b: ");
    put_nested(&alias, 16, "*a");
    refused(&alias, NULL, "compose.yaml:3:22: nested deeper than 32 levels");
}

/* With the root, "services" … "busybox" and "x-a" nine nodes stand around the items. */
static void put_list(struct buf *b, size_t n)
{
    (void)buf_puts(b, SERVICE "x-a: [");
    repeat(b, "a,", n);
    (void)buf_puts(b, "]\n");
}

static void nodes(void **state)
{
    _cleanup_(buf_close) struct buf in = text_of(), out = text_of();
    put_list(&in, COMPOSE_NODES_MAX - 9);
    loads(&in);
    put_list(&out, COMPOSE_NODES_MAX - 8);
    refused(&out, NULL,
            "compose.yaml:2:999989: more than 500000 values, with the aliases written out; split "
            "the file");
}

/* 9 to the 9th, in a few lines. */
static void nodes_by_aliases(void **state)
{
    _cleanup_(buf_close) struct buf b = text_of();
    (void)buf_puts(&b, "x-0: &a0 [a,a,a,a,a,a,a,a,a]\n");
    for (int i = 1; i < 10; i++) {
        (void)buf_printf(&b, "x-%d: &a%d [", i, i);
        for (int k = 0; k < 9; k++)
            (void)buf_printf(&b, "*a%d,", i - 1);
        (void)buf_puts(&b, "]\n");
    }
    (void)buf_puts(&b, SERVICE);
    refused(&b, NULL,
            "compose.yaml:6:6: more than 500000 values, with the aliases written out; split the "
            "file");
}

/* A thousand keys, merged a thousand times: none of the maps is large. */
static void nodes_by_merging(void **state)
{
    _cleanup_(buf_close) struct buf b = text_of();
    (void)buf_puts(&b, "x-base: &base\n");
    for (int i = 0; i < 1000; i++)
        (void)buf_printf(&b, "  k%d: v\n", i);
    (void)buf_puts(&b, "x-all:\n");
    for (int i = 0; i < 1000; i++)
        (void)buf_puts(&b, "  - <<: *base\n");
    (void)buf_puts(&b, SERVICE);
    _cleanup_project_ struct compose_project *p = NULL;
    struct error err = ERROR_INIT;
    assert_int_equal(fixture_load(buf_text(&b), NULL, &p, &err), -EINVAL);
    assert_non_null(strstr(err.text, ": more than 500000 values, with the aliases written out"));
}

static void put_services(struct buf *b, int n)
{
    (void)buf_puts(b, "services:\n");
    for (int i = 0; i < n; i++)
        (void)buf_printf(b, "  s%d: {image: b}\n", i);
}

static void services(void **state)
{
    _cleanup_(buf_close) struct buf in = text_of(), out = text_of();
    put_services(&in, COMPOSE_SERVICES_MAX);
    loads(&in);
    put_services(&out, COMPOSE_SERVICES_MAX + 1);
    refused(&out, NULL,
            "compose.yaml:10002:3: more than 10000 services, with what is scaled; "
            "use fewer");
}

/* One long text that many services share: few nodes, many bytes. */
static void text_by_aliases(void **state)
{
    _cleanup_(buf_close) struct buf b = text_of();
    (void)buf_puts(&b, "x-long: &long ");
    repeat(&b, "0123456789", 50000);
    (void)buf_puts(&b, "\nservices:\n");
    for (int i = 0; i < 200; i++)
        (void)buf_printf(&b, "  s%d: {image: b, x-a: *long}\n", i);
    refused(&b, NULL,
            "compose.yaml:1:9: more than 67108864 bytes of text, with the aliases and variables "
            "written out; split the file");
}

static void text_by_variables(void **state)
{
    _cleanup_(buf_close) struct buf b = text_of(), value = text_of();
    (void)buf_puts(&value, "LONG=");
    repeat(&value, "0123456789", 50000);
    (void)buf_puts(&b, "services:\n");
    for (int i = 0; i < 200; i++)
        (void)buf_printf(&b, "  s%d: {image: b, x-a: $LONG}\n", i);
    refused(&b, (const char *const[]){buf_text(&value), NULL},
            "compose.yaml:136:25: more than 67108864 bytes of text, with the aliases and variables "
            "written out; split the file");
}

static void one_value(void **state)
{
    _cleanup_(buf_close) struct buf b = text_of(), value = text_of();
    (void)buf_puts(&value, "LONG=");
    repeat(&value, "0123456789", 50000);
    (void)buf_puts(&b, "services: {a: {image: b, labels: {a: \"");
    repeat(&b, "$LONG", 9);
    (void)buf_puts(&b, "\"}}}\n");
    refused(&b, (const char *const[]){buf_text(&value), NULL},
            "compose.yaml:1:38: a text of more than 4194304 bytes, with its variables");
}

static void one_row(void **state)
{
    _cleanup_(buf_close) struct buf in = text_of(), out = text_of();
    (void)buf_puts(&in, "services: {a: {image: b, labels: {a: ");
    repeat(&in, "0123456789", 100000);
    (void)buf_puts(&in, "}}}\n");
    loads(&in);
    (void)buf_puts(&out, "services:\n  a: {image: b, labels: {a: ");
    repeat(&out, "0123456789", 105000);
    (void)buf_puts(&out, "}}\n");
    _cleanup_project_ struct compose_project *p = NULL;
    struct error err = ERROR_INIT;
    assert_int_equal(fixture_load(buf_text(&out), NULL, &p, &err), -EINVAL);
    assert_non_null(strstr(err.text, "compose.yaml:2:3: service \"a\""));
    assert_non_null(strstr(err.text, "1048576"));
}

static void put_anchors(struct buf *b, int n)
{
    (void)buf_puts(b, SERVICE "x-a:\n");
    for (int i = 0; i < n; i++)
        (void)buf_printf(b, "  - &a%d b\n", i);
}

static void anchors(void **state)
{
    _cleanup_(buf_close) struct buf in = text_of(), out = text_of();
    put_anchors(&in, YAML_ANCHORS_MAX);
    loads(&in);
    put_anchors(&out, YAML_ANCHORS_MAX + 1);
    refused(&out, NULL, "compose.yaml:1003:5: more than 1000 anchors");
}

/* A warning for each of very many variables, but not without end. */
static void warnings(void **state)
{
    _cleanup_(buf_close) struct buf b = text_of();
    (void)buf_puts(&b, "services:\n  a:\n    image: b\n    labels:\n");
    for (int i = 0; i < 2 * DIAG_WARNINGS_MAX; i++)
        (void)buf_printf(&b, "      l%d: $V%d\n", i, i);
    _cleanup_project_ struct compose_project *p = fixture_good(buf_text(&b), NULL);
    assert_int_equal(p->n_warnings, DIAG_WARNINGS_MAX);
}

static void a_nul_byte_behind_the_text(void **state)
{
    static const char text[] = SERVICE "\0";
    _cleanup_project_ struct compose_project *p = NULL;
    struct error err = ERROR_INIT;
    assert_int_equal(fixture_load_len(text, sizeof(text) - 1, NULL, &p, &err), -EINVAL);
    assert_string_equal(err.text, "compose.yaml:2:1: a NUL byte; is this a text file?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(depth),
        cmocka_unit_test(nodes),
        cmocka_unit_test(nodes_by_aliases),
        cmocka_unit_test(nodes_by_merging),
        cmocka_unit_test(services),
        cmocka_unit_test(text_by_aliases),
        cmocka_unit_test(text_by_variables),
        cmocka_unit_test(one_value),
        cmocka_unit_test(one_row),
        cmocka_unit_test(anchors),
        cmocka_unit_test(warnings),
        cmocka_unit_test(a_nul_byte_behind_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
