/* SPDX-License-Identifier: MIT
 *
 * What a single value means: plain scalars, variables, the lines of an env file.
 */
#include "compose_fixture.h"

#include "base/buf.h"
#include "compose/dotenv.h"
#include "compose/interpolate.h"
#include "compose/scalar.h"

static void plain_scalars(void **state)
{
    static const struct {
        const char *text;
        enum scalar_kind kind;
        const char *written; /* for a container; "" where the kind has no text of its own */
    } rows[] = {
        {"", SCALAR_NULL, ""},
        {"~", SCALAR_NULL, ""},
        {"null", SCALAR_NULL, ""},
        {"NULL", SCALAR_NULL, ""},
        {"nUll", SCALAR_TEXT, ""},
        {"true", SCALAR_BOOL, "true"},
        {"True", SCALAR_BOOL, "true"},
        {"FALSE", SCALAR_BOOL, "false"},
        {"tRue", SCALAR_TEXT, ""},
        {"yes", SCALAR_TEXT, ""},
        {"no", SCALAR_TEXT, ""},
        {"on", SCALAR_TEXT, ""},
        {"off", SCALAR_TEXT, ""},
        {"y", SCALAR_TEXT, ""},
        {"0", SCALAR_INT, "0"},
        {"-0", SCALAR_INT, "0"},
        {"+7", SCALAR_INT, "7"},
        {"-42", SCALAR_INT, "-42"},
        {"0644", SCALAR_INT, "420"},
        {"0o644", SCALAR_INT, "420"},
        {"0x1F", SCALAR_INT, "31"},
        {"-0x1f", SCALAR_INT, "-31"},
        {"0b101", SCALAR_INT, "5"},
        {"1_000", SCALAR_INT, "1000"},
        {"08", SCALAR_REAL, "8"},
        {"9223372036854775807", SCALAR_INT, "9223372036854775807"},
        {"9223372036854775808", SCALAR_TEXT, ""},
        {"99999999999999999999999", SCALAR_TEXT, ""},
        {"0x", SCALAR_TEXT, ""},
        {"0xg", SCALAR_TEXT, ""},
        {"0x-1", SCALAR_TEXT, ""},
        {"+-1", SCALAR_TEXT, ""},
        {"-", SCALAR_TEXT, ""},
        {"+", SCALAR_TEXT, ""},
        {".", SCALAR_TEXT, ""},
        {"..", SCALAR_TEXT, ""},
        {"_", SCALAR_TEXT, ""},
        {"1.5", SCALAR_REAL, "1.5"},
        {"1.10", SCALAR_REAL, "1.1"},
        {"1.", SCALAR_REAL, "1"},
        {".5", SCALAR_REAL, "0.5"},
        {"-.5e1", SCALAR_REAL, "-5"},
        {"1e3", SCALAR_REAL, "1000"},
        {"1e6", SCALAR_REAL, "1e+06"},
        {"123456.7", SCALAR_REAL, "123456.7"},
        {"1234567.5", SCALAR_REAL, "1.2345675e+06"},
        {"0.0001", SCALAR_REAL, "0.0001"},
        {"0.00001", SCALAR_REAL, "1e-05"},
        {"0.1", SCALAR_REAL, "0.1"},
        {"0.30000000000000004", SCALAR_REAL, "0.30000000000000004"},
        {"1e400", SCALAR_TEXT, ""},
        {"1e", SCALAR_TEXT, ""},
        {"1.2.3", SCALAR_TEXT, ""},
        {"1 2", SCALAR_TEXT, ""},
        {"1m", SCALAR_TEXT, ""},
        {"22:22", SCALAR_TEXT, ""},
        {"2026-11-24", SCALAR_TEXT, ""},
        {".inf", SCALAR_TEXT, ""},
        {".nan", SCALAR_TEXT, ""},
        {"inf", SCALAR_TEXT, ""},
        {"nan", SCALAR_TEXT, ""},
        {"0x1p3", SCALAR_TEXT, ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[SCALAR_TEXT_SIZE];
        ROW("%s", rows[i].text);
        struct scalar s = scalar_resolve(rows[i].text);
        assert_int_equal(s.kind, rows[i].kind);
        scalar_format(&s, text);
        assert_string_equal(text, rows[i].written);
    }
}

static void a_very_long_number_is_a_text(void **state)
{
    char text[2000];
    memset(text, '1', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(scalar_resolve(text).kind, SCALAR_TEXT);
}

/* ---- variables ---- */

struct environment {
    const char *const *values;
    char unset[64]; /* the names that were asked for in vain, each with a blank */
    char asked[64];
};

static void note(char *names, size_t size, const char *name)
{
    size_t n = strlen(names);
    (void)snprintf(names + n, size - n, "%s ", name);
}

static const char *lookup(void *ctx, const char *name)
{
    struct environment *e = ctx;
    note(e->asked, sizeof(e->asked), name);
    return fixture_env((void *)e->values, name);
}

static int on_unset(void *ctx, const char *name)
{
    struct environment *e = ctx;
    note(e->unset, sizeof(e->unset), name);
    return 0;
}

static const char *const values[] = {"A=one", "B=two", "E=", "_x9=nine", "D=$A", NULL};

static void variables(void **state)
{
    static const struct {
        const char *text;
        const char *result; /* NULL: refused */
        const char *unset;
        const char *asked;
    } rows[] = {
        {"", "", "", ""},
        {"plain }{ text", "plain }{ text", "", ""},
        {"$A", "one", "", "A "},
        {"${A}", "one", "", "A "},
        {"$A$B", "onetwo", "", "A B "},
        {"${A}b", "oneb", "", "A "},
        {"$A.b", "one.b", "", "A "},
        {"$Ab", "", "Ab ", "Ab "},
        {"$_x9-", "nine-", "", "_x9 "},
        {"$$A", "$A", "", ""},
        {"$$$A", "$one", "", "A "},
        {"$$$$", "$$", "", ""},
        {"$D", "$A", "", "D "}, /* a value is not looked at again */
        {"$U", "", "U ", "U "},
        {"${U}", "", "U ", "U "},
        {"${A:-x}", "one", "", "A "},
        {"${A-x}", "one", "", "A "},
        {"${U:-x}", "x", "", "U "},
        {"${U-x}", "x", "", "U "},
        {"${E:-x}", "x", "", "E "},
        {"${E-x}", "", "", "E "},
        {"${U:-}", "", "", "U "},
        {"${U-}y", "y", "", "U "},
        {"${U:-a b:c}", "a b:c", "", "U "},
        {"${U:-$A}", "one", "", "U A "},
        {"${U:-${A}}", "one", "", "U A "},
        {"${U:-${V:-${W-deep}}}", "deep", "", "U V W "},
        {"${U:-${V:-x}y}z", "xyz", "", "U V "},
        {"${U:-$V}", "", "V ", "U V "},
        {"${A:-$V}", "one", "", "A "}, /* not taken, not looked up */
        {"${A:-${V:?no}}", "one", "", "A "},
        {"${U:-$$}", "$", "", "U "},
        {"${U:-{\"a\":1}}", "{\"a\":1}", "", "U "},
        {"${U:-{\"a\":{}}}}", "{\"a\":{}}}", "", "U "},
        {"${A:-{}}", "one", "", "A "}, /* braces of a word come in pairs */
        {"${A:-{\"a\":1}}", "one", "", "A "},
        {"${U:-{$A}}", "{one}", "", "U A "},
        {"${U:-{${A}}}", "{one}", "", "U A "},
        {"${A:+{x}}", "{x}", "", "A "},
        {"{$A}", "{one}", "", "A "},
        {"${A:+x}", "x", "", "A "},
        {"${A+x}", "x", "", "A "},
        {"${E:+x}", "", "", "E "},
        {"${E+x}", "x", "", "E "},
        {"${U:+x}", "", "", "U "},
        {"${U+$V}", "", "", "U "},
        {"${A:+$B}", "two", "", "A B "},
        {"${A:?no}", "one", "", "A "},
        {"${A?no}", "one", "", "A "},
        {"${E?no}", "", "", "E "},
        {"${A:?${U:?x}}", "one", "", "A "},
        {"$", "$", "", ""}, /* what neither a name nor a brace follows */
        {"^a$", "^a$", "", ""},
        {"$1$2", "$1$2", "", ""},
        {"$ A", "$ A", "", ""},
        {"$-", "$-", "", ""},
        {"$(A)", "$(A)", "", ""},
        {"$}", "$}", "", ""},
        {"$1$A$", "$1one$", "", "A "},
        {"${U:-$}", "$", "", "U "},
        {"${A:-$}", "one", "", "A "},
        {"${", NULL, "", ""},
        {"${}", NULL, "", ""},
        {"${A", NULL, "", ""},
        {"${A:-x", NULL, "", "A "},
        {"${U:-${V}", NULL, "V ", "U V "},
        {"${ A}", NULL, "", ""},
        {"${A }", NULL, "", ""},
        {"${A:}", NULL, "", ""},
        {"${A:=x}", NULL, "", ""},
        {"${A%x}", NULL, "", ""},
        {"${1}", NULL, "", ""},
        {"${E:?}", NULL, "", "E "},
        {"${U?}", NULL, "", "U "},
        {"${A:-${}", NULL, "", "A "},
        {"${A:-{}", NULL, "", "A "},
        {"${A:-{x}{}", NULL, "", "A "},
        {"${A:+${U?no}}", NULL, "", "A U "},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct environment e = {.values = values};
        struct interpolation in = {.lookup = lookup, .on_unset = on_unset, .ctx = &e};
        _cleanup_(buf_close) struct buf out = BUF_INIT(1000);
        struct error err = ERROR_INIT;
        ROW("%s", rows[i].text);
        int r = interpolate(&in, rows[i].text, &out, &err);
        assert_int_equal(r, rows[i].result ? 0 : -EINVAL);
        assert_int_equal(error_is_set(&err), !rows[i].result);
        if (rows[i].result)
            assert_string_equal(buf_text(&out), rows[i].result);
        assert_string_equal(e.unset, rows[i].unset);
        assert_string_equal(e.asked, rows[i].asked);
    }
}

static void a_result_stops_at_the_ceiling(void **state)
{
    struct environment e = {.values = values};
    struct interpolation in = {.lookup = lookup, .ctx = &e};
    _cleanup_(buf_close) struct buf out = BUF_INIT(5);
    assert_int_equal(interpolate(&in, "$A$A", &out, NULL), -EFBIG);
}

static void a_name_has_an_end(void **state)
{
    char text[600] = "$";
    struct environment e = {.values = values};
    struct interpolation in = {.lookup = lookup, .ctx = &e};
    _cleanup_(buf_close) struct buf out = BUF_INIT(1000);
    memset(text + 1, 'a', 500);
    assert_int_equal(interpolate(&in, text, &out, NULL), -EINVAL);
    assert_string_equal(e.asked, "");
}

/* ---- env files ---- */

static const char *just_lookup(void *ctx, const char *name)
{
    return fixture_env(ctx, name);
}

static int parse(const char *text, json_t *vars, struct diag *diag)
{
    struct interpolation in = {.lookup = just_lookup, .ctx = (void *)values};
    return dotenv_parse(text, strlen(text), &in, diag, vars);
}

static void env_files(void **state)
{
    static const struct {
        const char *text;
        const char *json; /* NULL: refused */
    } rows[] = {
        {"", "{}"},
        {"\n\n# only this\n   # and this", "{}"},
        {"X=1", "{\"X\":\"1\"}"},
        {"X=1\nY=2\n", "{\"X\":\"1\",\"Y\":\"2\"}"},
        {"X=1\r\nY=2\r\n", "{\"X\":\"1\",\"Y\":\"2\"}"},
        {"\xef\xbb\xbfX=1", "{\"X\":\"1\"}"},
        {"X=1\nX=2", "{\"X\":\"2\"}"},
        {"X=", "{\"X\":\"\"}"},
        {"  X = a b  ", "{\"X\":\"a b\"}"},
        {"X: a", "{\"X\":\"a\"}"},
        {"export X=1", "{\"X\":\"1\"}"},
        {"exported=1", "{\"exported\":\"1\"}"},
        {"export=1", "{\"export\":\"1\"}"},
        {"X.y-2=1", "{\"X.y-2\":\"1\"}"},
        {"X[0]=1", "{\"X[0]\":\"1\"}"},
        {"X=a=b:c", "{\"X\":\"a=b:c\"}"},
        {"X=a # b", "{\"X\":\"a\"}"},
        {"X=a#b", "{\"X\":\"a#b\"}"},
        {"X=#b", "{\"X\":\"#b\"}"},
        {"X= # b", "{\"X\":\"\"}"},
        {"X=a\\tb", "{\"X\":\"a\\\\tb\"}"},
        {"X=\"a # b\" # c", "{\"X\":\"a # b\"}"},
        {"X=\"a\"# c", "{\"X\":\"a\"}"},
        {"X='a # b'", "{\"X\":\"a # b\"}"},
        {"X=\"a\\n\\r\\t\\\\\\\"\\x\"", "{\"X\":\"a\\n\\r\\t\\\\\\\"\\\\x\"}"},
        {"X=\"\\a\\b\\f\\v\"", "{\"X\":\"\\u0007\\b\\f\\u000B\"}"},
        {"X='a\\n\\'b'", "{\"X\":\"a\\\\n'b\"}"},
        {"X=\"a\nb\"\nY=1", "{\"X\":\"a\\nb\",\"Y\":\"1\"}"},
        {"X='a\nb'", "{\"X\":\"a\\nb\"}"},
        {"X=\"\"", "{\"X\":\"\"}"},
        {"X=it's", "{\"X\":\"it's\"}"},
        {"X=$A ${B}", "{\"X\":\"one two\"}"},
        {"X=\"$A\"", "{\"X\":\"one\"}"},
        {"X='$A'", "{\"X\":\"$A\"}"},
        {"X=\"\\$A\"", "{\"X\":\"$A\"}"},
        {"X=$$A", "{\"X\":\"$A\"}"},
        {"X=1\nY=${X}2", "{\"X\":\"1\",\"Y\":\"12\"}"},
        {"A=mine\nY=$A", "{\"A\":\"mine\",\"Y\":\"one\"}"}, /* the environment comes first */
        {"X=${U:-none}", "{\"X\":\"none\"}"},
        {"X=$U", "{\"X\":\"\"}"},
        {"A", "{\"A\":\"one\"}"},
        {"A # from outside\nX=1", "{\"A\":\"one\",\"X\":\"1\"}"},
        {"U\nX=1", "{\"X\":\"1\"}"},
        {"M\xc3\xbcsli=1", NULL},
        {"X=M\xc3\xbcsli", "{\"X\":\"M\xc3\xbcsli\"}"},
        {"X=\xff", NULL},
        {"X Y=1", NULL},
        {"=1", NULL},
        {"X+=1", NULL},
        {"X=\"a", NULL},
        {"X='a\nY=1\n", NULL},
        {"X=\"a\\\"", NULL},
        {"X=\"a\" b", NULL},
        {"X=${U:?}", NULL},
        {"X=a$", "{\"X\":\"a$\"}"},
        {"X=a${", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        json_auto_t *vars = json_object();
        struct error err = ERROR_INIT;
        _cleanup_(diag_close) struct diag diag = {.file = ".env", .err = &err};
        ROW("%s", rows[i].text);
        int r = parse(rows[i].text, vars, &diag);
        assert_int_equal(r, rows[i].json ? 0 : -EINVAL);
        assert_int_equal(error_is_set(&err), !rows[i].json);
        if (!rows[i].json)
            continue;
        _cleanup_free_ char *json = json_dumps(vars, JSON_COMPACT);
        assert_string_equal(json, rows[i].json);
    }
}

static void env_files_know_their_lines(void **state)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"X=1\n\n  Y Z=1", ".env:3:5: a name with a blank in it; write NAME=value"},
        {"X=\"a\nb\nc\" d", ".env:3:4: text behind the closing quote; begin a comment with #"},
        {"X=1\nY = \"a\nb", ".env:2:5: the quote that begins here is not closed"},
        {"X='a\n\n'\nM\xc3\xbc=1", ".env:4:2: a character that a name cannot have; only letters, "
                                   "digits, _ . - [ ] are allowed"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        json_auto_t *vars = json_object();
        struct error err = ERROR_INIT;
        _cleanup_(diag_close) struct diag diag = {.file = ".env", .err = &err};
        ROW("%s", rows[i].text);
        assert_int_equal(parse(rows[i].text, vars, &diag), -EINVAL);
        assert_string_equal(err.text, rows[i].message);
    }
}

/* Many values that are just short enough. */
static void all_values_of_an_env_file_have_an_end(void **state)
{
    _cleanup_(buf_close) struct buf text = BUF_INIT(1U << 20);
    (void)buf_puts(&text, "V=");
    for (int i = 0; i < 50000; i++)
        (void)buf_puts(&text, "0123456789");
    for (int i = 0; i < 10; i++)
        (void)buf_printf(&text, "\nW%d=$V", i);
    json_auto_t *vars = json_object();
    struct error err = ERROR_INIT;
    _cleanup_(diag_close) struct diag diag = {.file = ".env", .err = &err};
    assert_int_equal(parse(buf_text(&text), vars, &diag), -EINVAL);
    assert_string_equal(err.text,
                        ".env:9:1: values of more than 4194304 bytes, with their variables");
}

/* Each line doubles what the one before has. */
static void an_env_file_that_grows_has_an_end(void **state)
{
    _cleanup_(buf_close) struct buf text = BUF_INIT(1U << 20);
    (void)buf_puts(&text, "V0=0123456789abcdef\n");
    for (int i = 1; i < 40; i++)
        (void)buf_printf(&text, "V%d=$V%d$V%d\n", i, i - 1, i - 1);
    json_auto_t *vars = json_object();
    struct error err = ERROR_INIT;
    _cleanup_(diag_close) struct diag diag = {.file = ".env", .err = &err};
    assert_int_equal(parse(buf_text(&text), vars, &diag), -EINVAL);
    assert_non_null(strstr(err.text, ".env:"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_scalars),
        cmocka_unit_test(a_very_long_number_is_a_text),
        cmocka_unit_test(variables),
        cmocka_unit_test(a_result_stops_at_the_ceiling),
        cmocka_unit_test(a_name_has_an_end),
        cmocka_unit_test(env_files),
        cmocka_unit_test(env_files_know_their_lines),
        cmocka_unit_test(an_env_file_that_grows_has_an_end),
        cmocka_unit_test(all_values_of_an_env_file_have_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
