/* SPDX-License-Identifier: MIT
 *
 * The reader of listings: what is JSON and what is not, and what strings and numbers say.
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "engine/docker/json_read.h"

/* A copy of just this size: reading or writing past its end is seen by the sanitizers. */
static char *copy_of(const char *json)
{
    size_t len = strlen(json);
    char *text = malloc(len ? len : 1);
    assert_non_null(text);
    memcpy(text, json, len);
    return text;
}

static void what_is_json(void **state)
{
    static const struct {
        const char *json;
        bool valid;
    } rows[] = {
        {"{}", true},
        {"[]", true},
        {" [ 1 , -2.5e+3 , 0 , -0 , 1E9 , true , false , null , \"\" ] ", true},
        {"{\"a\":{\"b\":[{}]},\"\":0}", true},
        {"\"\xc3\xa4\xf0\x9f\x98\x80\x7f\"", true},
        {"\"\\u00e4\\ud83d\\ude00\\n\"", true},
        {"", false},
        {" ", false},
        {"{", false},
        {"[", false},
        {"[1", false},
        {"[1,", false},
        {"[1,]", false},
        {"[,1]", false},
        {"[1 2]", false},
        {"[1}", false},
        {"{\"a\"}", false},
        {"{\"a\":}", false},
        {"{\"a\":1,}", false},
        {"{a:1}", false},
        {"{1:1}", false},
        {"{} {}", false},
        {"[]]", false},
        {"tru", false},
        {"truex", false},
        {"nul", false},
        {"True", false},
        {"'a'", false},
        {"01", false},
        {"-", false},
        {"+1", false},
        {".5", false},
        {"1.", false},
        {"1e", false},
        {"1e+", false},
        {"0x1", false},
        {"\"", false},
        {"\"a", false},
        {"\"\\", false},
        {"\"\\\"", false},
        {"\"\\x41\"", false},
        {"\"\\u12\"", false},
        {"\"\\u12g4\"", false},
        {"\"\\ud800\"", false},
        {"\"\\ud800\\u0041\"", false},
        {"\"\\ud800x\"", false},
        {"\"\\udc00\"", false},
        {"\"\n\"", false},
        {"\"\x1f\"", false},
        {"\"\xff\"", false},
        {"\"\xc3\"", false},
        {"\"\xc0\xaf\"", false},
        {"\"\xed\xa0\x80\"", false},
        {"// comment\n1", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct json_read r;
        ROW("%s", rows[i].json);
        _cleanup_free_ char *copy = copy_of(rows[i].json);
        json_read_init(&r, copy, strlen(rows[i].json));
        json_read_skip(&r);
        assert_int_equal(json_read_end(&r), rows[i].valid);
    }
}

static void strings_are_unescaped(void **state)
{
    static const struct {
        const char *json;
        const char *text; /* NULL: no string */
    } rows[] = {
        {"\"\"", ""},
        {"\"plain\"", "plain"},
        {" \"a\\\"b\\\\c\\/d\\b\\f\\n\\r\\te\"", "a\"b\\c/d\b\f\n\r\te"},
        {"\"\\u0041\\u00e4\\u20AC\\uD83D\\uDE00z\"", "A\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z"},
        {"\"x\\u0000y\"", "x\xef\xbf\xbdy"},
        {"\"\\n\xc3\xa4\"", "\n\xc3\xa4"},
        {"7", NULL},
        {"null", NULL},
        {"\"open", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct json_read r;
        ROW("%s", rows[i].json);
        _cleanup_free_ char *copy = copy_of(rows[i].json);
        json_read_init(&r, copy, strlen(rows[i].json));
        const char *text = json_read_string(&r);
        if (rows[i].text)
            assert_string_equal(text, rows[i].text);
        else
            assert_null(text);
        assert_int_equal(json_read_end(&r), rows[i].text != NULL);
    }
}

static void integers(void **state)
{
    static const struct {
        const char *json;
        int64_t value;
        bool valid;
    } rows[] = {
        {"0", 0, true},
        {"-7", -7, true},
        {"999999999999999999", INT64_C(999999999999999999), true},
        {"1000000000000000000", 0, true}, /* does not fit in 18 digits */
        {"99999999999999999999999", 0, true},
        {"1.5", 0, true},
        {"1e3", 0, true},
        {"\"7\"", 0, false},
        {"-", 0, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct json_read r;
        ROW("%s", rows[i].json);
        _cleanup_free_ char *copy = copy_of(rows[i].json);
        json_read_init(&r, copy, strlen(rows[i].json));
        assert_int_equal(json_read_integer(&r), rows[i].value);
        assert_int_equal(json_read_end(&r), rows[i].valid);
    }
}

static void a_walk(void **state)
{
    static const char json[] = "{\"a\":[1,2,3],\"b\":{\"c\":\"d\"},\"e\":null}";
    struct json_read r;
    _cleanup_free_ char *copy = copy_of(json);
    json_read_init(&r, copy, strlen(json));
    struct json_scope object = json_read_object(&r);
    assert_string_equal(json_read_member(&r, &object), "a");
    assert_int_equal(json_read_peek(&r), JSON_KIND_ARRAY);
    struct json_scope array = json_read_array(&r);
    int64_t sum = 0;
    while (json_read_element(&r, &array))
        sum = sum * 10 + json_read_integer(&r);
    assert_int_equal(sum, 123);
    assert_string_equal(json_read_member(&r, &object), "b");
    json_read_skip(&r);
    assert_string_equal(json_read_member(&r, &object), "e");
    assert_int_equal(json_read_peek(&r), JSON_KIND_NULL);
    json_read_skip(&r);
    assert_null(json_read_member(&r, &object));
    assert_true(json_read_end(&r));
}

static void depth_has_a_ceiling(void **state)
{
    for (unsigned depth = JSON_READ_DEPTH_MAX - 1; depth <= JSON_READ_DEPTH_MAX + 1; depth++) {
        char json[2 * JSON_READ_DEPTH_MAX + 4];
        struct json_read r;
        ROW("%u", depth);
        memset(json, '[', depth);
        memset(json + depth, ']', depth);
        json[(size_t)2 * depth] = '\0';
        _cleanup_free_ char *copy = copy_of(json);
        json_read_init(&r, copy, strlen(json));
        json_read_skip(&r);
        assert_int_equal(json_read_end(&r), depth <= JSON_READ_DEPTH_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_json),
        cmocka_unit_test(strings_are_unescaped),
        cmocka_unit_test(integers),
        cmocka_unit_test(a_walk),
        cmocka_unit_test(depth_has_a_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
