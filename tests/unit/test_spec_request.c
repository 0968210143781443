/* SPDX-License-Identifier: MIT */
#include "spec_fixture.h"

#include <errno.h>

/* What is in every request besides what the spec says. */
static json_t *frame(enum lifecycle lifecycle)
{
    bool lazy = lifecycle == LIFECYCLE_LAZY;
    return json_pack("{s:s, s:b, s:b, s:{s:{s:s}, s:[], s:[], s:[], s:[], s:[], s:{}}}", "Image",
                     "busybox", "AttachStdout", lazy, "AttachStderr", lazy, "HostConfig",
                     "RestartPolicy", "Name", lazy ? "no" : "unless-stopped", "BlkioWeightDevice",
                     "Devices", "Dns", "DnsOptions", "DnsSearch", "PortBindings");
}

static json_t *own_labels(const struct spec *spec, enum lifecycle lifecycle)
{
    struct spec_id id;
    char text[SPEC_ID_TEXT_SIZE];
    assert_int_equal(spec_id(spec, SPEC_VERSION, &id), 0);
    spec_id_format(&id, text);
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "roost.db", "0123abcd", "roost.fleet", "demo",
                     "roost.agent", "web", "roost.lifecycle", lifecycle_name(lifecycle),
                     "roost.spec", text);
}

static void assert_body(const json_t *body, json_t *expected, const char *more)
{
    json_auto_t *extra = json_loads(json_of(more), 0, NULL);
    assert_non_null(extra);
    assert_int_equal(json_object_update_recursive(expected, extra), 0);
    _cleanup_free_ char *got = json_dumps(body, JSON_INDENT(1) | JSON_SORT_KEYS);
    _cleanup_free_ char *want = json_dumps(expected, JSON_INDENT(1) | JSON_SORT_KEYS);
    assert_string_equal(got, want);
}

#define DEFAULT_NETWORK                                                                            \
    "'NetworkingConfig': {'EndpointsConfig': {'demo_default': {'Aliases': ['web']}}}"
#define DEFAULT_MODE "'NetworkMode': 'demo_default'"

