/* SPDX-License-Identifier: MIT
 *
 * Files that take in others: the override file, COMPOSE_FILE, extends, include; and profiles.
 */
#include "compose_fixture.h"

static const char *const nothing[] = {NULL};

static struct compose_project *good(struct compose_options *o, const char *const *env)
{
    struct compose_project *p = NULL;
    struct error err = ERROR_INIT;
    o->env = fixture_env;
    o->env_ctx = (void *)(env ? env : nothing);
    if (compose_load(o, &p, &err) < 0)
        fail_msg("%s", err.text);
    return p;
}

static struct compose_project *load(const char *const *env)
{
    struct compose_options o = {0};
    return good(&o, env);
}

static const struct compose_service *find(const struct compose_project *p, const char *name)
{
    for (size_t i = 0; i < p->n_services; i++)
        if (strcmp(p->services[i].name, name) == 0)
            return &p->services[i];
    fail_msg("no service %s", name);
    return NULL;
}

/* The spec of a service, with the test's folder as DIR. */
static void assert_spec(const struct fixture_world *w, const struct compose_project *p,
                        const char *name, const char *expected)
{
    char text[1024];
    size_t n = 0, len = strlen(w->folder);
    for (const char *s = find(p, name)->spec; *s && n + 4 < sizeof(text);) {
        bool is_folder = strncmp(s, w->folder, len) == 0;
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%.*s", is_folder ? 3 : 1,
                              is_folder ? "DIR" : s);
        s += is_folder ? len : 1;
    }
    assert_string_equal(text, expected);
}

static void a_list_of_files(void **state)
{
    fixture_write(".", "a.yaml", "services: {a: {image: busybox, hostname: a}}");
    assert_int_equal(mkdir("sub", 0700), 0);
    fixture_write("sub", "b.yaml", "services: {a: {hostname: b, volumes: [\"./x:/x\"]}}");
    static const char *const spec = "{\"hostname\":\"b\",\"volumes\":[\"DIR/x:/x\"]}";
    const char *files[] = {"a.yaml", "sub/b.yaml"};
    struct compose_options o = {.files = files, .n_files = 2};
    _cleanup_project_ struct compose_project *p = good(&o, NULL);
    assert_spec(*state, p, "a", spec); /* paths begin at the first file's folder */

    const char *const env[] = {"COMPOSE_FILE=a.yaml:sub/b.yaml", NULL};
    _cleanup_project_ struct compose_project *q = load(env);
    assert_spec(*state, q, "a", spec);
    fixture_write(".", ".env", "COMPOSE_FILE=a.yaml:sub/b.yaml\n");
    _cleanup_project_ struct compose_project *r = load(NULL);
    assert_spec(*state, r, "a", spec);
    assert_string_equal(r->file, p->file);
}

static void extends_another_file(void **state)
{
    assert_int_equal(mkdir("common", 0700), 0);
    fixture_write("common", "a.env", "A=file\nB=file\n");
    fixture_write("common", "base.yaml",
                  "services:\n  deep:\n    image: busybox\n    env_file: a.env\n"
                  "    volumes: [\"./data:/data\"]\n    ports: [\"80\"]\n"
                  "  base: {extends: deep, hostname: base, labels: {a: 1}}\n");
    fixture_write(".", "compose.yaml",
                  "services:\n"
                  "  web:\n    extends: {file: common/base.yaml, service: base}\n"
                  "    hostname: web\n    labels: [b=2]\n    environment: {B: own}\n"
                  "    volumes: [\"./own:/own\"]\n"
                  "  more: {extends: {service: web}, labels: {c: 3}, ports: !reset []}\n"
                  "  last: {image: alpine, extends: more, volumes: !override [\"./x:/x\"]}\n");
    _cleanup_project_ struct compose_project *p = load(NULL);
    assert_int_equal(p->n_services, 3);
    assert_spec(*state, p, "web",
                "{\"environment\":{\"A\":\"file\",\"B\":\"own\"},\"hostname\":\"web\",\"labels\":"
                "{\"a\":\"1\",\"b\":\"2\"},\"ports\":[\"80\"],\"volumes\":[\"DIR/common/data:"
                "/data\",\"DIR/own:/own\"]}");
    assert_spec(*state, p, "more",
                "{\"environment\":{\"A\":\"file\",\"B\":\"own\"},\"hostname\":\"web\",\"labels\":"
                "{\"a\":\"1\",\"b\":\"2\",\"c\":\"3\"},\"volumes\":[\"DIR/common/data:/data\","
                "\"DIR/own:/own\"]}");
    assert_string_equal(find(p, "last")->image, "alpine");
    assert_non_null(strstr(find(p, "last")->spec, "\"volumes\":[\"/"));
    assert_null(strstr(find(p, "last")->spec, "own:/own"));
}

/* An override file sees services that have been extended. */
static void an_override_file(void **state)
{
    fixture_write(".", "compose.yaml",
                  "services:\n  base: {image: busybox, ports: [\"80\"]}\n  web: {extends: base}\n");
    fixture_write(".", "compose.override.yaml",
                  "services: {web: {ports: [\"82\"], env_file: {path: gone, required: false}}}");
    _cleanup_project_ struct compose_project *p = load(NULL);
    assert_spec(*state, p, "web", "{\"ports\":[\"80\",\"82\"]}");
    assert_spec(*state, p, "base", "{\"ports\":[\"80\"]}");
    assert_int_equal(p->n_warnings, 0);
}

