/* SPDX-License-Identifier: MIT
 *
 * Rows that anybody may have written, and memory that runs out: no crash, no leak, and what is
 * accepted reads back as itself.
 */
#include "spec_fixture.h"

#include <errno.h>

static const char *const seeds[] = {
    "{'command':'sleep `a "
    "b`','entrypoint':['sh','-c'],'user':1000,'working_dir':'/"
    "a','hostname':'h','x-a':[1,{'b':null}]}",
    "{'environment':['A=1','B'],'labels':{'a':'b','c':5},'read_only':true,'init':'no','pids_limit':"
    "-1}",
    "{'ports':['80','127.0.0.1:8000-8005:90-95/"
    "udp','[::1]:1:1',{'target':7,'published':'8','host_ip':'::1'},5]}",
    "{'volumes':['a:/b:ro,z','/c:/d','/e',{'type':'bind','source':'/f','target':'/"
    "g','bind':{'selinux':'z'}}],'tmpfs':'/t:size=1m'}",
    "{'networks':{'a':{'aliases':['x','y']},'b':null},'mem_limit':'64m','cpus':0.5,'stop_signal':'"
    "INT','stop_grace_period':'1m30s'}",
    "{'healthcheck':{'test':['CMD','a','b'],'interval':'5s','retries':3},'restart':'on-failure:3','"
    "container_name':'ab'}",
    "{'depends_on':{'a':{'condition':'service_healthy','restart':false}},'x-roost':{'ready':{'http'"
    ":"
    "{'port':80,'path':'/x'}},'sleep':'pause','stop_after':'1h'}}",
};

/* A fixed sequence: a failure is found again by its number. */
static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static void use(const struct spec *spec)
{
    static const struct spec_volume volumes[] = {{"/e", "old"}, {"/image", "older"}};
    _cleanup_(buf_close) struct buf text = BUF_INIT(SPEC_JSON_MAX), again = BUF_INIT(SPEC_JSON_MAX),
                                    line = BUF_INIT((size_t)16 * SPEC_JSON_MAX);
    _cleanup_(spec_request_close) struct spec_request request = {0};
    _cleanup_(spec_freep) struct spec *second = NULL;
    struct spec_context context = context_of(LIFECYCLE_HOT);
    struct spec_seen seen = {.image = "busybox", .network_mode = "x"};
    struct error err = ERROR_INIT;
    struct spec_id one, other;
    context.volumes = volumes;
    context.n_volumes = ARRAY_LEN(volumes);
    canonical_of(spec, false, &text);
    assert_int_equal(spec_parse(buf_text(&text), "busybox", &second, &err), 0);
    canonical_of(second, false, &again);
    assert_string_equal(buf_text(&again), buf_text(&text));
    assert_int_equal(spec_id(spec, SPEC_VERSION, &one), 0);
    assert_int_equal(spec_id(second, SPEC_VERSION, &other), 0);
    assert_memory_equal(&one, &other, sizeof(one));
    assert_int_equal(spec_request(spec, &context, &request, &err), 0);
    int r = spec_docker_line(spec, &context, true, &line, &err);
    assert_true(r == 0 || r == -ENOTSUP);
    (void)spec_compare(spec, &context, &seen);
}

static void mutate(char *json, size_t size, uint32_t *state)
{
    static const char bytes[] = "\"\\{}[]:,0159-+.eE/~ \t\n%=aunrtfls\x01\x7f\x80\xc3\xff";
    for (uint32_t n = next_random(state) % 4; n > 0; n--) {
        size_t len = strlen(json), at = len ? next_random(state) % len : 0;
        char c = bytes[next_random(state) % (sizeof(bytes) - 1)];
        switch (next_random(state) % 3) {
        case 0:
            json[at] = c;
            break;
        case 1:
            memmove(json + at, json + at + 1, len - at);
            break;
        default:
            if (len + 2 < size) {
                memmove(json + at + 1, json + at, len - at + 1);
                json[at] = c;
            }
        }
    }
}

static void mutated_rows(void **state)
{
    uint32_t random = 20260101;
    unsigned accepted = 0, refused = 0;
    for (unsigned i = 0; i < 40000; i++) {
        char json[TEXT_SIZE];
        struct error err = ERROR_INIT;
        _cleanup_(spec_freep) struct spec *spec = NULL;
        (void)snprintf(json, sizeof(json), "%s", json_of(seeds[i % ARRAY_LEN(seeds)]));
        mutate(json, sizeof(json), &random);
        if (spec_parse(json, "busybox", &spec, &err) == 0) {
            accepted++;
            use(spec);
        } else {
            refused++;
            assert_int_equal(err.kind, ERROR_INVALID);
            assert_true(strncmp(err.text, "spec", 4) == 0);
        }
    }
    ROW("%u accepted, %u refused", accepted, refused);
    assert_true(accepted > 5000);
    assert_true(refused > 5000);
}

/* jansson's memory runs out at the n-th allocation. */
static long allocations_left;

static void *failing_malloc(size_t size)
{
    return allocations_left-- > 0 ? malloc(size) : NULL;
}

static int try_all(const char *json, bool *ret_enough)
{
    static const struct spec_volume volumes[] = {{"/e", "old"}};
    _cleanup_(spec_freep) struct spec *spec = NULL;
    _cleanup_(spec_request_close) struct spec_request request = {0};
    _cleanup_(buf_close) struct buf line = BUF_INIT(SPEC_JSON_MAX), text = BUF_INIT(SPEC_JSON_MAX);
    struct spec_context context = context_of(LIFECYCLE_LAZY);
    struct error err = ERROR_INIT;
    context.volumes = volumes;
    context.n_volumes = 1;
    int r = spec_parse(json, "busybox", &spec, &err);
    if (r == -EINVAL && strncmp(err.text, "spec: not valid JSON", 20) == 0)
        r = -ENOMEM; /* jansson does not always tell the two apart */
    if (r == 0)
        r = spec_request(spec, &context, &request, &err);
    if (r == 0)
        r = spec_docker_line(spec, &context, true, &line, &err);
    if (r == 0)
        r = spec_canonical(spec, true, &text);
    *ret_enough = allocations_left >= 0;
    return r;
}

static void memory_runs_out(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(seeds); i++) {
        char json[TEXT_SIZE];
        bool enough = false;
        long n = 0;
        (void)snprintf(json, sizeof(json), "%s", json_of(seeds[i]));
        json_set_alloc_funcs(failing_malloc, free);
        for (; !enough && n < 100000; n++) {
            allocations_left = n;
            int r = try_all(json, &enough);
            if (!enough && r != -ENOMEM) {
                json_set_alloc_funcs(malloc, free);
                fail_msg("seed %zu, allocation %ld: %d", i, n, r);
            }
        }
        json_set_alloc_funcs(malloc, free);
        ROW("%zu: %ld allocations", i, n);
        assert_true(enough);
        assert_true(n > 50);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mutated_rows),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
