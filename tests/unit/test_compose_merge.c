/* SPDX-License-Identifier: MIT
 *
 * Several files as one: what is merged how, what takes what's place, and where faults are told.
 */
#include "compose_fixture.h"

static const char *const env[] = {"PORT=8080", "NAME=A", "PAIR=A=x$y", "BITS=16", NULL};

static int load_two(const char *a, const char *b, struct compose_project **ret, struct error *err)
{
    struct compose_options options = {.env = fixture_env, .env_ctx = (void *)env};
    struct compose_text texts[] = {
        {a, strlen(a), "/srv/demo/compose.yaml", "compose.yaml", "/srv/demo"},
        {b, strlen(b), "/srv/demo/other/b.yaml", "b.yaml", "/srv/demo/other"},
    };
    return compose_load_texts(&options, texts, ARRAY_LEN(texts), ret, err);
}

static struct compose_project *good(const char *a, const char *b)
{
    struct compose_project *p = NULL;
    struct error err = ERROR_INIT;
    if (load_two(a, b, &p, &err) < 0)
        fail_msg("%s", err.text);
    return p;
}

/* Keys of the one service in two files, and the spec that comes of them. */
static void two_files_make_one_service(void **state)
{
    static const struct {
        const char *base, *over, *spec;
    } rows[] = {
        {"hostname: a", "user: b", "{\"hostname\":\"a\",\"user\":\"b\"}"},
        {"hostname: a", "hostname: b", "{\"hostname\":\"b\"}"},
        {"hostname: a", "hostname: ", "{\"hostname\":\"a\"}"},
        {"hostname: ", "hostname: a", "{\"hostname\":\"a\"}"},
        /* replaced, not appended */
        {"command: [a, b]", "command: [c]", "{\"command\":[\"c\"]}"},
        {"command: [a, b]", "command: ", "{}"},
        {"entrypoint: a b", "entrypoint: [c]", "{\"entrypoint\":[\"c\"]}"},
        {"healthcheck: {test: [CMD, a], interval: 5s}", "healthcheck: {test: [CMD, b]}",
         "{\"healthcheck\":{\"interval\":\"5s\",\"test\":[\"CMD\",\"b\"]}}"},
        /* two forms */
        {"environment: [A=1, B=2]", "environment: {B: 3, C: 4}",
         "{\"environment\":{\"A\":\"1\",\"B\":\"3\",\"C\":\"4\"}}"},
        {"environment: {A: 1, B: 2}", "environment: [B=3, C]",
         "{\"environment\":{\"A\":\"1\",\"B\":\"3\"}}"},
        {"environment: [\"${NAME}=1\", \"B=${PORT:-a=b}\"]", "environment: {B: 1}",
         "{\"environment\":{\"A\":\"1\",\"B\":\"1\"}}"},
        {"environment: [\"${PAIR}\", \"B=${GONE:-a=b}\"]", "environment: {C: 1}",
         "{\"environment\":{\"A\":\"x$y\",\"B\":\"a=b\",\"C\":\"1\"}}"},
        {"environment: [A=1]", "environment: ", "{\"environment\":{\"A\":\"1\"}}"},
        {"labels: [a=1, b]", "labels: {a: 2}", "{\"labels\":{\"a\":\"2\",\"b\":\"\"}}"},
        {"networks: [a, b]", "networks: {b: {aliases: [x]}}",
         "{\"networks\":{\"a\":null,\"b\":{\"aliases\":[\"x\"]}}}"},
        {"networks: {b: {aliases: [x, y]}}", "networks: {b: {aliases: [y, z]}}",
         "{\"networks\":{\"b\":{\"aliases\":[\"x\",\"y\",\"z\"]}}}"},
        {"networks: {b: {aliases: [x]}}", "networks: [a, b]",
         "{\"networks\":{\"a\":null,\"b\":{\"aliases\":[\"x\"]}}}"},
        {"depends_on: [other]", "depends_on: {other: {condition: service_healthy}}",
         "{\"depends_on\":{\"other\":{\"condition\":\"service_healthy\"}}}"},
        {"tmpfs: /run", "tmpfs: [\"/run:size=64m\", /tmp]",
         "{\"tmpfs\":[\"/run:size=64m\",\"/tmp\"]}"},
        /* what means one place is there once */
        {"ports: [\"80\"]", "ports: [82]", "{\"ports\":[\"80\",\"82\"]}"},
        {"ports: [\"8080:80\"]", "ports: [\"8081:80\"]", "{\"ports\":[\"8080:80\",\"8081:80\"]}"},
        {"ports: [\"8080:80\"]", "ports: [{target: 80, published: $PORT}]",
         "{\"ports\":[\"8080:80\"]}"},
        {"ports: [\"8080:80/udp\", \"127.0.0.1:8080:80\"]",
         "ports: [{target: 80, published: 8080, protocol: udp}, \"8081:80\"]",
         "{\"ports\":[\"8081:80\",\"127.0.0.1:8080:80\",\"8080:80/udp\"]}"},
        {"volumes: [\"v:/x\", \"/y\"]", "volumes: [\"./b:/x/:ro\", \"w:/z\"]",
         "{\"volumes\":[\"/srv/demo/b:/x:ro\",\"/y\",\"w:/z\"]}"},
        {"volumes: [{type: volume, source: v, target: /x}]", "volumes: [\"w:/x\"]",
         "{\"volumes\":[\"w:/x\"]}"},
        /* a long form and a short one, or two long ones, of one place */
        {"secrets: [s, {source: t, target: x, mode: 0400}]",
         "secrets: [{source: t, target: /run/secrets/s}, {source: t, target: $NAME}]",
         "{\"volumes\":[\"/etc/group:/run/secrets/A:ro\",\"/etc/group:/run/secrets/s:ro\",\"/etc/"
         "group:/run/secrets/"
         "x:ro\"]}"},
        {"secrets: [{source: s}]", "secrets: [{source: t, target: s}, t]",
         "{\"volumes\":[\"/etc/group:/run/secrets/s:ro\",\"/etc/group:/run/secrets/t:ro\"]}"},
        {"configs: [c, {source: d, target: /etc/x}]",
         "configs: [{source: d, target: /c}, {source: c, target: etc/x}]",
         "{\"volumes\":[\"/etc/group:/c:ro\",\"/etc/passwd:/etc/x:ro\"]}"},
        {"volumes: [\"v:/x\"]", "volumes: [{type: tmpfs, target: /x/}]", "{\"tmpfs\":[\"/x\"]}"},
        {"devices: [\"/dev/a:/dev/x\"]", "devices: [{source: /dev/b, target: /dev/x}]",
         "{\"devices\":[\"/dev/b:/dev/x\"]}"},
        {"extra_hosts: {a: 192.0.2.1, b: 192.0.2.2}",
         "extra_hosts: [\"b=192.0.2.2\", \"a:192.0.2.3\"]",
         "{\"extra_hosts\":[\"a:192.0.2.1\",\"a:192.0.2.3\",\"b:192.0.2.2\"]}"},
        {"networks: [\"$NAME\", a]", "networks: {a: {aliases: [x]}, A: {aliases: [y]}}",
         "{\"networks\":{\"A\":{\"aliases\":[\"y\"]},\"a\":{\"aliases\":[\"x\"]}}}"},
        {"environment: [A=1, !reset B=2]", "environment: {C: 3}",
         "{\"environment\":{\"A\":\"1\",\"C\":\"3\"}}"},
        /* !reset and !override */
        {"ports: [\"80\"]", "ports: !reset []", "{}"},
        {"ports: [\"80\"]\n    hostname: a", "ports: !reset []", "{\"hostname\":\"a\"}"},
        {"ports: [\"80\"]", "ports: !override [\"81\"]", "{\"ports\":[\"81\"]}"},
        {"environment: {A: 1, B: 2}", "environment: {A: !reset }",
         "{\"environment\":{\"B\":\"2\"}}"},
        {"environment: [A=1, B=2]", "environment: {A: !reset null, C: 3}",
         "{\"environment\":{\"B\":\"2\",\"C\":\"3\"}}"},
        {"environment: {A: 1}", "environment: !override {C: 3}", "{\"environment\":{\"C\":\"3\"}}"},
        {"x-roost: {ready: {tcp: 80}}", "x-roost: {ready: !override {http: {port: 80}}}",
         "{\"x-roost\":{\"ready\":{\"http\":{\"path\":\"/\",\"port\":80}}}}"},
        {"x-roost: {ready_timeout: 5s}", "x-roost: {sleep: pause, lifecycle: lazy}",
         "{\"x-roost\":{\"ready_timeout\":\"5s\",\"sleep\":\"pause\"}}"},
        {"ports: !reset [\"80\"]", "hostname: a", "{\"hostname\":\"a\"}"},
        {"ports: !reset [\"80\"]", "ports: [\"81\"]", "{\"ports\":[\"81\"]}"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char a[1024], b[512];
        ROW("%s + %s", rows[i].base, rows[i].over);
        (void)snprintf(a, sizeof(a),
                       "services:\n  web:\n    image: busybox\n    %s\n  other: {image: busybox}\n"
                       "volumes: {v: , w: }\nnetworks: {a: , b: , A: }\n"
                       "secrets: {s: {file: /etc/passwd}, t: {file: /etc/group}}\n"
                       "configs: {c: {file: /etc/passwd}, d: {file: /etc/group}}\n",
                       rows[i].base);
        (void)snprintf(b, sizeof(b), "services:\n  web:\n    %s\n", rows[i].over);
        _cleanup_project_ struct compose_project *p = good(a, b);
        assert_int_equal(p->n_services, 2);
        assert_string_equal(p->services[0].name, "web");
        assert_string_equal(p->services[0].spec, rows[i].spec);
    }
}

static void files_add_services_and_resources(void **state)
{
    _cleanup_project_ struct compose_project *p =
        good("name: one\nservices: {a: {image: busybox, volumes: [\"v:/v\"]}}\n"
             "volumes: {v: {labels: [a=1]}}\n",
             "name: two\nservices: {b: {image: alpine, networks: [n]}, a: {image: alpine}}\n"
             "volumes: {v: {labels: {b: 2}}}\nnetworks: {n: }\n");
    assert_string_equal(p->name, "two");
    assert_string_equal(p->file, "/srv/demo/compose.yaml");
    assert_int_equal(p->n_services, 2);
    assert_string_equal(p->services[0].image, "alpine");
    assert_int_equal(p->n_resources, 3);
    assert_non_null(strstr(p->resources[1].body, "\"a\":\"1\""));
    assert_non_null(strstr(p->resources[1].body, "\"b\":\"2\""));
}

/* Of two files' subnets those that are the same one are one. */
static void subnets_are_merged(void **state)
{
    _cleanup_project_ struct compose_project *p =
        good("services: {a: {image: busybox, networks: [n]}}\nnetworks: {n: {ipam: {config: "
             "[{subnet: 10.1.0.0/16}, {subnet: 10.2.0.0/16, gateway: 10.2.0.1}]}}}\n",
             "networks: {n: {ipam: {config: [{subnet: \"10.2.0.0/$BITS\", gateway: 10.2.0.9}, "
             "{subnet: 10.3.0.0/16}]}}}\n");
    assert_int_equal(p->n_resources, 1);
    assert_non_null(strstr(p->resources[0].body,
                           "\"Config\":[{\"Subnet\":\"10.1.0.0/16\"},"
                           "{\"Gateway\":\"10.2.0.9\",\"Subnet\":\"10.2.0.0/16\"},"
                           "{\"Subnet\":\"10.3.0.0/16\"}]"));
}

/* A fault is told in the file that it stands in. */
static void faults_name_their_file(void **state)
{
    static const struct {
        const char *base, *over, *message;
    } rows[] = {
        {"services: {a: {image: busybox}}", "services:\n  a: {imagee: x}\n",
         "b.yaml:2:7: unknown key \"imagee\" in service \"a\"; did you mean \"image\"?"},
        {"services: {a: {image: busybox, pids_limit: x}}", "services:\n  a: {hostname: x}\n",
         "compose.yaml:1:32: service \"a\": pids_limit: expected a whole number, found \"x\""},
        {"services: {a: {image: busybox, pids_limit: 1}}", "services:\n  a: {pids_limit: x}\n",
         "b.yaml:2:7: service \"a\": pids_limit: expected a whole number, found \"x\""},
        {"services: {a: {image: busybox, environment: [A=1]}}",
         "services:\n  a: {environment: {B: [1]}}\n",
         "b.yaml:2:21: service \"a\": environment.B: expected text, found a list"},
        {"services: {a: {image: busybox, ports: [\"80\"]}}", "services:\n  a: {ports: [\"x\"]}\n",
         "b.yaml:2:15: service \"a\": ports[1]: \"x\" is no port of the container; give 1 to "
         "65535 or a range \"80-90\""},
        {"services: {a: {image: busybox, ports: [\"80\"]}}", "services:\n  a: {ports: {a: b}}\n",
         "b.yaml:2:14: a mapping here cannot be merged with a list in compose.yaml on line 1; "
         "write the same form, or put !override before it"},
        {"services: {a: {image: busybox, environment: [A=1]}}",
         "services:\n  a: {environment: [[B]]}\n",
         "b.yaml:2:21: expected NAME=value, or NAME alone here, found a list"},
        {"services: {a: {image: busybox, networks: [n]}}\nnetworks: {n: }",
         "services:\n  a: {networks: [n, {x: y}]}\n",
         "b.yaml:2:21: expected a name here, found a mapping"},
        {"services: {a: {image: busybox, networks: [n]}}\nnetworks: {n: }",
         "services:\n  a: {networks: [n, ~]}\n",
         "b.yaml:2:21: expected a name here, found nothing"},
        {"services: {a: {image: busybox, extra_hosts: {b: [192.0.2.1]}}}",
         "services:\n  a: {extra_hosts: {c: 192.0.2.1}}\n",
         "compose.yaml:1:49: expected a text here, found a list"},
        {"services: {a: {image: busybox}}", "servises: {}",
         "b.yaml:1:1: unknown key \"servises\" at "
         "the top level; did you mean "
         "\"services\"?"},
        {"services: {a: {image: busybox}}", "- a",
         "b.yaml:1:1: the file must be a mapping with "
         "\"services:\", not a list"},
        {"services: {a: {image: busybox}}", "a: [", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_project_ struct compose_project *p = NULL;
        struct error err = ERROR_INIT;
        ROW("%s", rows[i].over);
        assert_int_equal(load_two(rows[i].base, rows[i].over, &p, &err), -EINVAL);
        assert_null(p);
        if (rows[i].message)
            assert_string_equal(err.text, rows[i].message);
        else
            assert_memory_equal(err.text, "b.yaml:2:", 9);
    }
}

static void an_empty_file_adds_nothing(void **state)
{
    _cleanup_project_ struct compose_project *p =
        good("services: {a: {image: busybox}}", "# nothing\n");
    assert_int_equal(p->n_services, 1);
}

/* One anchor merged again and again must not grow past the ceiling. */
static void what_is_merged_has_a_ceiling(void **state)
{
    _cleanup_(buf_close) struct buf a = BUF_INIT(COMPOSE_FILE_MAX);
    (void)buf_puts(&a, "services:\n  base:\n    image: busybox\n    environment:\n");
    for (int i = 0; i < 1000; i++)
        (void)buf_printf(&a, "      V%d: x\n", i);
    for (int i = 0; i < 600; i++)
        (void)buf_printf(&a, "  s%d: {extends: base, environment: {A: b}}\n", i);
    _cleanup_project_ struct compose_project *p = NULL;
    struct error err = ERROR_INIT;
    assert_int_equal(load_two(buf_text(&a), "", &p, &err), -EINVAL);
    assert_non_null(strstr(err.text, "more than 500000 values are merged"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_files_make_one_service),
        cmocka_unit_test(files_add_services_and_resources),
        cmocka_unit_test(subnets_are_merged),
        cmocka_unit_test(faults_name_their_file),
        cmocka_unit_test(an_empty_file_adds_nothing),
        cmocka_unit_test(what_is_merged_has_a_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