static void included_files(void **state)
{
    assert_int_equal(mkdir("db", 0700), 0);
    assert_int_equal(mkdir("shared", 0700), 0);
    fixture_write("shared", "compose.yaml", "services: {log: {image: busybox}}\nnetworks: {n: }\n");
    fixture_write("db", ".env", "TAG=15\nWHO=db\n");
    fixture_write("db", "compose.yaml",
                  "name: other\nx-a: {}\ninclude: [../shared/compose.yaml]\n"
                  "services:\n  db:\n    image: \"postgres:$TAG\"\n    hostname: $WHO\n"
                  "    volumes: [\"./data:/data\", \"v:/v\"]\n    networks: [n]\nvolumes: {v: }\n");
    fixture_write("db", "more.yaml", "services: {db: {user: $WHO}}");
    fixture_write(".", ".env", "WHO=main\n");
    fixture_write(".", "web.env", "TAG=16\n");
    fixture_write(".", "compose.yaml",
                  "include:\n  - shared/compose.yaml\n"
                  "  - {path: [db/compose.yaml, db/more.yaml]}\n"
                  "services:\n  web: {image: busybox, depends_on: [db, log]}\n"
                  "  db: {labels: {a: b}}\n");
    _cleanup_project_ struct compose_project *p = load(NULL);
    assert_string_equal(p->name, "demo");
    assert_int_equal(p->n_services, 3);
    assert_string_equal(find(p, "db")->image, "postgres:15");
    assert_spec(*state, p, "db",
                "{\"hostname\":\"main\",\"labels\":{\"a\":\"b\"},\"networks\":[\"n\"],\"user\":"
                "\"main\",\"volumes\":[\"DIR/db/data:/data\",\"v:/v\"]}");
    assert_string_equal(p->resources[0].engine_name, "demo_n");

    fixture_write(".", "compose.yaml",
                  "include: [{path: db/compose.yaml, project_directory: shared, env_file: "
                  "[/dev/null, ./web.env]}]\n");
    _cleanup_project_ struct compose_project *q = load(NULL);
    assert_string_equal(find(q, "db")->image, "postgres:16");
    assert_non_null(strstr(find(q, "db")->spec, "/shared/data:/data"));
}

static void an_include_in_a_circle(void **state)
{
    fixture_write(".", "a.yaml", "include: [b.yaml]\n");
    fixture_write(".", "b.yaml", "include: [a.yaml]\nservices: {a: {image: busybox}}\n");
    fixture_write(".", "compose.yaml", "include: [a.yaml]\n");
    struct compose_project *p = NULL;
    struct compose_options o = {.env = fixture_env, .env_ctx = (void *)nothing};
    struct error err = ERROR_INIT;
    assert_int_equal(compose_load(&o, &p, &err), -EINVAL);
    assert_non_null(strstr(err.text, "/b.yaml:1:11: files include each other in a circle: "));
}

static void profiles(void **state)
{
    fixture_write(".", "compose.yaml",
                  "services:\n"
                  "  foo: {image: busybox}\n"
                  "  bar: {image: busybox, profiles: [test]}\n"
                  "  baz: {image: busybox, profiles: [test, more], depends_on: [bar]}\n"
                  "  zot: {image: busybox, profiles: [debug], env_file: gone.env, depends_on: "
                  "{bar: {condition: service_started, required: false}}}\n");
    static const struct {
        const char *option, *variable;
        size_t n;
    } rows[] = {
        {NULL, "COMPOSE_PROFILES=", 1},
        {NULL, "COMPOSE_PROFILES=test", 3},
        {NULL, "COMPOSE_PROFILES= test,x", 3},
        {"test", "COMPOSE_PROFILES=debug", 3},
        {"gone", "X=", 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *const env[] = {rows[i].variable, NULL};
        struct compose_options o = {.profiles = &rows[i].option, .n_profiles = !!rows[i].option};
        ROW("%zu", i);
        _cleanup_project_ struct compose_project *p = good(&o, env);
        assert_int_equal(p->n_services, rows[i].n);
    }
    fixture_write(".", "gone.env", "");
    const char *all[] = {"test", "debug"};
    struct compose_options o = {.profiles = all, .n_profiles = 2};
    _cleanup_project_ struct compose_project *p = good(&o, NULL);
    assert_int_equal(p->n_services, 4);
    o = (struct compose_options){.profiles = (const char *[]){"*"}, .n_profiles = 1};
    _cleanup_project_ struct compose_project *q = good(&o, NULL);
    assert_int_equal(q->n_services, 4);
}

static void env_files_of_the_command_line(void **state)
{
    fixture_write(".", ".env", "A=env\nB=env\n");
    fixture_write(".", "one", "A=one\nC=one\n");
    fixture_write(".", "two", "C=$A-two\n");
    fixture_write(".", "compose.yaml",
                  "services: {a: {image: busybox, hostname: \"$A-${B:-none}-$C\"}}\n");
    const char *files[] = {"one", "two"};
    struct compose_options o = {.env_files = files, .n_env_files = 2};
    _cleanup_project_ struct compose_project *p = good(&o, NULL);
    assert_spec(*state, p, "a", "{\"hostname\":\"one-none-one-two\"}");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_enter, fixture_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_list_of_files),
        TEST(extends_another_file),
        TEST(an_override_file),
        TEST(included_files),
        TEST(an_include_in_a_circle),
        TEST(profiles),
        TEST(env_files_of_the_command_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
