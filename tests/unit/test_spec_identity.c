/* SPDX-License-Identifier: MIT
 *
 * The identity of a spec. The golden file (the only argument) has specs and the ids that they had
 * when they were written there.
 */
#include "spec_fixture.h"

#include <errno.h>

#include "base/sha256.h"

static const char *golden_path;

static void id_text_of(const struct spec *spec, uint8_t version, char ret_text[SPEC_ID_TEXT_SIZE])
{
    struct spec_id id;
    assert_int_equal(spec_id(spec, version, &id), 0);
    spec_id_format(&id, ret_text);
}

/* Never mend the file to make this pass: give the rules a new version. */
static void golden(void **state)
{
    size_t i, n_keys = 0;
    json_t *row;
    json_auto_t *rows = json_load_file(golden_path, JSON_REJECT_DUPLICATES, NULL);
    json_auto_t *seen = json_object();
    assert_non_null(rows);
    assert_true(json_array_size(rows) > 40);
    json_array_foreach (rows, i, row) {
        struct spec *spec = NULL;
        char text[SPEC_ID_TEXT_SIZE];
        const char *image = json_string_value(json_object_get(row, "image"));
        const char *want = json_string_value(json_object_get(row, "id"));
        struct spec_id wanted;
        ROW("%zu of %s", i, golden_path);
        assert_int_equal(spec_id_parse(want, &wanted), 0);
        assert_int_equal(
            spec_from_json(json_object_get(row, "spec"), image, NULL, NULL, &spec, NULL), 0);
        id_text_of(spec, wanted.version, text);
        spec_free(spec);
        (void)json_object_update(seen, json_object_get(row, "spec"));
        if (strcmp(text, want) != 0)
            fail_msg("row %zu: this would recreate every user's container that has such a spec: "
                     "%s, was %s",
                     i, text, want);
    }
    for (; spec_key_name(n_keys); n_keys++) {
        const char *key = spec_key_name(n_keys);
        if (spec_key_is_never_in_a_row(key))
            continue;
        ROW("key %s stands in the golden file", key);
        assert_non_null(json_object_get(seen, key));
    }
}

/* An id is the SHA-256 of the hashed form. */
static void id_is_the_hash(void **state)
{
    _cleanup_(spec_freep) struct spec *spec =
        spec_of("{'user': 'a', 'container_name': 'x1', 'restart': 'always', 'depends_on': ['a'], "
                "'x-roost': {'sleep': 'stop'}}");
    _cleanup_(buf_close) struct buf text = BUF_INIT(SPEC_JSON_MAX);
    struct spec_id id;
    uint8_t digest[SHA256_SIZE];
    canonical_of(spec, true, &text);
    assert_string_equal(buf_text(&text), "{\"image\":\"busybox\",\"user\":\"a\"}");
    assert_int_equal(spec_id(spec, SPEC_VERSION, &id), 0);
    sha256(text.data, text.len, digest);
    assert_int_equal(id.version, 1);
    assert_memory_equal(id.sha256, digest, sizeof(digest));
    assert_int_equal(spec_id(spec, 0, &id), -ENOTSUP);
    assert_int_equal(spec_id(spec, SPEC_VERSION + 1, &id), -ENOTSUP);
}

