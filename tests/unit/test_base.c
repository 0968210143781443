/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/nearest.h"
#include "base/sha256.h"
#include "base/text.h"

static void buf_stops_at_its_ceiling(void **state)
{
    _cleanup_(buf_close) struct buf b = BUF_INIT(5);
    assert_int_equal(buf_puts(&b, "abc"), 0);
    assert_int_equal(buf_printf(&b, "%d", 12), 0);
    assert_int_equal(buf_putc(&b, 'x'), -EFBIG);
    assert_int_equal(buf_puts(&b, ""), -EFBIG); /* the first failure sticks */
    assert_string_equal(buf_text(&b), "abc12");
    assert_null(buf_steal(&b));
    buf_reset(&b);
    assert_int_equal(buf_puts(&b, "hello"), 0);
    buf_consume(&b, 2);
    assert_string_equal(buf_text(&b), "llo");
}

static void durations(void **state)
{
    static const struct {
        const char *text;
        int r;
        uint64_t ns;
        const char *back;
    } rows[] = {
        {"0", 0, 0, "0s"},
        {"90s", 0, 90 * NS_PER_S, "1m30s"},
        {"1h30m", 0, 5400 * NS_PER_S, "1h30m"},
        {"1.5s", 0, 1500 * NS_PER_MS, "1s500ms"},
        {"15m", 0, 900 * NS_PER_S, "15m"},
        {"2d", 0, 172800 * NS_PER_S, "48h"},
        {"250us", 0, 250000, "250us"},
        {"0.000001s", 0, 1000, "1us"},
        {"", -EINVAL, 0, ""},
        {"5", -EINVAL, 0, ""},
        {"-5s", -EINVAL, 0, ""},
        {"5 s", -EINVAL, 0, ""},
        {"5.s", -EINVAL, 0, ""},
        {"5x", -EINVAL, 0, ""},
        {"5s ", -EINVAL, 0, ""},
        {"99999999999999999999s", -ERANGE, 0, ""},
        {"18446744073709551615h", -ERANGE, 0, ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint64_t ns = 1;
        char back[DURATION_TEXT_SIZE];
        ROW("%s", rows[i].text);
        assert_int_equal(duration_parse(rows[i].text, &ns), rows[i].r);
        if (rows[i].r < 0) {
            assert_int_equal(ns, 1); /* untouched on failure */
            continue;
        }
        assert_int_equal(ns, rows[i].ns);
        duration_format(ns, back);
        assert_string_equal(back, rows[i].back);
    }
}

static void sizes(void **state)
{
    static const struct {
        const char *text;
        int r;
        uint64_t bytes;
    } rows[] = {
        {"0", 0, 0},
        {"512", 0, 512},
        {"64m", 0, 64U << 20},
        {"64MB", 0, 64U << 20},
        {"1g", 0, 1U << 30},
        {"3kb", 0, 3072},
        {"7b", 0, 7},
        {"", -EINVAL, 0},
        {"m", -EINVAL, 0},
        {"1.5g", -EINVAL, 0},
        {"-1", -EINVAL, 0},
        {"1t", -EINVAL, 0},
        {"17179869184g", -ERANGE, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint64_t bytes = 1;
        ROW("%s", rows[i].text);
        assert_int_equal(size_parse(rows[i].text, &bytes), rows[i].r);
        assert_int_equal(bytes, rows[i].r < 0 ? 1 : rows[i].bytes);
    }
}

static void times(void **state)
{
    static const struct {
        const char *text;
        int r;
        int64_t ms;
        const char *back;
    } rows[] = {
        {"2026-11-24T08:10:00Z", 0, 1795507800000, "2026-11-24T08:10:00.000Z"},
        {"2026-11-24T08:10:00.1234567Z", 0, 1795507800123, "2026-11-24T08:10:00.123Z"},
        {"2026-11-24T09:10:00.5+01:00", 0, 1795507800500, "2026-11-24T08:10:00.500Z"},
        {"1969-12-31T23:59:59.999Z", 0, -1, "1969-12-31T23:59:59.999Z"},
        {"2026-11-24", -EINVAL, 0, ""},
        {"2026-11-24T08:10:00", -EINVAL, 0, ""},
        {"2026-11-24T08:10:00.Z", -EINVAL, 0, ""},
        {"2026-11-24T08:10:00+1:00", -EINVAL, 0, ""},
        {"2026-11-24T08:10:00Zx", -EINVAL, 0, ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t ms = 7;
        char back[TIME_TEXT_SIZE];
        ROW("%s", rows[i].text);
        assert_int_equal(time_parse(rows[i].text, &ms), rows[i].r);
        if (rows[i].r < 0)
            continue;
        assert_true(ms == rows[i].ms);
        time_format(ms, back);
        assert_string_equal(back, rows[i].back);
    }
}

static void errors_gather_context(void **state)
{
    struct error err = ERROR_INIT;
    assert_int_equal(
        error_set(&err, -EINVAL, ERROR_INVALID, "bad_port", "port %d is no port", 99999), -EINVAL);
    assert_int_equal(error_wrap(&err, -EINVAL, "service %s", "web"), -EINVAL);
    assert_string_equal(err.text, "service web: port 99999 is no port");
    assert_string_equal(err.code, "bad_port");
    assert_int_equal(error_exit_status(err.kind), 1);
    assert_int_equal(error_http_status(err.kind), 422);
    /* An argument may be the error's own text. */
    error_set(&err, 1, ERROR_FAILED, NULL, "again: %s", err.text);
    assert_string_equal(err.text, "again: service web: port 99999 is no port");
    error_clear(&err);
    assert_int_equal(error_wrap(&err, -ENOENT, "cannot read %s", "x"), -ENOENT);
    assert_string_equal(err.text, "cannot read x: No such file or directory");
    assert_int_equal(error_set(NULL, -5, ERROR_FAILED, NULL, "nobody reads it"), -5);
}

static void errors_are_cut_at_a_character(void **state)
{
    struct error err = ERROR_INIT;
    char text[2 * ERROR_TEXT_SIZE + 1];
    for (size_t i = 0; i < 2 * ERROR_TEXT_SIZE; i += 2)
        memcpy(text + i, "\xc3\xa9", 2);
    text[2 * ERROR_TEXT_SIZE] = '\0';
    error_set(&err, 1, ERROR_FAILED, NULL, "%s", text);
    assert_true(text_is_utf8(err.text, strlen(err.text)));
    assert_int_equal(strlen(err.text), ERROR_TEXT_SIZE - 2);
}

static void nearest_word(void **state)
{
    static const struct {
        const char *word, *best;
    } rows[] = {
        {"enviroment", "environment"},
        {"imgae", "image"},
        {"PORTS", "ports"},
        {"prots", "ports"},
        {"zebra", NULL},
        {"", NULL},
    };
    static const char *const known[] = {"image", "ports", "environment", "expose"};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct nearest n = {.word = rows[i].word};
        ROW("%s", rows[i].word);
        for (size_t k = 0; k < ARRAY_LEN(known); k++)
            nearest_offer(&n, known[k]);
        if (rows[i].best)
            assert_string_equal(n.best, rows[i].best);
        else
            assert_null(n.best);
    }
}

static void sha256_and_hex(void **state)
{
    uint8_t digest[SHA256_SIZE], back[SHA256_SIZE];
    char text[SHA256_HEX_SIZE];
    sha256("abc", 3, digest); /* FIPS 180-2, B.1 */
    hex_format(digest, sizeof(digest), text);
    assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(hex_parse(text, back, sizeof(back)), 0);
    assert_memory_equal(back, digest, sizeof(back));
    assert_int_equal(hex_parse("ba78", back, sizeof(back)), -EINVAL);
    text[5] = 'x';
    assert_int_equal(hex_parse(text, back, sizeof(back)), -EINVAL);
}

static void hostile_text_is_made_visible(void **state)
{
    char clean[64];
    text_visible("a\x1b[31m\r\n\xc2\x9b"
                 "\xff\xc3\xa9",
                 clean, sizeof(clean));
    assert_string_equal(clean, "a\\x1b[31m\\x0d\\x0a\\x9b\\xff\xc3\xa9");
    text_visible("\n\n\n\n", clean, 8);
    assert_string_equal(clean, "\\x0a"); /* no half escape */
    assert_false(text_is_utf8("\xc0\xaf", 2));
    assert_false(text_is_utf8("\xed\xa0\x80", 3));
    assert_false(text_is_utf8("a\0b", 3));
    assert_true(text_is_utf8("\xf0\x9f\x90\x93", 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buf_stops_at_its_ceiling),
        cmocka_unit_test(durations),
        cmocka_unit_test(sizes),
        cmocka_unit_test(times),
        cmocka_unit_test(errors_gather_context),
        cmocka_unit_test(errors_are_cut_at_a_character),
        cmocka_unit_test(nearest_word),
        cmocka_unit_test(sha256_and_hex),
        cmocka_unit_test(hostile_text_is_made_visible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
