/* SPDX-License-Identifier: MIT
 *
 * The docker line word by word, as sh splits it.
 */
#include "spec_fixture.h"

#include <errno.h>

/* The line with our own labels taken out: their text is another test's matter. */
static void without_labels(const char *line, struct buf *ret_text)
{
    static const char start[] = " --label roost.";
    for (const char *p = line; *p != '\0';) {
        if (strncmp(p, start, sizeof(start) - 1) == 0) {
            p += sizeof(start) - 1;
            p += strcspn(p, " ");
        } else {
            (void)buf_putc(ret_text, *p++);
        }
    }
}

static void line_of(const char *json, const struct spec_context *context, bool secrets,
                    struct buf *ret_text)
{
    _cleanup_(spec_freep) struct spec *spec = spec_of(json);
    _cleanup_(buf_close) struct buf line = BUF_INIT(SPEC_JSON_MAX);
    struct error err = ERROR_INIT;
    int r = spec_docker_line(spec, context, secrets, &line, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(r, 0);
    without_labels(buf_text(&line), ret_text);
}

#define HOT  "docker run -d --restart unless-stopped --name demo-web"
#define LAZY "docker create --restart no --name demo-web"
#define NET  " --network demo_default --network-alias web"

static void lines(void **state)
{
    static const struct {
        const char *json, *hot, *lazy;
    } rows[] = {
        {"{}", HOT NET " busybox", LAZY NET " busybox"},
        {"{'command': 'httpd -f -p 8080'}", HOT NET " busybox httpd -f -p 8080",
         LAZY NET " busybox httpd -f -p 8080"},
        {"{'container_name': 'other', 'restart': null}",
         "docker run -d --restart unless-stopped --name other" NET " busybox",
         "docker create --restart no --name other" NET " busybox"},
        {"{'command': ['sh', '-c', 'echo \\\"$X\\\" it`s']}",
         HOT NET " busybox sh -c 'echo \"$X\" it'\\''s'",
         LAZY NET " busybox sh -c 'echo \"$X\" it'\\''s'"},
        {"{'entrypoint': ['a', '-b'], 'command': ['c']}", HOT NET " --entrypoint a busybox -b c",
         LAZY NET " --entrypoint a busybox -b c"},
        {"{'entrypoint': '', 'command': ['c']}", HOT NET " --entrypoint '' busybox c",
         LAZY NET " --entrypoint '' busybox c"},
        {"{'platform': 'linux/arm/v7'}", HOT NET " --platform linux/arm/v7 busybox",
         LAZY NET " --platform linux/arm/v7 busybox"},
        {"{'networks': ['back']}", HOT " --network demo_back --network-alias web busybox",
         LAZY " --network demo_back --network-alias web busybox"},
        {"{'networks': {'front': {'aliases': ['www']}, 'back': null}}",
         HOT " --network demo_back --network-alias web busybox"
             " && docker network connect --alias web --alias www demo_front demo-web",
         LAZY " --network demo_back --network-alias web busybox"
              " && docker network connect --alias web --alias www demo_front demo-web"},
        {"{'network_mode': 'host'}", HOT " --network host busybox", LAZY " --network host busybox"},
        /* A name alone must not catch a value on its way. */
        {"{'environment': {'A': null, 'B C': null, 'D': 'x y'}}",
         "env -u A -u 'B C' " HOT NET " -e A -e 'B C' -e 'D=x y' busybox",
         "env -u A -u 'B C' " LAZY NET " -e A -e 'B C' -e 'D=x y' busybox"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (int lifecycle = LIFECYCLE_HOT; lifecycle <= LIFECYCLE_LAZY; lifecycle++) {
            struct spec_context context = context_of((enum lifecycle)lifecycle);
            _cleanup_(buf_close) struct buf text = BUF_INIT(SPEC_JSON_MAX);
            ROW("%s %s", lifecycle_name(context.lifecycle), rows[i].json);
            line_of(rows[i].json, &context, true, &text);
            assert_string_equal(buf_text(&text),
                                lifecycle == LIFECYCLE_HOT ? rows[i].hot : rows[i].lazy);
        }
    }
}

/* Each key by its own option, in the order of the table. */
static void options(void **state)
{
    static const struct {
        const char *json, *options;
    } rows[] = {
        {"{'hostname': 'h', 'user': '1:2', 'working_dir': '/w d'}",
         " --hostname h --user 1:2 --workdir '/w d'"},
        {"{'labels': {'a': 'b c'}}", " --label 'a=b c'"},
        {"{'ports': ['80', '8000-8001:81-82', '[::1]:53:53/udp']}",
         " -p 80 -p 8000-8001:81-82 -p '[::1]:53:53/udp'"},
        {"{'volumes': ['data:/d:ro', '/h x:/b', '/anon']}",
         " -v '/h x:/b' -v demo_data:/d:ro -v /anon"},
        {"{'tmpfs': ['/t', '/r:size=1m']}", " --tmpfs /r:size=1m --tmpfs /t"},
        {"{'read_only': true, 'init': true}", " --read-only --init"},
        {"{'read_only': false, 'init': false}", " --read-only=false --init=false"},
        {"{'mem_limit': 67108864, 'cpus': 1.5, 'pids_limit': -1}",
         " --memory 64m --cpus 1.5 --pids-limit -1"},
        {"{'stop_signal': 'INT', 'stop_grace_period': '1500ms'}",
         " --stop-signal SIGINT --stop-timeout 2"},
        {"{'healthcheck': {'test': 'a || b', 'interval': '1m', 'timeout': '2s', 'start_period': "
         "'3s', 'retries': 4}}",
         " --health-cmd 'a || b' --health-interval 1m --health-timeout 2s --health-start-period 3s"
         " --health-retries 4"},
        {"{'healthcheck': {'test': ['CMD', 'a', 'b c']}}", " --health-cmd 'a '\\''b c'\\'''"},
        {"{'healthcheck': {'disable': true}}", " --no-healthcheck"},
        {"{'cap_add': ['net_admin'], 'dns': ['192.0.2.1'], 'security_opt': "
         "['no-new-privileges:true']}",
         " --dns 192.0.2.1 --cap-add NET_ADMIN --security-opt no-new-privileges:true"},
        {"{'sysctls': {'net.core.somaxconn': 5}, 'annotations': ['a=b c']}",
         " --annotation 'a=b c' --sysctl net.core.somaxconn=5"},
        {"{'logging': {'driver': 'json-file', 'options': {'max-size': '1m'}}}",
         " --log-driver json-file --log-opt max-size=1m"},
        {"{'devices': ['/dev/a', {'source': '/dev/b', 'target': '/dev/c', 'permissions': 'r'}], "
         "'device_cgroup_rules': ['c 1:3 mr']}",
         " --device /dev/a --device /dev/b:/dev/c:r --device-cgroup-rule 'c 1:3 mr'"},
        {"{'blkio_config': {'weight': 20, 'weight_device': [{'path': '/dev/a', 'weight': 30}], "
         "'device_read_bps': [{'path': '/dev/a', 'rate': '1k'}], 'device_write_iops': [{'path': "
         "'/dev/b', 'rate': 0}]}}",
         " --blkio-weight 20 --blkio-weight-device /dev/a:30 --device-read-bps /dev/a:1024 "
         "--device-write-iops /dev/b:0"},
        {"{'gpus': 'all'}", " --gpus count=all"},
        {"{'gpus': [{'count': 2, 'driver': 'nvidia'}, {'device_ids': ['0']}]}",
         " --gpus count=2,driver=nvidia --gpus device=0"},
        {"{'gpus': [{'device_ids': ['0', 'GPU-1'], 'capabilities': ['utility', 'gpu', 'compute'], "
         "'options': {'a': 'b', 'c': 'd,e'}}]}",
         " --gpus "
         "'\"device=0,GPU-1\",\"capabilities=compute,utility\",\"options=a=b,\"\"c=d,e\"\"\"'"},
        {"{'gpus': [{'capabilities': ['gpu']}]}", " --gpus count=all"},
        {"{'gpus': [{'count': 1, 'options': {'a': 'b\\nc'}}]}",
         " --gpus 'count=1,\"options=\"\"a=b\nc\"\"\"'"},
        {"{'depends_on': ['a'], 'x-roost': {'sleep': 'pause'}}", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct spec_context context = context_of(LIFECYCLE_HOT);
        _cleanup_(buf_close) struct buf text = BUF_INIT(SPEC_JSON_MAX),
                                        want = BUF_INIT(SPEC_JSON_MAX);
        ROW("%s", rows[i].json);
        line_of(rows[i].json, &context, false, &text);
        (void)buf_printf(&want, HOT NET "%s busybox", rows[i].options);
        assert_string_equal(buf_text(&text), buf_text(&want));
    }
}

static void values_are_masked(void **state)
{
    struct spec_context context = context_of(LIFECYCLE_HOT);
    _cleanup_(buf_close) struct buf text = BUF_INIT(SPEC_JSON_MAX);
    line_of("{'environment': {'A': 'CANARY', 'B': null}}", &context, false, &text);
    assert_string_equal(buf_text(&text), "env -u B " HOT NET " -e 'A=***' -e B busybox");
}

static void own_labels(void **state)
{
    _cleanup_(spec_freep) struct spec *spec = spec_of("{}");
    struct spec_context context = context_of(LIFECYCLE_LAZY);
    _cleanup_(buf_close) struct buf line = BUF_INIT(SPEC_JSON_MAX), want = BUF_INIT(SPEC_JSON_MAX);
    struct spec_id id;
    char text[SPEC_ID_TEXT_SIZE];
    assert_int_equal(spec_id(spec, SPEC_VERSION, &id), 0);
    spec_id_format(&id, text);
    assert_int_equal(spec_docker_line(spec, &context, false, &line, NULL), 0);
    (void)buf_printf(&want,
                     LAZY NET
                     " --label roost.db=0123abcd --label roost.fleet=demo --label roost.agent=web"
                     " --label roost.lifecycle=lazy --label roost.spec=%s busybox",
                     text);
    assert_string_equal(buf_text(&line), buf_text(&want));
}

static void remembered_volumes(void **state)
{
    static const struct spec_volume volumes[] = {{"/anon", "old"}, {"/image", "older"}};
    struct spec_context context = context_of(LIFECYCLE_HOT);
    context.volumes = volumes;
    context.n_volumes = ARRAY_LEN(volumes);
    _cleanup_(buf_close) struct buf text = BUF_INIT(SPEC_JSON_MAX);
    line_of("{'volumes': ['/anon']}", &context, false, &text);
    assert_string_equal(buf_text(&text), HOT NET " -v old:/anon -v older:/image busybox");
}

/* The one thing that no docker line can say. */
static void empty_entrypoint_alone(void **state)
{
    _cleanup_(spec_freep) struct spec *spec = spec_of("{'entrypoint': []}");
    struct spec_context context = context_of(LIFECYCLE_HOT);
    _cleanup_(buf_close) struct buf line = BUF_INIT(SPEC_JSON_MAX);
    struct error err = ERROR_INIT;
    assert_int_equal(spec_docker_line(spec, &context, false, &line, &err), -ENOTSUP);
    assert_string_equal(
        err.text,
        "an empty entrypoint with the image's own command cannot be said on a docker line; "
        "give the command too");
    assert_int_equal(line.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),
        cmocka_unit_test(options),
        cmocka_unit_test(values_are_masked),
        cmocka_unit_test(own_labels),
        cmocka_unit_test(remembered_volumes),
        cmocka_unit_test(empty_entrypoint_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
