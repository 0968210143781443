/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "spec/spec.h"

static void canonical_forms(void **state)
{
    static const struct {
        const char *json, *canonical;
    } rows[] = {
        {"{}", "{}"},
        {"{\"command\": \"sleep 'a b' c\\\\ d\"}", "{\"command\":[\"sleep\",\"a b\",\"c d\"]}"},
        {"{\"command\": null}", "{}"},
        {"{\"command\": []}", "{\"command\":[]}"},
        {"{\"command\": \"\"}", "{\"command\":[]}"},
        {"{\"environment\": [\"B=1\", \"A\", \"B=2=3\"]}",
         "{\"environment\":{\"A\":null,\"B\":\"2=3\"}}"},
        {"{\"environment\": {\"B\": 5, \"A\": true, \"C\": 1.5}}",
         "{\"environment\":{\"A\":\"true\",\"B\":\"5\",\"C\":\"1.5\"}}"},
        {"{\"mem_limit\": 67108864}", "{\"mem_limit\":\"64m\"}"},
        {"{\"stop_grace_period\": \"90s\"}", "{\"stop_grace_period\":\"1m30s\"}"},
        {"{\"cpus\": 0.50}", "{\"cpus\":\"0.5\"}"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(spec_freep) struct spec *spec = NULL;
        _cleanup_(buf_close) struct buf text = BUF_INIT(SPEC_JSON_MAX);
        struct error err = ERROR_INIT;
        ROW("%s", rows[i].json);
        int r = spec_parse(rows[i].json, "busybox", &spec, &err);
        assert_string_equal(err.text, "");
        assert_int_equal(r, 0);
        assert_int_equal(spec_canonical(spec, false, &text), 0);
        assert_string_equal(buf_text(&text), rows[i].canonical);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