static void spellings_are_one(void **state)
{
    static const char *const rows[][2] = {
        {"{'user': 'a', 'init': true}", "{'init': true, 'user': 'a'}"},
        {"{'command': 'a `b c`'}", "{'command': ['a', 'b c']}"},
        {"{'entrypoint': 'a b'}", "{'entrypoint': ['a', 'b']}"},
        {"{'environment': ['A=1', 'B']}", "{'environment': {'B': null, 'A': 1}}"},
        {"{'environment': ['A=1', 'A=2']}", "{'environment': {'A': '2'}}"},
        {"{'environment': {}}", "{}"},
        {"{'labels': ['a=1', 'b']}", "{'labels': {'b': '', 'a': '1'}}"},
        {"{'mem_limit': '64m'}", "{'mem_limit': 67108864}"},
        {"{'mem_limit': '64MB'}", "{'mem_limit': '65536k'}"},
        {"{'cpus': 0.5}", "{'cpus': '0.50'}"},
        {"{'stop_grace_period': '1m30s'}", "{'stop_grace_period': '90s'}"},
        {"{'stop_signal': 'SIGINT'}", "{'stop_signal': 'int'}"},
        {"{'ports': ['8080:80', 81]}", "{'ports': ['81/tcp', '8080:80/tcp']}"},
        {"{'ports': ['8000-8001:80-81']}",
         "{'ports': [{'target': 81, 'published': '8001'}, '8000:80']}"},
        {"{'volumes': ['a:/x:rw', '/b:/y/']}", "{'volumes': ['/b:/y', 'a:/x']}"},
        {"{'volumes': ['a:/x:ro']}",
         "{'volumes': [{'type': 'volume', 'source': 'a', 'target': '/x', 'read_only': true}]}"},
        {"{'tmpfs': '/x'}", "{'tmpfs': ['/x/']}"},
        {"{'networks': ['b', 'a']}", "{'networks': {'a': null, 'b': {}}}"},
        {"{'healthcheck': {'test': 'x', 'interval': '60s'}}",
         "{'healthcheck': {'interval': '1m', 'test': ['CMD-SHELL', 'x']}}"},
        {"{'healthcheck': {'disable': true}}", "{'healthcheck': {'test': 'x', 'disable': 'true'}}"},
        {"{'working_dir': '/a'}", "{'working_dir': '/a/'}"},
        /* Not of the container. */
        {"{}", "{'container_name': 'xy', 'restart': 'always', 'depends_on': ['a'], 'x-roost': "
               "{'sleep': 'pause'}, 'x-b': 1}"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char a[SPEC_ID_TEXT_SIZE], b[SPEC_ID_TEXT_SIZE];
        ROW("%s", rows[i][0]);
        _cleanup_(spec_freep) struct spec *one = spec_of(rows[i][0]);
        _cleanup_(spec_freep) struct spec *other = spec_of(rows[i][1]);
        id_text_of(one, SPEC_VERSION, a);
        id_text_of(other, SPEC_VERSION, b);
        assert_string_equal(a, b);
    }
}

/* What is another container has another id. */
static void differences_show(void **state)
{
    static const char *const rows[] = {
        "{}",
        "{'command': 'a'}",
        "{'command': 'a b'}",
        "{'command': ['a b']}",
        "{'entrypoint': 'a'}",
        "{'entrypoint': []}",
        "{'environment': {'A': null}}",
        "{'environment': {'A': ''}}",
        "{'environment': {'A': '1'}}",
        "{'labels': {'A': '1'}}",
        "{'user': 'a'}",
        "{'hostname': 'a'}",
        "{'read_only': true}",
        "{'read_only': false}",
        "{'mem_limit': '64m'}",
        "{'stop_signal': 'SIGTERM'}",
        "{'stop_grace_period': '10s'}",
        "{'networks': ['default']}",
        "{'networks': ['a']}",
        "{'networks': {'a': {'aliases': ['b']}}}",
        "{'network_mode': 'bridge'}",
        "{'ports': ['80']}",
        "{'ports': ['80/udp']}",
        "{'ports': ['80:80']}",
        "{'volumes': ['/a']}",
        "{'volumes': ['b:/a']}",
        "{'volumes': ['b:/a:ro']}",
        "{'tmpfs': '/a'}",
    };
    char ids[ARRAY_LEN(rows) + 1][SPEC_ID_TEXT_SIZE];
    struct spec *other = NULL;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(spec_freep) struct spec *spec = spec_of(rows[i]);
        id_text_of(spec, SPEC_VERSION, ids[i]);
    }
    assert_int_equal(spec_parse("{}", "busybox:latest", &other, NULL), 0);
    id_text_of(other, SPEC_VERSION, ids[ARRAY_LEN(rows)]);
    spec_free(other);
    for (size_t i = 0; i <= ARRAY_LEN(rows); i++)
        for (size_t k = 0; k < i; k++) {
            ROW("%zu and %zu", k, i);
            assert_string_not_equal(ids[i], ids[k]);
        }
}

static void id_texts(void **state)
{
    static const char hex[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    static const struct {
        const char *before, *after;
        int r;
        uint8_t version;
    } rows[] = {
        {"1:", "", 0, 1},        {"255:", "", 0, 255},     {"0:", "", -EINVAL, 0},
        {"01:", "", -EINVAL, 0}, {"256:", "", -EINVAL, 0}, {":", "", -EINVAL, 0},
        {"", "", -EINVAL, 0},    {"-1:", "", -EINVAL, 0},  {"1:", "0", -EINVAL, 0},
        {"1:x", "", -EINVAL, 0}, {"1: ", "", -EINVAL, 0},  {"9999999999:", "", -EINVAL, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[128], back[SPEC_ID_TEXT_SIZE];
        struct spec_id id = {.version = 77};
        (void)snprintf(text, sizeof(text), "%s%s%s", rows[i].before, hex, rows[i].after);
        ROW("%s", text);
        assert_int_equal(spec_id_parse(text, &id), rows[i].r);
        if (rows[i].r < 0) {
            assert_int_equal(id.version, 77); /* untouched on failure */
            continue;
        }
        assert_int_equal(id.version, rows[i].version);
        spec_id_format(&id, back);
        assert_string_equal(back, text);
    }
    struct spec_id id;
    assert_int_equal(spec_id_parse("", &id), -EINVAL);
    assert_int_equal(spec_id_parse("1:", &id), -EINVAL);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden),
        cmocka_unit_test(id_is_the_hash),
        cmocka_unit_test(spellings_are_one),
        cmocka_unit_test(differences_show),
        cmocka_unit_test(id_texts),
    };
    if (argc != 2)
        return 2;
    golden_path = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