static void bodies(void **state)
{
    static const struct {
        const char *json, *body; /* beside frame, labels and the default network */
    } rows[] = {
        {"{}", "{}"},
        {"{'command': ['a', 'b']}", "{'Cmd': ['a', 'b']}"},
        {"{'command': []}", "{'Cmd': []}"},
        {"{'entrypoint': ['a', 'b'], 'command': ['c']}",
         "{'Entrypoint': ['a'], 'Cmd': ['b', 'c']}"},
        {"{'entrypoint': ['a', 'b']}", "{'Entrypoint': ['a'], 'Cmd': ['b']}"},
        {"{'entrypoint': 'a'}", "{'Entrypoint': ['a']}"},
        {"{'entrypoint': ''}", "{'Entrypoint': []}"},
        {"{'entrypoint': [''], 'command': ['c']}", "{'Entrypoint': [''], 'Cmd': ['c']}"},
        {"{'environment': {'B': 'x=y', 'A': null, 'C': ''}}", "{'Env': ['A', 'B=x=y', 'C=']}"},
        {"{'labels': {'a': 'b'}}", "{'Labels': {'a': 'b'}}"},
        {"{'hostname': 'h', 'user': 5, 'working_dir': '/w'}",
         "{'Hostname': 'h', 'User': '5', 'WorkingDir': '/w'}"},
        {"{'ports': ['80', '127.0.0.1:8080:80', '53:53/udp', '9000-9005:90']}",
         "{'ExposedPorts': {'80/tcp': {}, '53/udp': {}, '90/tcp': {}}, 'HostConfig': "
         "{'PortBindings': {"
         "'80/tcp': [{'HostIp': '', 'HostPort': ''}, {'HostIp': '127.0.0.1', 'HostPort': '8080'}],"
         "'53/udp': [{'HostIp': '', 'HostPort': '53'}], '90/tcp': [{'HostIp': '', 'HostPort': "
         "'9000-9005'}]}}}"},
        {"{'volumes': ['data:/d:ro', '/h:/b', '/anon']}",
         "{'Volumes': {'/anon': {}}, 'HostConfig': {'Binds': ['/h:/b', 'demo_data:/d:ro']}}"},
        {"{'tmpfs': ['/t', '/r:size=1m']}",
         "{'HostConfig': {'Tmpfs': {'/r': 'size=1m', '/t': ''}}}"},
        {"{'read_only': true, 'init': false}",
         "{'HostConfig': {'ReadonlyRootfs': true, 'Init': false}}"},
        {"{'mem_limit': '64m', 'cpus': 1.5, 'pids_limit': 7}",
         "{'HostConfig': {'Memory': 67108864, 'NanoCpus': 1500000000, 'PidsLimit': 7}}"},
        {"{'stop_signal': 'INT', 'stop_grace_period': '1500ms'}",
         "{'StopSignal': 'SIGINT', 'StopTimeout': 2}"},
        {"{'stop_grace_period': '0s'}", "{'StopTimeout': 0}"},
        {"{'healthcheck': {'test': 'x', 'interval': '1m', 'timeout': '1500ms', 'start_period': "
         "'1s', 'retries': 2}}",
         "{'Healthcheck': {'Test': ['CMD-SHELL', 'x'], 'Interval': 60000000000, 'Timeout': "
         "1500000000,"
         "'StartPeriod': 1000000000, 'Retries': 2}}"},
        {"{'healthcheck': {'disable': true}}", "{'Healthcheck': {'Test': ['NONE']}}"},
        /* What the container is not made from. */
        {"{'container_name': 'other', 'depends_on': ['a'], 'x-roost': {'sleep': 'pause'}, 'x-y': "
         "1}",
         "{}"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (int lifecycle = LIFECYCLE_HOT; lifecycle <= LIFECYCLE_LAZY; lifecycle++) {
            ROW("%s %s", lifecycle_name((enum lifecycle)lifecycle), rows[i].json);
            _cleanup_(spec_freep) struct spec *spec = spec_of(rows[i].json);
            _cleanup_(spec_request_close) struct spec_request request = {0};
            struct spec_context context = context_of((enum lifecycle)lifecycle);
            json_auto_t *expected = frame(context.lifecycle);
            json_auto_t *labels = json_pack("{s:o}", "Labels", own_labels(spec, context.lifecycle));
            assert_int_equal(json_object_update_recursive(expected, labels), 0);
            json_auto_t *network = json_loads(
                json_of("{" DEFAULT_NETWORK ", 'HostConfig': {" DEFAULT_MODE "}}"), 0, NULL);
            assert_int_equal(json_object_update_recursive(expected, network), 0);
            assert_int_equal(spec_request(spec, &context, &request, NULL), 0);
            assert_int_equal(request.n_attach, 0);
            assert_body(request.body, expected, rows[i].body);
        }
    }
}

static void network_modes(void **state)
{
    static const char *const modes[] = {"bridge", "host", "none"};
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        char json[64], body[64];
        ROW("%s", modes[i]);
        (void)snprintf(json, sizeof(json), "{'network_mode': '%s'}", modes[i]);
        (void)snprintf(body, sizeof(body), "{'HostConfig': {'NetworkMode': '%s'}}", modes[i]);
        _cleanup_(spec_freep) struct spec *spec = spec_of(json);
        _cleanup_(spec_request_close) struct spec_request request = {0};
        struct spec_context context = context_of(LIFECYCLE_HOT);
        json_auto_t *expected = frame(LIFECYCLE_HOT);
        assert_int_equal(json_object_set_new(expected, "Labels", own_labels(spec, LIFECYCLE_HOT)),
                         0);
        assert_int_equal(spec_request(spec, &context, &request, NULL), 0);
        assert_body(request.body, expected, body);
    }
}

