/* SPDX-License-Identifier: MIT
 *
 * An entry of volumes that is a tmpfs: where it goes, and what it cannot have.
 */
#include "compose_fixture.h"

static int load(const char *service, struct compose_project **ret, struct error *err)
{
    char text[512];
    (void)snprintf(text, sizeof(text), "services:\n  web: {image: busybox, %s}\n", service);
    return fixture_load(text, NULL, ret, err);
}

static void they_are_entries_of_tmpfs(void **state)
{
    static const struct {
        const char *service, *spec;
    } rows[] = {
        {"volumes: [{type: tmpfs, target: /t}]", "{\"tmpfs\":[\"/t\"]}"},
        {"volumes: [{type: tmpfs, target: /t, tmpfs: {size: 64m, mode: 01770}}]",
         "{\"tmpfs\":[\"/t:size=67108864,mode=1770\"]}"},
        {"volumes: [{type: tmpfs, target: /t, tmpfs: {size: 4096, mode: \"0700\"}}]",
         "{\"tmpfs\":[\"/t:size=4096,mode=0700\"]}"},
        {"volumes: [{type: tmpfs, target: /t, read_only: true, consistency: cached, x-a: 1}]",
         "{\"tmpfs\":[\"/t:ro\"]}"},
        {"volumes: [{type: tmpfs, target: /t, read_only: false, source: , tmpfs: {size: , x-a: "
         "1}}]",
         "{\"tmpfs\":[\"/t\"]}"},
        {"tmpfs: /a, volumes: [/v, {type: tmpfs, target: /t}]",
         "{\"tmpfs\":[\"/a\",\"/t\"],\"volumes\":[\"/v\"]}"},
        {"tmpfs: [/a, /b], volumes: [{type: tmpfs, target: /t}, {type: tmpfs, target: /c}]",
         "{\"tmpfs\":[\"/a\",\"/b\",\"/c\",\"/t\"]}"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_project_ struct compose_project *p = NULL;
        struct error err = ERROR_INIT;
        ROW("%s", rows[i].service);
        if (load(rows[i].service, &p, &err) < 0)
            fail_msg("%s", err.text);
        assert_string_equal(p->services[0].spec, rows[i].spec);
    }
}

static void what_they_cannot_have(void **state)
{
    static const struct {
        const char *volume, *message;
    } rows[] = {
        {"{type: tmpfs}", "2:35: a tmpfs needs a target, the path in the container"},
        {"{type: tmpfs, target: /t, source: v}",
         "2:61: a tmpfs has target, read_only and tmpfs alone"},
        {"{type: tmpfs, target: /t, bind: {propagation: shared}}",
         "2:61: a tmpfs has target, read_only and tmpfs alone"},
        {"{type: tmpfs, target: /t, tmpfs: 64m}",
         "2:61: a tmpfs has its options in a mapping: {size, mode}"},
        {"{type: tmpfs, target: /t, tmpfs: {uid: 5}}",
         "2:61: a tmpfs has the options size and mode alone"},
        {"{type: tmpfs, target: /t, tmpfs: {size: big}}", "2:69: a tmpfs has a size such as 64m"},
        {"{type: tmpfs, target: /t, tmpfs: {size: -1}}", "2:69: a tmpfs has a size such as 64m"},
        {"{type: tmpfs, target: /t, tmpfs: {size: [1]}}", "2:69: a tmpfs has a size such as 64m"},
        {"{type: tmpfs, target: /t, tmpfs: {mode: \"0888\"}}",
         "2:69: a tmpfs has a mode such as 01777"},
        {"{type: tmpfs, target: /t, tmpfs: {mode: \"\"}}",
         "2:69: a tmpfs has a mode such as 01777"},
        {"{type: tmpfs, target: /t, tmpfs: {mode: -1}}", "2:69: a tmpfs has a mode such as 01777"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_project_ struct compose_project *p = NULL;
        struct error err = ERROR_INIT;
        char service[256], message[256];
        ROW("%s", rows[i].volume);
        (void)snprintf(service, sizeof(service), "volumes: [%s]", rows[i].volume);
        (void)snprintf(message, sizeof(message), "compose.yaml:%s", rows[i].message);
        assert_int_equal(load(service, &p, &err), -EINVAL);
        assert_string_equal(err.text, message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_are_entries_of_tmpfs),
        cmocka_unit_test(what_they_cannot_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