static const char *engine_name(void *ctx, const char *kind, const char *key)
{
    static char name[128];
    if (strcmp(key, "plain") == 0)
        return NULL;
    (void)snprintf(name, sizeof(name), "%s-%s-%s", (const char *)ctx, kind, key);
    return name;
}

/* The first by name at creation, the others after it; the engine's names are the caller's to know.
 */
static void several_networks(void **state)
{
    _cleanup_(spec_freep) struct spec *spec =
        spec_of("{'networks': {'c': null, 'b': {'aliases': ['web', 'www']}, 'plain': {'aliases': "
                "['p']}}, 'volumes': ['v:/v', 'plain:/p']}");
    _cleanup_(spec_request_close) struct spec_request request = {0};
    struct spec_context context = context_of(LIFECYCLE_HOT);
    context.resource_name = engine_name;
    context.resource_ctx = "x";
    context.image = "busybox:2";
    json_auto_t *expected = frame(LIFECYCLE_HOT);
    assert_int_equal(json_object_set_new(expected, "Labels", own_labels(spec, LIFECYCLE_HOT)), 0);
    assert_int_equal(spec_request(spec, &context, &request, NULL), 0);
    assert_body(
        request.body, expected,
        "{'Image': 'busybox:2', 'HostConfig': {'NetworkMode': 'x-network-b', 'Binds': "
        "['demo_plain:/p', 'x-volume-v:/v']},"
        "'NetworkingConfig': {'EndpointsConfig': {'x-network-b': {'Aliases': ['web', 'www']}}}}");
    assert_int_equal(request.n_attach, 2);
    assert_string_equal(request.attach[0].network, "x-network-c");
    assert_string_equal(request.attach[1].network, "demo_plain");
    _cleanup_free_ char *first =
        json_dumps(request.attach[0].endpoint, JSON_COMPACT | JSON_SORT_KEYS);
    _cleanup_free_ char *second =
        json_dumps(request.attach[1].endpoint, JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal(first, "{\"Aliases\":[\"web\"],\"DriverOpts\":{},\"IPAMConfig\":{}}");
    assert_string_equal(second,
                        "{\"Aliases\":[\"web\",\"p\"],\"DriverOpts\":{},\"IPAMConfig\":{}}");
}

/* Volumes of an earlier container: for the spec's own anonymous mounts and for the image's, and
 * never over another mount. */
static void remembered_volumes(void **state)
{
    static const struct spec_volume volumes[] = {
        {"/anon", "v1"},  {"/named", "v2"},    {"/host", "v3"}, {"/tmp", "v4"},
        {"/image", "v5"}, {"/anon/sub", "v6"}, {"/hos", "v7"}};
    _cleanup_(spec_freep) struct spec *spec =
        spec_of("{'volumes': ['/anon', '/other', 'data:/named:ro', '/h:/host'], 'tmpfs': '/tmp'}");
    _cleanup_(spec_request_close) struct spec_request request = {0};
    struct spec_context context = context_of(LIFECYCLE_LAZY);
    context.volumes = volumes;
    context.n_volumes = ARRAY_LEN(volumes);
    json_auto_t *expected = frame(LIFECYCLE_LAZY);
    json_auto_t *more =
        json_loads(json_of("{" DEFAULT_NETWORK ", 'HostConfig': {" DEFAULT_MODE "}}"), 0, NULL);
    assert_int_equal(json_object_update_recursive(expected, more), 0);
    assert_int_equal(json_object_set_new(expected, "Labels", own_labels(spec, LIFECYCLE_LAZY)), 0);
    assert_int_equal(spec_request(spec, &context, &request, NULL), 0);
    assert_body(request.body, expected,
                "{'Volumes': {'/other': {}}, 'HostConfig': {'Tmpfs': {'/tmp': ''}, 'Binds': "
                "['v1:/anon', '/h:/host',"
                "'demo_data:/named:ro', 'v5:/image', 'v6:/anon/sub', 'v7:/hos']}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies),
        cmocka_unit_test(network_modes),
        cmocka_unit_test(several_networks),
        cmocka_unit_test(remembered_volumes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
